"""The shop as two processes: services of one call services of the other, and one side is killed in the middle."""
import concurrent.futures
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / path) for path in ("tests/house", "apps/shop/demo", "tests/apps/shop")]
import cases  # noqa: E402
from customers import Refusal, RestCustomer  # noqa: E402
from shop_process import ShopProcess  # noqa: E402

PROGRAM = sys.argv.pop(1)
CARD = {"card": {"number": "4242424242424242", "expiry": "12/40"}}
# The contract gives Orders.Place so many seconds.
CALL_LIMIT = 20.0
# Beyond its deadline a call may take so much longer: this machine also runs other tests.
GRACE = 3.0
# A peer that is only slow, on a machine that also runs other tests, must not be taken for dead.
LINK = ["--link.enabled=true", "--link.heartbeat=200ms", "--link.silence_limit=15s", "--link.longest_redial=200ms"]
SILENCE_LIMIT = 1.0
RESERVED = []


def reserved_port():
    """A port for nodes of this test only: who binds it without listening keeps the kernel from giving it to others, also
    while the node that listens is away."""
    holder = socket.socket()
    RESERVED.append(holder)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder.getsockname()[1]


def order(order_id):
    return {"orderId": order_id, "customerId": "ada", "payment": CARD, "items": [{"productId": "hamlet", "quantity": 1}]}


def goods(port, *flags):
    """The node that keeps goods and money; the other one's orders need it."""
    return ShopProcess(PROGRAM, ["--node.name=goods", "--node.services=shop.Catalog,shop.Inventory,shop.Payments",
                                 f"--link.port={port}", *LINK, *flags])


def desk(peer, *flags):
    """The node that takes orders."""
    return ShopProcess(PROGRAM, ["--node.name=desk", "--node.services=shop.Orders", "--link.port=0",
                                 f"--link.peers=127.0.0.1:{peer}", *LINK, *flags])


class Load:
    """Customers who place orders one after the other until they are told to stop."""

    def __init__(self, shop, count):
        self.over = threading.Event()
        self.placed, self.refused, self.slowest = 0, {}, 0.0
        self.lock = threading.Lock()
        self.shop = shop
        self.pool = concurrent.futures.ThreadPoolExecutor(count)
        self.work = [self.pool.submit(self.buy, index) for index in range(count)]

    def buy(self, index):
        customer = RestCustomer(self.shop)
        number = 0
        while not self.over.is_set():
            number += 1
            began = time.monotonic()
            try:
                customer.place(order(f"o-{index}-{number}"))
                code = None
            except Refusal as refusal:
                code = refusal.code
            took = time.monotonic() - began
            with self.lock:
                self.slowest = max(self.slowest, took)
                if code is None:
                    self.placed += 1
                else:
                    self.refused[code] = self.refused.get(code, 0) + 1
        customer.close()

    def wait_for(self, more, limit=60.0):
        """Until so many more orders were placed."""
        goal, end = self.placed + more, time.monotonic() + limit
        while self.placed < goal:
            if time.monotonic() > end:
                raise RuntimeError(f"the load stands still: {self.placed} placed, refused {self.refused}\n{self.shop.log()}")
            time.sleep(0.005)

    def wait_for_refusals(self, limit=60.0):
        end = time.monotonic() + limit
        while not self.refused:
            if time.monotonic() > end:
                raise RuntimeError("nobody was refused")
            time.sleep(0.005)

    def stop(self):
        self.over.set()
        for each in self.work:
            each.result(60)
        self.pool.shutdown()


