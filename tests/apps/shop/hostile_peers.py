"""What the tests of bad input at the gate share: the shop with a gate, and those who are served all the time."""
import os
import pathlib
import random
import re
import resource
import tempfile
import threading
import time
import unittest

from customers import RestCustomer
from link_wire import FAILURE, REPLY, Certificates, Peer, field, request
from shop_process import ShopProcess

SEED = int(os.environ.get("TROUPE_TEST_SEED", "2026"))
SLOWEST_ANSWER = 5.0
# Lines about one address in each of the periods (s) in which those that are alike are withheld.
MOST_LINES, PERIOD = 60, 10.0
KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
# Small, so that a test reaches them soon.
LIMITS = [f"--link.send_buffer={MEBIBYTE}", f"--link.request_window={64 * KIBIBYTE}", f"--link.item_window={128 * KIBIBYTE}",
          f"--link.stream_window={64 * KIBIBYTE}", f"--link.max_message={MEBIBYTE}", "--link.heartbeat=200ms",
          # A busy machine must not take those who behave for dead.
          "--link.silence_limit=10s", "--link.unread_limit=3s"]
HAMLET = field(1, "hamlet")


def raise_descriptor_limit(wanted):
    """So many open files, for this process and those that it starts; False when that is not allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = hard == resource.RLIM_INFINITY or hard >= wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted if allowed else hard), hard))
    return allowed


def mutated(chance: random.Random, data):
    """With some bytes changed, left out, doubled or cut off."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        if not out:
            break
        at = chance.randrange(len(out))
        how = chance.randrange(6)
        if how == 0:
            out[at] = chance.randrange(256)
        elif how == 1:
            out[at] ^= 1 << chance.randrange(8)
        elif how == 2:
            del out[at:at + chance.randint(1, 8)]
        elif how == 3:
            out[at:at] = out[at:at + chance.randint(1, 40)]
        elif how == 4:
            out[at:at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\x10\0"))
        else:
            del out[at:]
    return bytes(out)


class Bystander(threading.Thread):
    """Asks for the same thing all the time, by `ask`, which returns whether the answer was right."""

    def __init__(self, ask):
        super().__init__(daemon=True)
        self.ask = ask
        self.over = threading.Event()
        self.served, self.slowest, self.trouble = 0, 0.0, None

    def run(self):
        try:
            while not self.over.is_set():
                began = time.monotonic()
                assert self.ask(), "a wrong answer"
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.served += 1
                self.over.wait(0.005)
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = error

    def stop(self):
        self.over.set()
        self.join(60)


class GateCase(unittest.TestCase):
    """A shop whose gate is open, with a customer at its REST door and a node that calls it over the link. Each test comes
    from an address of its own, so that its lines in the log are told from the others'."""
    megabytes = 128  # by how much memory may grow in a test
    tls = False
    flags = ()
    program = None
    sources = 0

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="certificates-")
        flags = ["--link.enabled=true", "--link.port=0", *LIMITS, *cls.flags]
        cls.certificates = cls.context = None
        if cls.tls:
            cls.certificates = Certificates(pathlib.Path(cls.folder.name))
            for name in ("shop", "peer"):
                cls.certificates.make(name)
            flags += [*cls.certificates.flags("shop"), "--link.certificates_name_nodes=false"]
            cls.context = cls.certificates.context("peer")
        cls.shop = ShopProcess(cls.program, flags)

    @classmethod
    def tearDownClass(cls):
        code = cls.shop.stop()
        log = cls.shop.log()
        cls.shop.close()
        cls.folder.cleanup()
        assert code == 0, f"exit code {code}\n{log}"
        # What others send must not reach the log but through it.
        assert "libprotobuf" not in log, log

    def setUp(self):
        GateCase.sources += 1
        self.source = f"127.0.{GateCase.sources}.1"
        self.friend = Peer(self.shop.link, tls=self.context)
        get = self.friend.greet(node="friend")["shop.Inventory.Get"]
        calls = iter(range(1, 1 << 60))

        def ask_over_the_link():
            self.friend.send(request(next(calls), get, HAMLET))
            kind, body = self.friend.wait_for(REPLY, FAILURE)
            return kind == REPLY and b"hamlet" in body

        customer = RestCustomer(self.shop)
        self.bystanders = [Bystander(ask_over_the_link),
                           Bystander(lambda: customer.call("GET", "/v1/stock/hamlet")["productId"] == "hamlet")]
        for each in self.bystanders:
            each.start()
        self.addCleanup(customer.close)
        self.addCleanup(self.friend.close)
        self.peak = self.peak_memory()
        self.began = time.monotonic()

    def tearDown(self):
        for each in self.bystanders:
            each.stop()
        grown = (self.peak_memory() - self.peak) / KIBIBYTE
        for each, name in zip(self.bystanders, ("node", "customer")):
            self.assertIsNone(each.trouble, f"the {name} was not served")
            self.assertGreater(each.served, 0)
            self.assertLess(each.slowest, SLOWEST_ANSWER)
        self.assertLess(grown, self.megabytes, "MiB of memory were used")

    def peak_memory(self):
        """In KiB."""
        status = pathlib.Path(f"/proc/{self.shop.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))

    def connect(self, source=None, **options):
        return Peer(self.shop.link, source or self.source, self.context, **options)

    def established(self, source=None, small_buffer=False, **content):
        """A peer that has greeted."""
        peer = self.connect(source, small_buffer=small_buffer)
        self.assertIsInstance(peer.greet(**content), dict)
        return peer

    def lines(self, source=None):
        return [line for line in self.shop.log().splitlines() if f"address={source or self.source}:" in line]

    def assert_few_lines(self, source=None):
        """That the log was not filled: a test may begin and end within a period."""
        periods = 2 + int((time.monotonic() - self.began) / PERIOD)
        self.assertLess(len(self.lines(source)), MOST_LINES * periods)

    def wait_for_line(self, words, source=None, limit=20.0):
        """Until the log has a line that names the address and says so (a regular expression)."""
        end = time.monotonic() + limit
        while not any(re.search(words, line) for line in self.lines(source)):
            self.assertLess(time.monotonic(), end, f"no line with '{words}':\n{self.shop.log()[-8000:]}")
            time.sleep(0.01)

    def wait_until_gone(self, limit=20.0):
        """Until only the friend is connected."""
        self.shop.wait_for_peers(1, limit)
