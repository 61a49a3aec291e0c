"""The shop as processes that find each other: nodes are killed, drained and stopped under load, refused, and started with
seeds that are no good.
"""
import http.client
import pathlib
import signal
import socket
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / path) for path in ("tests/house", "apps/shop/demo", "tests/apps/shop")]
import cases  # noqa: E402
from customers import RestCustomer  # noqa: E402
from node_loss import Readers  # noqa: E402
from shop_cluster import DISCOVERY, ShopCluster  # noqa: E402
from shop_process import ShopProcess  # noqa: E402

PROGRAM = sys.argv.pop(1)
QUICK = ("--discovery.protocol_period=200ms", "--discovery.probe_timeout=100ms", "--discovery.gossip_interval=50ms")
FRONT = ("shop.Orders", "shop.Inventory", "shop.Payments")
CLERKS = [f"clerk-{number}" for number in range(1, 5)]
FIVE = {"front": FRONT, **{name: ("shop.Catalog",) for name in CLERKS}}
REFUSED = 6


def products(cluster):
    customer = RestCustomer(cluster)
    try:
        return sorted(level["productId"] for level in customer.call("GET", "/v1/stock?pageSize=200")["levels"])
    finally:
        customer.close()


class FiveNodes(unittest.TestCase):
    def setUp(self):
        self.cluster = ShopCluster(PROGRAM, FIVE, QUICK)
        self.addCleanup(self.cluster.close)
        self.cluster.wait_until_together()
        self.readers = Readers(self.cluster.http, products(self.cluster))
        self.addCleanup(self.readers.stop)
        self.wait_for_reads(500)

    def wait_for_reads(self, more):
        goal = self.readers.read + more
        self.cluster.wait_until(lambda: self.readers.read >= goal, f"{more} more reads")

    def wait_until_all_read_anew(self):
        """Until no read is on its way that began before."""
        before = list(self.readers.read_by)
        self.cluster.wait_until(lambda: all(now >= then + 2 for now, then in zip(self.readers.read_by, before)),
                                "all readers read anew")

    def served(self):
        return {name: self.cluster.served(name, "shop.Catalog") for name in CLERKS}

    def test_a_killed_node_costs_less_than_one_call_in_a_thousand(self):
        self.cluster.nodes["clerk-3"].kill_process()
        self.wait_for_reads(4000)
        self.cluster.wait_until(lambda: self.cluster.states()["clerk-3"] == "dead", "clerk-3 is held for dead")
        self.wait_for_reads(500)
        self.readers.stop()
        self.assertLess(len(self.readers.failures) / self.readers.read, 0.001, self.readers.failures[:5])
        self.cluster.start("clerk-3")
        self.cluster.wait_until_together()

    def test_a_drained_node_gets_no_calls_but_stays(self):
        status, answer = self.cluster.nodes["clerk-2"].operate("POST", "/admin/drain", "{}")
        self.assertEqual((status, answer), (200, {"draining": True}))
        self.cluster.wait_until(lambda: "clerk-2" not in self.cluster.ready_places("shop.Catalog"), "clerk-2 drains")
        self.wait_until_all_read_anew()
        before = self.served()
        self.wait_for_reads(1000)
        after = self.served()
        self.assertEqual(after["clerk-2"], before["clerk-2"])
        self.assertGreater(after["clerk-1"], before["clerk-1"])
        draining = {member["name"]: member["draining"] for member in self.cluster.door.members()}
        self.assertEqual([name for name in draining if draining[name]], ["clerk-2"])
        status, answer = self.cluster.nodes["clerk-2"].operate("POST", "/admin/drain", '{"undo": true}')
        self.assertEqual((status, answer), (200, {"draining": False}))
        self.cluster.wait_until(lambda: self.served()["clerk-2"] > after["clerk-2"] + 50, "clerk-2 has calls again")
        self.readers.stop()
        self.assertEqual(self.readers.failures, [])

    def test_the_only_ones_left_are_called_although_they_drain(self):
        for name in CLERKS:
            self.cluster.nodes[name].operate("POST", "/admin/drain", "{}")
        self.cluster.wait_until(lambda: not self.cluster.ready_places("shop.Catalog"), "all drain")
        self.wait_for_reads(500)
        self.readers.stop()
        self.assertEqual(self.readers.failures, [])

    def test_a_node_that_is_told_to_stop_leaves_without_a_failed_call(self):
        for name in ("clerk-1", "clerk-4"):
            self.assertEqual(self.cluster.nodes[name].stop(), 0)
            self.cluster.wait_until(lambda name=name: self.cluster.states()[name] in ("left", "dead"), f"{name} is gone")
            self.assertEqual(self.cluster.states()[name], "left")
        status, answer = self.cluster.nodes["clerk-2"].operate("POST", "/admin/leave")
        self.assertEqual((status, answer), (202, {"leaving": True}))
        # Its host tells it to stop too, as they do: it goes on leaving in order.
        self.cluster.nodes["clerk-2"].process.send_signal(signal.SIGTERM)
        self.assertEqual(self.cluster.nodes["clerk-2"].wait(), 0)
        self.wait_for_reads(500)
        self.readers.stop()
        self.assertEqual(self.readers.failures, [])
        self.assertEqual(self.cluster.ready_places("shop.Catalog"), {"clerk-3"})

    def test_when_nobody_is_left_callers_are_told_so_at_once(self):
        self.readers.stop()
        for name in CLERKS:
            self.cluster.nodes[name].kill_process()
        self.cluster.wait_until(lambda: not any(self.cluster.states()[name] == "alive" for name in CLERKS), "all are missed")
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.cluster.http, timeout=30)
        connection.request("GET", "/v1/products/hamlet")
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        self.assertEqual(answer.status, 503, text)
        self.assertIn("shop.Catalog", text)
        self.assertLess(time.monotonic() - began, 5)


