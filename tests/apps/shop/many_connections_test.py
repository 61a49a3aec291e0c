"""More connections than the gate of the shop wants, and connections that come and go in a hurry: as hostile_link_test.py."""
import pathlib
import resource
import socket
import struct
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / path) for path in ("tests/house", "apps/shop/demo", "tests/apps/shop")]
import cases  # noqa: E402
import link_wire as wire  # noqa: E402
from customers import RestCustomer  # noqa: E402
from hostile_peers import HAMLET, KIBIBYTE, MEBIBYTE, GateCase, raise_descriptor_limit  # noqa: E402
from link_wire import greeting, request  # noqa: E402
from shop_process import ShopProcess  # noqa: E402

GateCase.program, GateCase.megabytes = sys.argv.pop(1), int(sys.argv.pop(1))
MANY = 10_000


class Connections:
    """The tests, for both kinds of gates."""

    def test_connections_opened_and_closed_in_a_hurry(self):
        for number in range(2000):
            peer = self.connect()
            if number % 3 == 1:
                peer.try_send(greeting())
            elif number % 3 == 2:
                peer.try_send(greeting()[:20])
            if number % 5 == 0:
                # A reset instead of an end.
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        self.wait_until_gone()
        self.assert_few_lines()

    def open_many(self):
        """From ten addresses; a quarter of them begin to say something."""
        if not raise_descriptor_limit(MANY + 2000):
            self.skipTest(f"{MANY + 2000} open files are not allowed here")
        peers = []
        self.addCleanup(lambda: [peer.close() for peer in peers])
        for number in range(MANY):
            peer = socket.socket()
            peers.append(peer)
            peer.bind((f"{self.source[:-1]}{number % 10 + 1}", 0))
            peer.connect(("127.0.0.1", self.shop.link))
            if number % 4 == 1:
                try:
                    peer.sendall(b"\x16\x03\x01" if self.tls else greeting(node=f"many-{number}")[:30])
                except ConnectionError:
                    pass  # one too many
        return peers

    def check_a_late_one_is_served(self, limit=30.0):
        """Once the node has seen that the others are gone: it turns away those who come before."""
        end = time.monotonic() + limit
        while True:
            try:
                with self.connect() as late:
                    late.greet()
                    late.send(request(1, late.methods["shop.Inventory.Get"], HAMLET))
                    late.wait_for(wire.REPLY)
                return
            except (EOFError, OSError):
                if time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def test_ten_thousand_connections(self):
        peers = self.open_many()
        if "--link.connections=20000" not in self.flags:
            self.wait_for_line("connections are open already")
        self.wait_for_line("did not finish its TLS handshake within" if self.tls else "did not introduce itself in time")
        for peer in peers:
            peer.close()
        self.assert_few_lines()
        self.check_a_late_one_is_served()


class WithoutTls(Connections, GateCase):
    pass


class FewDescriptors(unittest.TestCase):
    def test_strangers_at_the_gate_do_not_lock_the_other_doors(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if not raise_descriptor_limit(4096):
            self.skipTest("4096 open files are not allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        try:
            shop = ShopProcess(GateCase.program, ["--link.enabled=true", "--link.port=0", "--link.connections=1500",
                                                     "--link.greeting_timeout=5m"])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with shop:
            peers = [socket.create_connection(("127.0.0.1", shop.link)) for _ in range(1500)]
            taken_in = pathlib.Path(f"/proc/{shop.process.pid}/fd")
            end = time.monotonic() + 60
            while sum(1 for _ in taken_in.iterdir()) < 1500:
                self.assertLess(time.monotonic(), end, "it cannot take them all in")
                time.sleep(0.01)
            customer = RestCustomer(shop)
            self.assertEqual(customer.call("GET", "/v1/stock/hamlet")["productId"], "hamlet")
            customer.close()
            for peer in peers:
                peer.close()
            self.assertNotIn("cannot accept connections", shop.log())
            self.assertEqual(shop.stop(), 0)


class WithTls(Connections, GateCase):
    tls = True

    def test_handshakes_that_never_end(self):
        peers = [wire.Peer(self.shop.link, self.source) for _ in range(500)]
        for peer in peers:
            peer.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        self.wait_for_line("did not finish its TLS handshake within")
        for peer in peers:
            peer.all_bytes()
            peer.close()
        self.wait_until_gone()


class Crowd:
    """Strangers fill all places, and more of them come all the time."""
    flags = ["--link.connections=100", "--link.greeting_timeout=10m"]

    def test_a_peer_gets_in(self):
        strangers = []
        self.addCleanup(lambda: [each.close() for each in strangers])
        for number in range(600):
            strangers.append(socket.create_connection(("127.0.0.1", self.shop.link), source_address=(self.source, 0)))
            if number % 4 == 0:
                strangers[-1].sendall(b"\x16\x03\x01" if self.tls else greeting()[:30])
            if number % 100 == 99:
                with self.connect() as peer:
                    self.assertIsInstance(peer.greet(node=f"peer-{number}"), dict)
                    peer.send(request(1, peer.methods["shop.Inventory.Get"], HAMLET))
                    self.assertIn(b"hamlet", peer.wait_for(wire.REPLY)[1])
        self.wait_for_line("100 connections are open already|116 connections are open already")
        self.assert_few_lines()

    def test_greetings_that_never_end_take_little_memory(self):
        """90 of nearly 1 MiB, where all may take 16 MiB together."""
        if self.tls:
            self.skipTest("whoever may greet has a certificate")
        data = greeting(size=MEBIBYTE)
        data += b"x" * (MEBIBYTE - len(data))
        strangers = []
        self.addCleanup(lambda: [each.close() for each in strangers])
        for _ in range(90):
            strangers.append(self.connect())
            strangers[-1].try_send(data)
        self.wait_for_line("greetings that are not complete take")
        with self.connect() as peer:
            self.assertIsInstance(peer.greet(), dict)
        self.assertLess((self.peak_memory() - self.peak) / KIBIBYTE, self.megabytes / 2)


class CrowdWithoutTls(Crowd, GateCase):
    pass


class CrowdWithTls(Crowd, GateCase):
    tls = True


class AllTakenIn(Connections, GateCase):
    """All of them have a place."""
    flags = ["--link.connections=20000"]


class AllTakenInWithTls(Connections, GateCase):
    # A connection in its TLS handshake takes some 45 KiB.
    megabytes = 5 * GateCase.megabytes
    flags = ["--link.connections=20000"]
    tls = True


if __name__ == "__main__":
    # What the shop may open is inherited from us.
    raise_descriptor_limit(MANY + 2000)
    cases.main()
