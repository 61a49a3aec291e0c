"""The shop on two hosts, as network namespaces, joined by TLS over a network that loses packets or goes silent."""
import pathlib
import signal
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / path) for path in ("tests/house", "apps/shop/demo", "tests/apps/shop")]
import cases  # noqa: E402
from customers import Refusal, RestCustomer  # noqa: E402
from link_wire import Certificates  # noqa: E402
from network_namespaces import Cable, NotAllowed  # noqa: E402
from shop_process import ShopProcess  # noqa: E402

PROGRAM = sys.argv.pop(1)
SILENCE_LIMIT, LONGEST_REDIAL, CALL_LIMIT = 2.0, 1.0, 20.0
# This machine also runs other tests.
GRACE = 5.0
FLAGS = ["--link.enabled=true", "--link.heartbeat=200ms", "--link.silence_limit=2s", "--link.longest_redial=1s",
         "--link.connect_timeout=3s"]
CARD = {"card": {"number": "4242424242424242", "expiry": "12/40"}}


class TwoHosts(unittest.TestCase):
    """Orders are taken on the right host, goods and money are on the left one."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="certificates-")
        self.addCleanup(folder.cleanup)
        try:
            self.cable = Cable()
        except NotAllowed as why:
            self.skipTest(str(why))
        self.addCleanup(self.cable.close)
        certificates = Certificates(pathlib.Path(folder.name))
        for name in ("goods", "desk"):
            certificates.make(name)
        left, right = self.cable.left, self.cable.right
        with left.inside():
            self.goods = ShopProcess(PROGRAM, [
                "--node.name=goods", "--node.services=shop.Catalog,shop.Inventory,shop.Payments",
                f"--link.address={left.address}", "--link.port=7400", *FLAGS, *certificates.flags("goods")])
        self.addCleanup(self.goods.close)
        with right.inside():
            self.desk = ShopProcess(PROGRAM, [
                "--node.name=desk", "--node.services=shop.Orders", f"--link.address={right.address}", "--link.port=7400",
                f"--link.peers={left.address}:7400", *FLAGS, *certificates.flags("desk")])
        self.addCleanup(self.desk.close)
        self.wait_for_connections(1)
        self.orders = 0

    def wait_for_connections(self, count, limit=30.0):
        for host, shop in ((self.cable.left, self.goods), (self.cable.right, self.desk)):
            with host.inside():
                shop.wait_for_peers(count, limit)

    def place(self):
        """Places an order; "placed", or the code of the refusal. Never takes much longer than the deadline of the call."""
        self.orders += 1
        began = time.monotonic()
        with self.cable.right.inside():
            customer = RestCustomer(self.desk)
            try:
                customer.place({"orderId": f"o-{self.orders}", "customerId": "ada", "payment": CARD,
                                "items": [{"productId": "hamlet", "quantity": 1}]})
                outcome = "placed"
            except Refusal as refusal:
                outcome = refusal.code
            finally:
                customer.close()
        self.assertLess(time.monotonic() - began, CALL_LIMIT + GRACE)
        self.assertIn(outcome, ("placed", "UNAVAILABLE", "DEADLINE_EXCEEDED"))
        return outcome

    def stop_both(self):
        self.assertEqual(self.desk.stop(), 0, self.desk.log())
        self.assertEqual(self.goods.stop(), 0, self.goods.log())

    def place_until_lost(self, seconds):
        """Places orders for so long, and until packets were lost on both ways."""
        outcomes = []
        began = time.monotonic()
        while time.monotonic() < began + seconds or not (self.cable.left.lost() and self.cable.right.lost()):
            self.assertLess(time.monotonic(), began + 60, "nothing is lost")
            outcomes.append(self.place())
        return outcomes

    def heal(self, limit):
        self.cable.heal()
        self.wait_for_connections(1, limit)
        self.assertEqual(self.place(), "placed")

    def test_lost_packets_cost_time_only(self):
        for host in (self.cable.left, self.cable.right):
            host.lose(5)
        outcomes = self.place_until_lost(6.0)
        self.assertGreater(outcomes.count("placed"), len(outcomes) * 0.9, outcomes)
        self.heal(SILENCE_LIMIT + LONGEST_REDIAL + GRACE)
        self.stop_both()

    def test_many_lost_packets(self):
        for host in (self.cable.left, self.cable.right):
            host.lose(20)
        outcomes = self.place_until_lost(8.0)
        self.assertIn("placed", outcomes)
        # A connection that was given up is back after at most one more attempt, which may still wait for lost packets.
        self.heal(SILENCE_LIMIT + LONGEST_REDIAL + 3.0 + GRACE)
        self.stop_both()

    def go_silent(self, *hosts):
        """What is on its way to these hosts is lost: both notice, calls end, and healed they find each other again."""
        self.assertEqual(self.place(), "placed")
        outcomes = []
        began = time.monotonic()
        for host in hosts:
            host.lose(100)
        pending = threading.Thread(target=lambda: outcomes.append(self.place()))
        pending.start()
        self.wait_for_connections(0, SILENCE_LIMIT + GRACE)
        self.assertGreater(time.monotonic() - began, SILENCE_LIMIT / 2)
        end = time.monotonic() + GRACE
        while "no sign of life" not in self.goods.log() + self.desk.log():  # which are written behind the nodes' work
            self.assertLess(time.monotonic(), end, self.goods.log() + self.desk.log())
            time.sleep(0.01)
        pending.join(CALL_LIMIT + GRACE)
        self.assertEqual(len(outcomes), 1, "the call hangs")
        # TCP itself waits longer and longer before it repeats a lost attempt, and connect_timeout begins it anew.
        self.heal(3.0 + LONGEST_REDIAL + GRACE)

    def test_a_way_there_that_is_silent_is_noticed(self):
        self.go_silent(self.cable.left)
        self.stop_both()

    def test_a_way_back_that_is_silent_is_noticed(self):
        self.go_silent(self.cable.right)
        self.stop_both()

    def test_a_network_that_is_cut_in_two_is_noticed_and_healed(self):
        for _ in range(2):
            self.go_silent(self.cable.left, self.cable.right)
        self.stop_both()


if __name__ == "__main__":
    # So that the namespaces are removed also when somebody ends the test.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cases.main()
