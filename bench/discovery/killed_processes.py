"""Real processes: five nodes of the shop, read through one of them; the four that answer are killed with kill -9, one after
the other, and each is started again. Discovery has its default settings.
"""
import http.client
import json
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
DEMO = HERE.parent.parent / "apps" / "shop" / "demo"
SERVICE = "shop.Catalog"
CLERKS = [f"clerk-{number}" for number in range(1, 5)]
FIVE = {"front": ("shop.Orders", "shop.Inventory", "shop.Payments"), **{name: (SERVICE,) for name in CLERKS}}
SETTLE_READS = 1000
# The defaults: a period of 1 s, and with 5 members a shortest suspicion of alpha 5 periods.
PERIOD_AND_SUSPICION = 6.0


class Losses:
    """What the readers and the door saw: seconds from the kill until each happened."""

    def __init__(self):
        self.reads, self.failures, self.slowest = 0, [], 0.0
        self.cut, self.dead = [], []


def products(cluster):
    connection = http.client.HTTPConnection("127.0.0.1", cluster.http, timeout=30)
    connection.request("GET", "/v1/stock?pageSize=200")
    levels = json.loads(connection.getresponse().read())["levels"]
    connection.close()
    return sorted(level["productId"] for level in levels)


def lose(cluster, victim, seen):
    node = cluster.nodes[victim]
    node.kill_process()
    killed = time.monotonic()

    def connected():
        return any(member["name"] == victim and member["connected"] for member in cluster.door.members())

    cluster.wait_until(lambda: not connected(), f"the connection to {victim} is given up")
    seen.cut.append(time.monotonic() - killed)
    cluster.wait_until(lambda: victim not in cluster.ready_places(SERVICE), f"{victim} is held for dead")
    seen.dead.append(time.monotonic() - killed)


def measure(program, rounds, note):
    sys.path.insert(0, str(DEMO))
    from node_loss import Readers
    from shop_cluster import ShopCluster

    seen = Losses()
    with ShopCluster(program, FIVE) as cluster:
        cluster.wait_until_together()
        for turn in range(rounds):
            victim = CLERKS[turn % len(CLERKS)]
            readers = Readers(cluster.http, products(cluster))
            try:
                cluster.wait_until(lambda: readers.read >= SETTLE_READS, "the readers read")
                lose(cluster, victim, seen)
                goal = readers.read + SETTLE_READS
                cluster.wait_until(lambda: readers.read >= goal, "the readers read on")
            finally:
                readers.stop()
            seen.reads += readers.read
            seen.failures += readers.failures
            seen.slowest = max(seen.slowest, readers.slowest)
            cluster.start(victim)
            cluster.wait_until_together()
    note(f"  {rounds} of 5 processes killed in turn: {seen.reads} reads, {len(seen.failures)} failed, the slowest took "
         f"{seen.slowest * 1000:.0f} ms; the connection was given up after {max(seen.cut) * 1000:.0f} ms at the latest; held "
         f"for dead after {statistics.median(seen.dead):.2f} s (median), {max(seen.dead):.2f} s at the latest")
    for failure in sorted(set(seen.failures))[:5]:
        note(f"    {failure}")
    return seen
