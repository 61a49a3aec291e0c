"""A node dials what is no good peer: one that never answers, hangs after its greeting, or closes at once, again and again.
It is given up in time, dialed more and more seldom, and who waits for it is told.
"""
import pathlib
import re
import socket
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / path) for path in ("tests/house", "apps/shop/demo", "tests/apps/shop")]
import cases  # noqa: E402
import link_wire as wire  # noqa: E402
from customers import Refusal, RestCustomer  # noqa: E402
from link_wire import field, frame, greeting  # noqa: E402
from shop_process import ShopProcess  # noqa: E402

PROGRAM = sys.argv.pop(1)
GREETING_LIMIT, SILENCE_LIMIT = 5.0, 1.0
# This machine also runs other tests.
GRACE = 4.0
FLAGS = ["--link.enabled=true", "--link.port=0", "--link.heartbeat=200ms", "--link.silence_limit=1s"]
# The pause before a node is dialed again is doubled from 0.1 s on, and drawn from its upper half.
DIALS_IN_FIVE_SECONDS = 9
GOODS = b"".join(field(6, field(1, service) + b"".join(field(2, method) for method in methods.split()))
                 for service, methods in (("shop.Catalog", "Get BatchGet"), ("shop.Inventory", "Reserve Commit Release"),
                                          ("shop.Payments", "Charge Refund")))
ORDER = {"orderId": "o-1", "customerId": "ada", "payment": {"card": {"number": "4242424242424242", "expiry": "12/40"}},
         "items": [{"productId": "hamlet", "quantity": 1}]}


class Server(threading.Thread):
    """Listens, and does `treat` with each connection, in a thread of its own; with the first `most` of them, if given."""

    def __init__(self, treat, most=None):
        super().__init__(daemon=True)
        self.most = most
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.treat, self.dials, self.open = treat, [], []
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.dials.append(time.monotonic())
            self.open.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()
            if len(self.dials) == self.most:
                self.listener.close()
                return

    def serve(self, connection):
        try:
            self.treat(connection)
        except OSError:
            pass

    def wait_for_dials(self, count, limit=30.0):
        end = time.monotonic() + limit
        while len(self.dials) < count:
            if time.monotonic() > end:
                raise AssertionError(f"only {len(self.dials)} of {count} dials within {limit:.0f} s")
            time.sleep(0.005)

    def dials_within(self, seconds):
        """How often it was dialed in this time from the first dial on."""
        self.wait_for_dials(1)
        time.sleep(max(0.0, self.dials[0] + seconds - time.monotonic()))
        return sum(at < self.dials[0] + seconds for at in self.dials)

    def close(self):
        self.listener.close()
        for each in self.open:
            each.close()


def closes(connection):
    connection.close()


