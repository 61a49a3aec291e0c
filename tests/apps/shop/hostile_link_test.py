"""Bad input at the gate of the shop as a process, without and with TLS. After each kind of it: the connection is refused
or ended, the log says who and why, memory is within bounds, and another node and a customer were served all the time.
"""
import pathlib
import random
import socket
import struct
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / path) for path in ("tests/house", "apps/shop/demo", "tests/apps/shop")]
import cases  # noqa: E402
import link_wire as wire  # noqa: E402
from hostile_peers import HAMLET, KIBIBYTE, MEBIBYTE, SEED, GateCase, mutated  # noqa: E402
from link_wire import field, frame, greeting, greeting_body, item, request, varint  # noqa: E402

GateCase.program, GateCase.megabytes = sys.argv.pop(1), int(sys.argv.pop(1))
GREETING_LIMIT = 5.0
INVALID_ARGUMENT, RESOURCE_EXHAUSTED = 3, 8


class Gate:
    """The tests, for both kinds of gates."""

    def send_and_leave(self, data):
        """Sends raw bytes, ends this side and returns what came."""
        with self.connect() as peer:
            if peer.try_send(data):
                try:
                    peer.socket.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
            return peer.all_bytes()

    # -- before the greeting

    def test_random_bytes(self):
        chance = random.Random(SEED)
        for _ in range(200):
            data = chance.randbytes(chance.randrange(3000))
            self.assertNotIn(b"shop.Orders", self.send_and_leave(data))
        self.wait_for_line("no greeting of a node")
        self.assert_few_lines()

    def test_what_comes_to_open_ports(self):
        for data in (b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 600,
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"SSH-2.0-scanner\r\n", b"\0" * 10_000, b"TROUPE\n"):
            with self.subTest(data=data[:20]):
                self.assertNotIn(b"shop.Orders", self.send_and_leave(data))
        self.wait_for_line("no greeting of a node")

    def test_mutated_greetings(self):
        chance = random.Random(SEED)
        service = field(6, field(1, "shop.Orders") + field(2, "Place") + field(2, "Get"))
        good = greeting(more=service * 3, actor_node=b"\x01" * 20)
        for _ in range(400):
            self.send_and_leave(mutated(chance, good))
        self.wait_until_gone()
        self.assert_few_lines()

    def test_greetings_that_announce_what_cannot_be(self):
        small = greeting_body()
        for data, words in ((greeting(size=0xffffffff), "a greeting of 4294967295 bytes"),
                            (greeting(size=(1 << 20) + 1), "a greeting of 1048577 bytes"),
                            (greeting(versions=(3, 2)), "impossible versions"),
                            (greeting(body=b""), "without the name"),
                            (greeting(node="a\nb"), "not printable"),
                            (greeting(node="x" * 256), "too long"),
                            (greeting(window=1), "out of range"),
                            (greeting(window=1 << 40), "out of range"),
                            (greeting(calls=0), "no calls"),
                            (greeting(body=small + b"\xff"), "broken"),
                            (greeting(body=small + field(6, b"") * 400_000), "too many services"),
                            (greeting(body=small + field(6, field(2, "") * 400_000)), "too many services")):
            with self.subTest(words=words), self.connect() as peer:
                peer.try_send(data)
                code, reason = peer.read_greeting()
                self.assertEqual(code, INVALID_ARGUMENT)
                self.assertIn(words, reason)
                self.assertEqual(peer.all_bytes(), b"")
        self.wait_for_line("a greeting")
        self.assert_few_lines()

    def test_greetings_of_those_who_do_not_belong_here(self):
        for number, (content, words) in enumerate((({"cluster": "elsewhere"}, 'the cluster "troupe".* "elsewhere"'),
                                                   ({"versions": (2, 3)}, "version"),
                                                   ({"node": "shop"}, "a node named shop is running already"),
                                                   ({"node": "friend", "incarnation": 2},
                                                    "another node named friend is connected"))):
            source = self.source[:-1] + str(10 + number)
            with self.subTest(words=words), self.connect(source) as peer:
                peer.send(greeting(**content))
                _, reason = peer.read_greeting()
                self.assertRegex(reason, words)
                self.assertEqual(peer.all_bytes(), b"")
                self.wait_for_line(words.replace('"', '\\\\"'), source)

    def test_slow_greetings_are_given_up(self):
        began = time.monotonic()
        data = greeting()
        peers = [self.connect() for _ in range(50)]
        open_peers = list(peers)
        at = 0
        while open_peers and time.monotonic() < began + 3 * GREETING_LIMIT:
            open_peers = [peer for peer in open_peers if peer.try_send(data[at % 40:at % 40 + 1])]
            at += 1
            time.sleep(0.2)
        took = time.monotonic() - began
        self.assertEqual(open_peers, [], "they are still waited for")
        self.assertGreater(took, GREETING_LIMIT - 1)
        self.wait_for_line("did not introduce itself in time")
        for peer in peers:
            peer.close()

    # -- after it

    def assert_ended(self, data, words, code=INVALID_ARGUMENT, **content):
        """A peer that greets and then sends this is told why it loses the connection, and the log says so too."""
        with self.established(**content) as peer:
            peer.try_send(data)
            said = peer.goodbye()
            self.assertIsNotNone(said, f"no goodbye: {words}")
            self.assertEqual(said[0], code, said)
            self.assertRegex(said[1], words)
        self.wait_until_gone()
        self.wait_for_line(words)

    def test_a_greeting_followed_by_garbage(self):
        chance = random.Random(SEED)
        for _ in range(200):
            self.send_and_leave(greeting() + chance.randbytes(chance.randrange(3000)))
        self.wait_until_gone()
        self.wait_for_line("a frame of")
        self.assert_few_lines()

    def test_mutated_frames(self):
        chance = random.Random(SEED)
        with self.established() as peer:
            methods = dict(peer.methods)
        imports = methods["shop.Catalog.Import"]
        good = b"".join([
            request(1, methods["shop.Inventory.Get"], HAMLET), request(2, imports, credit=100, flags=2),
            item(2, field(1, "x") + field(2, "y")), frame(wire.HALF_CLOSE, varint(2)),
            request(3, methods["shop.Inventory.WatchStock"], credit=10),
            frame(wire.CREDIT, varint(6) + varint(5) + varint(0)),
            frame(wire.CANCEL, varint(3) + b"\x01" + wire.text("enough") + b"\0"), frame(wire.PING, varint(7)),
            wire.message(5, 6, b"\0\0\0\0"), frame(wire.WATCH, varint(4)), frame(wire.UNWATCH, varint(4)),
            frame(wire.ENDED, varint(9)), frame(wire.FRAGMENT, varint(0) + bytes([wire.PING])),
            frame(wire.FRAGMENT, varint(1) + varint(8)), frame(wire.WINDOW, varint(0)), frame(100, b"later"),
            request(4, methods["shop.Catalog.List"])])
        for number in range(500):
            self.send_and_leave(greeting(node=f"stranger-{number % 7}") + mutated(chance, good))
        self.wait_until_gone()
        self.assert_few_lines()

    def test_lengths_that_cannot_be(self):
        for length in (0, (1 << 20) + 17, 0x7fffffff, 0xffffffff):
            with self.subTest(length=length):
                self.assert_ended(frame(wire.PING, b"\0", length), f"a frame of {length} bytes")

    def test_kinds_that_cannot_be(self):
        for kind in (0, 8, 15, 38, 63, 128, 255):
            with self.subTest(kind=kind):
                self.assert_ended(frame(kind, b"\0"), f"unknown kind {kind}")

    def test_methods_that_are_not_there(self):
        for number in (22, 999, 0xffffffff):
            with self.subTest(number=number):
                self.assert_ended(request(1, number), f"for method {number}")
        self.assert_ended(request(1, 1 << 40), "the method's number")

    def test_requests_that_are_not_what_they_should_be(self):
        with self.established() as peer:
            get, imports = peer.methods["shop.Inventory.Get"], peer.methods["shop.Catalog.Import"]
            call = 0
            for payload in (b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x02\xff\xff", b"\x0a\x06ham", b"\x0b" * 100_000):
                call += 1
                peer.send(request(call, get, payload))
                kind, body = peer.wait_for(wire.REPLY, wire.FAILURE)
                self.assertEqual((kind, body[:2]), (wire.FAILURE, varint(call) + b"\0"))
                self.assertIn(b"is not a shop.GetStockRequest", body)
            peer.send(request(call + 1, get, flags=0))
            self.assertIn(b"the request has no message", peer.wait_for(wire.FAILURE)[1])
            # The connection is as good as before.
            peer.send(request(call + 2, get, HAMLET))
            self.assertIn(b"hamlet", peer.wait_for(wire.REPLY)[1])
        self.assert_ended(request(1, imports, flags=0) + item(1, b"\xff"), "is not a shop.Product")
        self.assert_ended(request(1, get, HAMLET) + item(1, b""), "which streams none|which was never made|is open")

    def test_frames_of_calls_that_were_never_made(self):
        for data in (item(5, b""), frame(wire.HALF_CLOSE, varint(5)), frame(wire.CREDIT, varint(10) + b"\x01\0"),
                     frame(wire.CANCEL, varint(5) + b"\x01\0\0"), frame(wire.REPLY, varint(5) + b"\0"),
                     frame(wire.FAILURE, varint(5) + b"\0\x02\0\0")):
            with self.subTest(data=data):
                self.assert_ended(data, "which was never made")

    def test_more_than_the_windows_allow(self):
        with self.established() as peer:
            get, imports = peer.methods["shop.Inventory.Get"], peer.methods["shop.Catalog.Import"]
            adjust = peer.methods["shop.Inventory.Adjust"]
        # Each of them counts 64 bytes more than it has.
        many = b"".join(request(call, get) for call in range(1, 3000))
        self.assert_ended(many, "exceeds the window for requests")
        with self.established() as peer:
            peer.send(request(1, adjust, flags=0))
            peer.wait_for(wire.CREDIT)
            # The first item's answer waits for credit, and the other items behind it.
            peer.try_send(item(1, field(4, "x" * 10_000)) * 10)
            self.assertIn("exceeds the windows for items", peer.goodbye()[1])
        with self.established() as peer:
            peer.send(request(1, adjust, flags=0) + item(1, field(4, "x")) * 1500)
            self.assertIn(b"more items than it was allowed", peer.wait_for(wire.FAILURE)[1])
        self.assert_ended(frame(wire.WINDOW, varint(1)), "more than were sent")
        self.assert_ended(request(1, imports, flags=0) + frame(wire.CREDIT, varint(2) + b"\0\x01"), "more than were sent")
        self.assert_ended(request(1, get, b"\0" * (MEBIBYTE + 1)), "a frame of|a message of|exceeds the window")

    def test_large_frames_that_never_end(self):
        piece = frame(wire.FRAGMENT, varint(2) + bytes([wire.REQUEST]) + b"x" * 64 * KIBIBYTE)
        self.assert_ended(piece * 40, "fragment|a frame of|large frame")
        streams = b"".join(frame(wire.FRAGMENT, varint(number * 2) + b"\x01") for number in range(3000))
        self.assert_ended(streams, "fragment|large frame")
        streams = b"".join(frame(wire.FRAGMENT, varint(number * 2) + b"\x01" + b"x" * 8 * KIBIBYTE) for number in range(900))
        self.assert_ended(streams, "fragment|large frame")

    # -- peers that do not read

    def test_large_replies_that_are_never_read(self):
        with self.established(small_buffer=True) as peer:
            many = b"".join(field(1, "hamlet") for _ in range(100))
            batch = peer.methods["shop.Catalog.BatchGet"]
            began = time.monotonic()
            for call in range(1, 20_000):
                if not peer.try_send(request(call, batch, many)):
                    break
                if call % 20 == 0:
                    time.sleep(0.01)  # so that the window is open again
            else:
                self.fail("it is served for ever")
            self.assertLess(time.monotonic() - began, 60)
        self.wait_until_gone()
        self.wait_for_line("does not read|no sign of life|exceeds the window|did not read")

    def test_a_peer_that_sends_signs_of_life_and_never_reads(self):
        with self.established(small_buffer=True) as peer:
            many = b"".join(field(1, "hamlet") for _ in range(100))
            batch = peer.methods["shop.Catalog.BatchGet"]
            call = 0
            began = time.monotonic()
            while time.monotonic() < began + 60:
                call += 1
                # Enough replies to fill all buffers on the way, then pings only.
                data = request(call, batch, many) if call < 600 else frame(wire.PING, varint(call))
                if not peer.try_send(data):
                    break
                time.sleep(0.005 if call < 600 else 0.1)
            else:
                self.fail("it is kept for ever")
        self.wait_until_gone()

    def test_streams_that_are_never_read(self):
        with self.established(small_buffer=True, window=1 << 30) as peer:
            watch = peer.methods["shop.Inventory.WatchStock"]
            adjust = peer.methods["shop.Inventory.Adjust"]
            try:
                for call in range(1, 901):
                    peer.send(request(call, watch, credit=0xffffffff))
                    if call % 100 == 0:
                        time.sleep(0.05)
                peer.send(request(1001, adjust, credit=0xffffffff, flags=2))
                for number in range(200):
                    peer.send(item(1001, field(1, "hamlet") + field(2, 1)))
                    time.sleep(0.01)
            except OSError:
                pass  # given up early
            self.wait_for_line("no sign of life|does not read|did not read", limit=60)
        self.wait_until_gone()


class WithoutTls(Gate, GateCase):
    pass


class WithTls(Gate, GateCase):
    tls = True

    def test_bytes_that_are_no_tls(self):
        chance = random.Random(SEED)
        for number in range(300):
            with wire.Peer(self.shop.link, self.source) as peer:
                data = chance.randbytes(chance.randrange(2000))
                if number % 2 == 0:
                    data = b"\x16\x03\x01" + struct.pack(">H", len(data)) + data
                if number % 10 == 0:
                    data = greeting()
                peer.try_send(data)
        self.wait_for_line("does not speak TLS")
        self.wait_until_gone()
        self.assert_few_lines()

    def test_a_peer_without_a_certificate_or_of_another_authority(self):
        folder = pathlib.Path(self.folder.name) / "elsewhere"
        folder.mkdir()
        others = wire.Certificates(folder)
        others.make("peer")
        stranger = others.context("peer")
        stranger.load_verify_locations(self.certificates.path("authority.pem"))
        nobody = wire.ssl.SSLContext(wire.ssl.PROTOCOL_TLS_CLIENT)
        nobody.check_hostname = False
        nobody.verify_mode = wire.ssl.CERT_NONE
        for context, words in ((stranger, "is not signed by the authority"), (nobody, "sent no certificate")):
            source = self.source[:-1] + str(10 + len(words))
            with self.subTest(words=words):
                with self.assertRaises((wire.ssl.SSLError, OSError, EOFError)):
                    with wire.Peer(self.shop.link, source, context) as peer:
                        peer.greet()
                self.wait_for_line(words, source)


if __name__ == "__main__":
    cases.main()
