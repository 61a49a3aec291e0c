"""`troupe up` with real nodes under load: all of them are replaced by a new version without a failed call; for half a minute
one after the other is killed, and calls go on.
"""
import http.client
import os
import pathlib
import sys
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/house"), str(ROOT / "apps/shop/demo")]
import cases  # noqa: E402
from node_loss import Readers  # noqa: E402
from shop_by_up import ShopByUp  # noqa: E402

TROUPE, SHOP = (str(pathlib.Path(sys.argv.pop(1)).resolve()) for _ in range(2))
CATALOG = "shop.Catalog"
PRODUCTS = ("hamlet", "faust", "chess")
CLERKS = [f"clerk-{number}" for number in range(1, 5)]
FIVE = [{"name": "front", "services": ["shop.Orders", "shop.Inventory", "shop.Payments"]},
        {"name": "clerk", "count": 4, "services": [CATALOG]}]
QUICK = "node.offers: '*', discovery.protocol_period: 200ms, discovery.probe_timeout: 100ms, discovery.gossip_interval: 50ms"
LOG_LIMIT = 16 * 1024 * 1024  # of apps/launcher
KILLING_SECONDS = 30


class BalancedReaders:
    """Customers behind a balancer that knows all doors: a call whose connection breaks is made again at the next one."""

    def __init__(self, doors, threads=4):
        self.calls, self.failures, self.again = 0, [], 0
        self._doors = doors
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._leaf, args=(index,)) for index in range(threads)]
        for thread in self._threads:
            thread.start()

    def _leaf(self, index):
        connections = [http.client.HTTPConnection("127.0.0.1", door, timeout=30) for door in self._doors]
        number = index
        while not self._over.is_set():
            number += 1
            failure, tries = None, 0
            for tries in range(len(connections)):
                connection = connections[(number + tries) % len(connections)]
                try:
                    connection.request("GET", f"/v1/products/{PRODUCTS[number % len(PRODUCTS)]}")
                    answer = connection.getresponse()
                    text = answer.read()
                    failure = None if answer.status == 200 else text.decode()
                    break
                except (OSError, http.client.HTTPException) as error:
                    connection.close()
                    failure = repr(error)
            with self._lock:
                self.calls += 1
                self.again += tries
                if failure:
                    self.failures.append(failure)
        for connection in connections:
            connection.close()

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join(60)


def children(pid):
    """The processes that a process has started and not yet seen end: {pid: state}."""
    out = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if int(parent) == pid:
            out[int(stat.parent.name)] = state
    return out


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class RollingUpgrade(unittest.TestCase):
    def start(self):
        """A program that says the version that stands in the file `version`, so that a node started anew is a new version."""
        def prepare(folder):
            (folder / "version").write_text("1.0")
            program = folder / "any_version"
            program.write_text(f'#!/bin/sh\nTROUPE_DOCS__VERSION=$(cat {folder}/version) exec {SHOP} "$@"\n')
            program.chmod(0o755)
            file = folder / "cluster.yaml"
            file.write_text(file.read_text().replace(SHOP, str(program)))

        cluster = ShopByUp(self, TROUPE, SHOP, nodes=FIVE, prepare=prepare,
                           more=f"settings: {{{QUICK}, node.drain_delay: 1s}}\n")
        cluster.wait_for(lambda: cluster.all_alive(["front", *CLERKS]))
        return cluster

    def load(self, cluster, door):
        # A door that has just come back is told by gossip, within a second or so, who plays what.
        cluster.wait_for(lambda: cluster.places(CATALOG, door) == dict.fromkeys(CLERKS, "ready"))
        readers = Readers(cluster.nodes()[door]["ports"]["http"], PRODUCTS)
        self.addCleanup(readers.stop)
        cluster.wait_for(lambda: readers.read > 200)
        return readers

    def settle(self, readers):
        readers.stop()
        self.assertEqual(readers.failures[:5], [])

    def restart(self, cluster, *nodes):
        ran = cluster.run("restart", *nodes)
        self.assertEqual((ran.returncode, ran.stdout), (0, "".join(f"{node} serves anew\n" for node in nodes)), ran)

    def versions(self, cluster, asked):
        return {name: each["version"] for name, each in cluster.members(asked).items() if each["state"] == "alive"}

    def test_all_nodes_are_replaced_under_load_without_a_failed_call(self):
        cluster = self.start()
        versions = dict.fromkeys(["front", *CLERKS], "1.0")
        self.assertEqual(self.versions(cluster, "front"), versions)
        readers = self.load(cluster, "front")
        (cluster.path / "version").write_text("2.0")
        for name in CLERKS:
            self.restart(cluster, name)
            versions[name] = "2.0"
            # Both versions serve side by side.
            cluster.wait_for(lambda: self.versions(cluster, "front") == versions)
        self.settle(readers)

        # The door itself, while its callers use another one.
        readers = self.load(cluster, "clerk-1")
        self.restart(cluster, "front")
        versions["front"] = "2.0"
        cluster.wait_for(lambda: self.versions(cluster, "clerk-1") == versions)
        self.settle(readers)

        # Once more, as fast as it goes: each is told to stop as soon as the one before serves.
        readers = self.load(cluster, "front")
        (cluster.path / "version").write_text("3.0")
        self.restart(cluster, *CLERKS)
        cluster.wait_for(lambda: self.versions(cluster, "front") == {**dict.fromkeys(CLERKS, "3.0"), "front": "2.0"})
        self.settle(readers)