def resets(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def greets(connection, **content):
    """As a node named goods that plays what orders need."""
    connection.recv(65536)
    connection.sendall(greeting(node="goods", more=GOODS, **content))


def greets_and_closes(connection):
    greets(connection)
    connection.close()


def greets_and_answers_pings_only(connection):
    greets(connection)
    buffer = b""
    while more := connection.recv(65536):
        buffer += more
        while len(buffer) >= 5 and len(buffer) >= 4 + int.from_bytes(buffer[:4], "little"):
            size = 4 + int.from_bytes(buffer[:4], "little")
            if buffer[4] == wire.PING:
                connection.sendall(frame(wire.PONG, buffer[5:size]))
            buffer = buffer[size:]


class HungPeer(unittest.TestCase):
    def start(self, treat, *flags, most=None):
        server = Server(treat, most)
        self.addCleanup(server.close)
        shop = ShopProcess(PROGRAM, ["--node.name=desk", "--node.services=shop.Orders",
                                     f"--link.peers=127.0.0.1:{server.port}", *FLAGS, *flags])
        self.addCleanup(shop.close)
        return server, shop

    def wait_for_line(self, shop, server, words, limit=30.0):
        end = time.monotonic() + limit
        while not re.search(f"127.0.0.1:{server.port}.*({words})", shop.log()):
            self.assertLess(time.monotonic(), end, f"no line with '{words}':\n{shop.log()}")
            time.sleep(0.01)

    def test_one_that_accepts_and_never_answers(self):
        server, shop = self.start(lambda _: None)
        self.wait_for_line(shop, server, "did not introduce itself in time")
        server.wait_for_dials(2)
        self.assertGreater(server.dials[1] - server.dials[0], GREETING_LIMIT - 0.5)
        self.assertLess(server.dials[1] - server.dials[0], GREETING_LIMIT + GRACE)
        self.assertEqual(shop.stop(), 0)

    def test_one_that_greets_a_byte_at_a_time(self):
        def drips(connection):
            for byte in greeting(node="goods"):
                connection.sendall(bytes([byte]))
                time.sleep(0.2)
        server, shop = self.start(drips)
        self.wait_for_line(shop, server, "did not introduce itself in time")
        self.assertEqual(shop.stop(), 0)

    def test_those_who_end_the_connection_are_dialed_more_and_more_seldom(self):
        for treat, words in ((closes, "(closed|reset) the connection"), (resets, "(closed|reset) the connection"),
                             (greets_and_closes, "(closed|reset) the connection"),
                             (lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                              "no greeting of a node"),
                             (lambda connection: greets(connection, cluster="elsewhere"), "cluster"),
                             (lambda connection: greets(connection, versions=(7, 9)), "version")):
            with self.subTest(words=words):
                server, shop = self.start(treat)
                self.assertLessEqual(server.dials_within(5.0), DIALS_IN_FIVE_SECONDS)
                server.wait_for_dials(4)
                self.wait_for_line(shop, server, words)
                self.assertEqual(shop.stop(), 0)

    def test_one_that_comes_to_its_senses_is_connected(self):
        sane = threading.Event()

        def treat(connection):
            if sane.is_set():
                greets_and_answers_pings_only(connection)
            else:
                connection.close()
        server, shop = self.start(treat, "--link.longest_redial=500ms")
        server.wait_for_dials(5)
        sane.set()
        shop.wait_for_peers(1)
        self.assertEqual(shop.stop(), 0)

    def test_one_that_greets_and_hangs(self):
        server, shop = self.start(greets)
        customer = RestCustomer(shop)
        self.addCleanup(customer.close)
        shop.wait_for_peers(1)
        began = time.monotonic()
        with self.assertRaises(Refusal) as refused:
            customer.place(ORDER)
        self.assertLess(time.monotonic() - began, 20 + GRACE)
        self.assertIn(refused.exception.code, ("UNAVAILABLE", "DEADLINE_EXCEEDED"))
        self.wait_for_line(shop, server, "no sign of life")
        self.assertEqual(shop.stop(), 0)

    def test_a_connection_that_hangs_is_given_up_within_the_silence_limit(self):
        server, shop = self.start(greets, most=1)
        server.wait_for_dials(1)
        shop.wait_for_peers(1)
        shop.wait_for_peers(0, SILENCE_LIMIT + GRACE)
        self.assertGreater(time.monotonic() - server.dials[0], SILENCE_LIMIT)
        self.wait_for_line(shop, server, "no sign of life")
        self.assertEqual(shop.stop(), 0)

    def test_one_that_lives_and_never_answers_calls(self):
        _, shop = self.start(greets_and_answers_pings_only)
        shop.wait_for_peers(1)
        customer = RestCustomer(shop)
        self.addCleanup(customer.close)
        began = time.monotonic()
        with self.assertRaises(Refusal) as refused:
            customer.place(ORDER)
        self.assertEqual(refused.exception.code, "DEADLINE_EXCEEDED")
        self.assertLess(time.monotonic() - began, 20 + GRACE)
        self.assertEqual(sum(peer["connected"] for peer in shop.peers()), 1)
        self.assertEqual(shop.stop(), 0)

    def test_one_that_never_finishes_its_tls_handshake(self):
        with tempfile.TemporaryDirectory(prefix="certificates-") as folder:
            certificates = wire.Certificates(pathlib.Path(folder))
            certificates.make("desk")
            server, shop = self.start(lambda _: None, *certificates.flags("desk"), "--link.connect_timeout=500ms")
            self.wait_for_line(shop, server, "did not finish the TLS handshake within 500 ms")
            self.assertLessEqual(server.dials_within(5.0), DIALS_IN_FIVE_SECONDS)
            self.assertEqual(shop.stop(), 0)


if __name__ == "__main__":
    cases.main()
