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
from hostile_peers import HAMLET, GateCase, raise_descriptor_limit  # noqa: E402
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