class TwoProcesses(unittest.TestCase):
    def test_one_side_is_killed_in_the_middle_and_comes_back(self):
        port = reserved_port()
        with goods(port, "--docs.version=7.5") as first:
            with desk(port) as orders:
                orders.wait_for_peers(1)
                self.assertEqual(orders.peers()[0]["version"], "7.5")
                load = Load(orders, 16)
                load.wait_for(200)
                self.assertEqual(load.refused, {}, orders.log())
                first.kill_process()
                load.wait_for_refusals()
                with goods(port) as second:
                    orders.wait_for_peers(1)
                    load.wait_for(100)
                    load.stop()
                    # Every call was answered, none of them long after its deadline.
                    self.assertLessEqual(set(load.refused), {"UNAVAILABLE", "DEADLINE_EXCEEDED"}, load.refused)
                    self.assertLess(load.slowest, CALL_LIMIT + GRACE)
                    self.assertEqual(second.stop(), 0)
                self.assertEqual(orders.stop(), 0)

    def test_the_calling_side_is_killed_and_the_other_goes_on(self):
        port = reserved_port()
        with goods(port) as first:
            with desk(port) as orders:
                orders.wait_for_peers(1)
                customers = [RestCustomer(orders) for _ in range(8)]
                placed = threading.Semaphore(0)
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    def buy(customer, index):
                        try:
                            for number in range(100_000):
                                customer.place(order(f"k-{index}-{number}"))
                                placed.release()
                        except Exception:  # pylint: disable=broad-except
                            customer.close()
                            return number
                    work = [pool.submit(buy, customer, index) for index, customer in enumerate(customers)]
                    for _ in range(50):
                        self.assertTrue(placed.acquire(timeout=60), "nothing is placed")
                    orders.kill_process()
                    self.assertGreaterEqual(sum(each.result(60) for each in work), 50)
            first.wait_for_peers(0)
            bystander = RestCustomer(first)
            self.assertEqual(bystander.call("GET", "/v1/stock/hamlet")["productId"], "hamlet")
            bystander.close()
            with desk(port) as again:
                again.wait_for_peers(1)
                customer = RestCustomer(again)
                customer.place(order("after-the-crash"))
                customer.close()
                self.assertEqual(again.stop(), 0)
            self.assertEqual(first.stop(), 0)

    def test_a_frozen_peer_is_noticed(self):
        port = reserved_port()
        silence = f"--link.silence_limit={SILENCE_LIMIT:.0f}s"
        with goods(port) as first, desk(port, silence) as orders, concurrent.futures.ThreadPoolExecutor(1) as pool:
            orders.wait_for_peers(1)

            def place(order_id):
                customer = RestCustomer(orders)
                try:
                    customer.place(order(order_id))
                    return "placed"
                except Refusal as refusal:
                    return refusal.code
                finally:
                    customer.close()

            first.process.send_signal(signal.SIGSTOP)
            try:
                began = time.monotonic()
                pending = pool.submit(place, "into-the-void")
                orders.wait_for_peers(0, limit=SILENCE_LIMIT + GRACE)
                orders.wait_for_line("no sign of life")
            finally:
                first.process.send_signal(signal.SIGCONT)
            self.assertIn(pending.result(CALL_LIMIT + GRACE), ("placed", "UNAVAILABLE", "DEADLINE_EXCEEDED"))
            self.assertLess(time.monotonic() - began, CALL_LIMIT + GRACE)
            orders.wait_for_peers(1)
            self.assertEqual(place("thawed"), "placed")

    def test_draining_loses_nothing(self):
        port, other = reserved_port(), reserved_port()
        with goods(port) as first, desk(port, f"--link.peers=127.0.0.1:{port},127.0.0.1:{other}") as orders:
            orders.wait_for_peers(1)
            with ShopProcess(PROGRAM, ["--node.name=more", "--node.services=shop.Catalog", f"--link.port={other}", *LINK]) \
                    as more:
                orders.wait_for_peers(2)
                load = Load(orders, 8)
                load.wait_for(100)
                self.assertEqual(more.stop(), 0)
                load.wait_for(50)
                load.stop()
                self.assertEqual(load.refused, {}, orders.log())
            self.assertEqual(first.stop(), 0)

    def test_wrong_settings_are_refused_with_words(self):
        for flags, words in ((["--node.services=shop.Cataloge"], "which this program does not have"),
                             (["--link.peers=127.0.0.1:1"], "link.enabled is false"),
                             (["--link.enabled=true", "--link.key_file=x"], "go together"),
                             (["--link.enabled=true", "--link.heartbeat=2s", "--link.silence_limit=1s"],
                              "link.silence_limit must be longer")):
            done = subprocess.run([PROGRAM, *flags], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)
        done = subprocess.run([PROGRAM, "--link.enabled=true", "--link.address=0.0.0.0", "--http.port=0", "--grpc.port=0",
                               "--admin.port=0"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("link.certificate_file", done.stderr)


if __name__ == "__main__":
    cases.main()
