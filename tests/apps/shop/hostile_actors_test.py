"""Messages between CAF actors that no node would send, at the gate of the shop as a process: as hostile_link_test.py, for
the part of the link that gives a peer's bytes to CAF.
"""
import pathlib
import random
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / path) for path in ("tests/house", "apps/shop/demo", "tests/apps/shop")]
import cases  # noqa: E402
import link_wire as wire  # noqa: E402
from hostile_peers import HAMLET, KIBIBYTE, SEED, GateCase, mutated  # noqa: E402
from link_wire import frame, greeting, request, varint  # noqa: E402

GateCase.program, GateCase.megabytes = sys.argv.pop(1), int(sys.argv.pop(1))


class Actors(GateCase):
    def with_actors(self, number=1):
        """A peer whose actors can be talked to: its id is the shop's own but for some bytes."""
        with self.established() as peer:
            own = peer.actor_node
        self.wait_until_gone()
        peer = self.established(actor_node=own[:-4] + struct.pack(">I", number))
        return peer, own

    def assert_alive(self, peer):
        peer.send(request(1, peer.methods["shop.Inventory.Get"], HAMLET))
        self.assertIn(b"hamlet", peer.wait_for(wire.REPLY)[1])

    def test_messages_to_actors_that_are_no_messages(self):
        chance = random.Random(SEED)
        peer, _ = self.with_actors()
        good = wire.caf_message("@str", "@i32", content=wire.text("hello") + b"\0\0\0\x05")
        with peer:
            for number in range(3000):
                payload = mutated(chance, good) if number % 2 else chance.randbytes(chance.randrange(60))
                peer.send(wire.message(number % 9, number % 50, payload, number % 3))
            self.assert_alive(peer)
        self.wait_until_gone()

    def test_messages_of_types_that_no_peer_may_send(self):
        peer, _ = self.with_actors()
        with peer:
            for name in ("@config_value", "@upstream_msg", "@downstream_msg", "@open_stream_msg", "@group", "@group_down",
                         "@error", "@exit", "@down", "@timeout", "no_such_type"):
                for content in (b"", b"\xff" * 100, b"\x05" * 100, b"\0" * 100):
                    peer.send(wire.message(1, 2, wire.caf_message(name, content=content)))
            self.assert_alive(peer)
        self.wait_until_gone()

    def test_messages_that_hold_each_other(self):
        peer, _ = self.with_actors()
        lists = wire.caf_message("@config_value", content=b"\x08\x01" * 400_000)
        for payload in (wire.caf_message("@message") * 60_000 + wire.caf_message(), lists):
            with self.subTest(size=len(payload)):
                whole = bytes([wire.MESSAGE]) + wire.message(1, 2, payload)[5:]
                pieces = [whole[at:at + 64 * KIBIBYTE] for at in range(0, len(whole), 64 * KIBIBYTE)]
                for piece in pieces:
                    peer.send(frame(wire.FRAGMENT, varint(2 | (piece is pieces[-1])) + piece))
        with peer:
            self.assert_alive(peer)
        self.wait_until_gone()

    def test_actors_that_are_watched_without_end(self):
        peer, _ = self.with_actors()
        with peer:
            for first in range(0, 400_000, 4000):
                # Nobody's, and perhaps somebody's.
                peer.send(b"".join(frame(wire.WATCH, varint(number % 40)) for number in range(first, first + 4000)))
                while peer.pending():
                    peer.read_frame()
            self.assert_alive(peer)
        self.wait_until_gone()

    def test_actors_that_are_named_without_end(self):
        peer, own = self.with_actors()
        empty = wire.caf_message()
        with peer:
            # Actors of third nodes that nobody knows.
            for first in range(0, 100_000, 1000):
                peer.send(b"".join(
                    frame(wire.MESSAGE, b"\1" + varint(number) + wire.text(own[:-4] + struct.pack(">I", 1000 + number))
                          + varint(7) + varint(0) + empty) for number in range(first, first + 1000)))
                while peer.pending():
                    peer.read_frame()
            self.assert_alive(peer)
            # Its own.
            for first in range(1, 1_000_000, 1000):
                if not peer.try_send(b"".join(wire.message(number, 7, empty) for number in range(first, first + 1000))):
                    break
                while peer.pending() and peer.read_frame()[0] != wire.GOODBYE:
                    pass
            else:
                self.fail("it may name a million actors")
        self.wait_until_gone()
        self.wait_for_line("more than 250000 actors of one node")

    def test_a_peer_that_says_its_actors_are_those_of_another_node(self):
        with self.established() as peer:
            own = peer.actor_node
        self.wait_until_gone()
        first = self.established(node="first", actor_node=own[:-4] + b"\0\0\0\1")
        with first:
            for node, words in ((own, "its actors are those of the node shop"),
                                (own[:-4] + b"\0\0\0\1", "its actors are those of the node first")):
                with self.connect() as peer:
                    peer.send(greeting(actor_node=node))
                    self.assertIn(words, peer.read_greeting()[1])


if __name__ == "__main__":
    cases.main()