class KillOneEvery(unittest.TestCase):
    def test_calls_go_on_and_nothing_is_left_behind(self):
        def prepare(folder):
            state = folder / ".troupe/shop"
            state.mkdir(parents=True)
            (state / "n-1.log").write_bytes(b"early line\n" * (LOG_LIMIT // 11 - 20))

        names = [f"n-{number}" for number in range(1, 6)]
        cluster = ShopByUp(self, TROUPE, SHOP, nodes=[{"name": "n", "count": 5}], prepare=prepare,
                           more=f"settings: {{{QUICK}}}\nrestart: {{after: 100ms}}\n", flags=("--kill-one-every", "2s", "--seed", "7"))
        up = cluster.read("ps")["pid"]
        state = cluster.path / ".troupe/shop"

        def all_serve():
            return [node["state"] for node in cluster.nodes().values()] == ["serving"] * len(names)

        def kills():
            return (state / "up.log").read_text().count("(--kill-one-every)")

        cluster.wait_for(all_serve)
        before = descriptors(up)
        readers = BalancedReaders([cluster.nodes()[name]["ports"]["http"] for name in names])
        self.addCleanup(readers.stop)
        end = time.monotonic() + KILLING_SECONDS
        ended = {}  # since when a process has ended that was not waited for
        while time.monotonic() < end:
            zombies = [pid for pid, each in children(up).items() if each == "Z"]
            ended = {pid: ended.get(pid, time.monotonic()) for pid in zombies}
            self.assertFalse([pid for pid, since in ended.items() if time.monotonic() - since > 2], "zombies")
            time.sleep(0.1)
        cluster.wait_for(all_serve)
        readers.stop()
        killed = kills()
        self.assertGreaterEqual(killed, KILLING_SECONDS // 2 - 3)
        print(f"{killed} kills, {readers.calls} calls, {readers.again} made again elsewhere, {len(readers.failures)} failed")
        self.assertGreater(readers.calls, 1000)
        self.assertLess(len(readers.failures) / readers.calls, 0.01, readers.failures[:5])
        self.assertGreaterEqual(sum(node["restarts"] for node in cluster.nodes().values()), killed - 1)
        self.assertNotIn("given up", (state / "up.log").read_text())

        # Between two kills all of them run, and the parent has what it had.
        cluster.wait_for(lambda: all_serve() and descriptors(up) == before)
        self.assertTrue((state / "n-1.log.1").read_text().startswith("early line\n"))
        self.assertNotIn("early line", (state / "n-1.log").read_text())
        self.assertIn("the node serves", (state / "n-1.log").read_text())

        self.assertEqual(cluster.run("down").returncode, 0)
        self.assertEqual(children(up), {})


if __name__ == "__main__":
    cases.main()