class Beginnings(unittest.TestCase):
    def node(self, *flags, name="alone"):
        shop = ShopProcess(PROGRAM, [f"--node.name={name}", *DISCOVERY, *QUICK, *flags])
        self.addCleanup(shop.close)
        return shop

    def node_with_itself_as_seed(self):
        """Its port must be known before it starts: one that was free a moment ago, unless another test has just taken it."""
        for last in (False, False, True):
            with socket.create_server(("127.0.0.1", 0)) as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                port = stream.getsockname()[1]
                try:
                    datagrams.bind(("127.0.0.1", port))
                except OSError:
                    continue
            try:
                return self.node(f"--discovery.port={port}", f"--discovery.seeds=127.0.0.1:{port}")
            except RuntimeError as error:
                if last or "in use" not in str(error):
                    raise
        return self.fail("no port is free")

    def test_a_second_node_of_a_name_is_refused(self):
        first = self.node()
        second = self.node(f"--discovery.seeds=127.0.0.1:{first.gossip}")
        self.assertEqual(second.wait(), REFUSED, second.log())
        self.assertIn("another node of this name is running", second.log())
        self.assertTrue(first.runs())
        self.assertEqual([member["state"] for member in first.members()], ["alive"])

    def test_a_node_whose_only_seed_is_itself_serves(self):
        shop = self.node_with_itself_as_seed()
        self.assertEqual([member["name"] for member in shop.members()], ["alone"])
        self.assertEqual(len(shop.places("shop.Catalog")), 1)
        self.assertEqual(shop.stop(), 0)

    def test_a_node_whose_seeds_do_not_answer_serves_and_says_so_once_a_minute(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            seed = f"127.0.0.1:{silent.getsockname()[1]}"
            shop = self.node(f"--discovery.seeds={seed},no.such.host.invalid:7401")
            silent.settimeout(30)
            silent.accept()[0].close()  # it is tried
            self.assertEqual(len(shop.places("shop.Orders")), 1)
            time.sleep(3)
            warnings = [line for line in shop.log().splitlines() if "no.such.host.invalid" in line]
            self.assertLessEqual(len(warnings), 1, shop.log())
            # Another one may come: the first finds it when it is told of it.
            other = self.node(name="other")
            status, answer = shop.operate("POST", "/admin/join", f'{{"seeds": ["127.0.0.1:{other.gossip}"]}}')
            self.assertEqual((status, answer), (200, {"seeds": 1}))
            end = time.monotonic() + 30
            while len(shop.members()) != 2 or len(other.members()) != 2:
                self.assertLess(time.monotonic(), end, shop.log())
                time.sleep(0.05)

    def test_a_restarted_node_remembers_where_others_were(self):
        with tempfile.TemporaryDirectory(prefix="members-") as folder:
            flag = f"--discovery.state_file={folder}/members"
            first = self.node(flag, name="first")
            other = self.node(f"--discovery.seeds=127.0.0.1:{first.gossip}", name="other")
            end = time.monotonic() + 30
            while len(first.members()) != 2 or not pathlib.Path(folder, "members").exists():
                self.assertLess(time.monotonic(), end, first.log())
                time.sleep(0.05)
            first.kill_process()
            again = self.node(flag, name="first")
            while len(again.members()) != 2 or {member["state"] for member in other.members()} != {"alive"}:
                self.assertLess(time.monotonic(), end + 30, again.log())
                time.sleep(0.05)

    def test_what_makes_no_sense_is_refused_with_what_to_do(self):
        for flags, words in (
                (["--discovery.address=0.0.0.0"], "set discovery.advertise"),
                (["--discovery.address=10.213.79.1"], "discovery.keys"),
                (["--link.enabled=false"], "needs link.enabled"),
                (["--discovery.seeds=10.0.0.7"], "write 10.0.0.7:7401"),
                (["--split_brain.strategy=keep-referee"], "split_brain"),
                (["--split_brain.strategy=keep-all"], "keep-majority"),
                (["--discovery.protocol_period=100ms", "--discovery.probe_timeout=200ms"], "probe"),
                (["--node.offers=shop.Nothing"], "shop.Catalog")):
            with self.subTest(flags=flags), self.assertRaises(RuntimeError) as failed:
                self.node(*flags)
            self.assertIn(words, str(failed.exception))
            self.assertRegex(str(failed.exception), "exit code [23]")

    def test_bad_requests_to_the_operators_door(self):
        shop = self.node()
        for path, body, words in (("/admin/drain", "{", "JSON object"), ("/admin/drain", '{"undo": 1}', "undo"),
                                  ("/admin/join", "{}", "seeds"), ("/admin/join", '{"seeds": [7]}', "text"),
                                  ("/admin/join", '{"seeds": ["here"]}', "here")):
            status, answer = shop.operate("POST", path, body)
            self.assertEqual(status, 400, answer)
            self.assertIn(words, str(answer))
        self.assertEqual(shop.operate("GET", "/admin/leave")[0], 405)
        self.assertTrue(shop.runs())


if __name__ == "__main__":
    cases.main()
