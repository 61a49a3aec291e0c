"""Bad input against the shop as a process. After each kind of it: a clear answer or a closed connection, memory within
bounds, and another client that was served all the time.
"""
import http.client
import json
import pathlib
import re
import socket
import sys
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / path) for path in ("tests/house", "apps/shop/demo", "tests/apps/shop")]
import cases  # noqa: E402
from customers import RestCustomer  # noqa: E402
from raw_http2 import DATA, END_HEADERS, END_STREAM, HEADERS, RawHttp2, message, request_head  # noqa: E402
from shop_process import ShopProcess  # noqa: E402

PROGRAM, MEGABYTES = sys.argv.pop(1), int(sys.argv.pop(1))  # by how much memory may grow
SLOWEST_ANSWER = 5.0
GET_PRODUCT = b"\x0a\x06hamlet"  # shop.GetProductRequest{product_id: "hamlet"}
PRODUCT = json.dumps({"productId": "x", "name": "x", "category": "BOOKS",
                      "price": {"currencyCode": "EUR", "minorUnits": 5}}).encode()


class Bystander(threading.Thread):
    """Another client, who asks for the same thing all the time."""

    def __init__(self, shop):
        super().__init__()
        self.customer = RestCustomer(shop)
        self.over = threading.Event()
        self.served, self.slowest, self.trouble = 0, 0.0, None

    def run(self):
        try:
            while not self.over.is_set():
                began = time.monotonic()
                assert self.customer.call("GET", "/v1/stock/hamlet")["productId"] == "hamlet"
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.served += 1
                self.over.wait(0.001)
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = error


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = ShopProcess(PROGRAM, ["--http.header_timeout=2s", "--http.body_timeout=2s"])

    @classmethod
    def tearDownClass(cls):
        code = cls.shop.stop()
        log = cls.shop.log()
        cls.shop.close()
        assert code == 0, f"exit code {code}\n{log}"

    def setUp(self):
        RestCustomer(self.shop).call("GET", "/v1/stock/hamlet")
        self.peak = self.peak_memory()
        self.bystander = Bystander(self.shop)
        self.bystander.start()

    def tearDown(self):
        self.bystander.over.set()
        self.bystander.join()
        self.assertIsNone(self.bystander.trouble, "the bystander was not served")
        self.assertGreater(self.bystander.served, 0)
        self.assertLess(self.bystander.slowest, SLOWEST_ANSWER)
        grown = (self.peak_memory() - self.peak) / 1024
        self.assertLess(grown, MEGABYTES, "MiB of memory were used")
        self.assertEqual(self.bystander.customer.call("GET", "/v1/stock/hamlet")["productId"], "hamlet")
        self.bystander.customer.close()

    def peak_memory(self):
        status = pathlib.Path(f"/proc/{self.shop.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.shop.http), timeout=30)

    def send(self, data):
        """Sends raw bytes and returns all that comes back until the server closes. (Were this end closed first, the
        server would rightly take it for a client that went away.)
        """
        with self.connect() as connection:
            try:
                connection.sendall(data)
            except ConnectionError:
                pass  # it did not want to read all of it
            return self.read_all(connection)

    @staticmethod
    def read_all(connection):
        out = b""
        try:
            while part := connection.recv(65536):
                out += part
        except ConnectionError:
            pass
        return out

    @staticmethod
    def statuses(answer):
        return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]

    @staticmethod
    def post(body, path=b"/v1/products"):
        return (b"POST " + path + b" HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
                b"Connection: close\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)

    # -- REST

    def test_a_body_of_a_gibibyte_is_refused_unread(self):
        head = (b"POST /v1/products HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
                b"Content-Length: 1073741824\r\n\r\n")
        self.assertEqual(self.statuses(self.send(head)), [413])

    def test_a_gibibyte_in_chunks_is_refused_at_the_limit(self):
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        sent = 0
        began = time.monotonic()
        with self.connect() as connection:
            connection.sendall(b"POST /v1/products HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
                               b"Transfer-Encoding: chunked\r\n\r\n")
            try:
                while sent < 1 << 30:
                    connection.sendall(chunk)
                    sent += 65536
            except ConnectionError:
                pass
            answer = self.read_all(connection)
        # The server goes on reading for a while, and keeps nothing, so that the client sees the answer.
        self.assertIn(self.statuses(answer), ([413], []))
        self.assertLess(time.monotonic() - began, 20)

    def test_json_nested_a_hundred_thousand_deep(self):
        for opening, closing in ((b'{"a":', b"}"), (b"[", b"]"), (b'{"tags":[', b"]}"), (b'{"price":', b"}")):
            deep = opening * 100_000
            with self.subTest(opening=opening):
                self.assertEqual(self.statuses(self.send(self.post(deep)))[0] // 100, 4)
                closed = deep + b"1" + closing * 100_000
                self.assertEqual(self.statuses(self.send(self.post(closed)))[0] // 100, 4)

    def test_bodies_that_are_not_what_they_should_be(self):
        for body in (b"", b"{", b"nonsense", b'{"name":1}', b'{"category":"NOVELS"}', b'{"nothing":1}', b'{"name":"\xff"}',
                     b'{"name":"\\ud800"}', b'{"price":{"minorUnits":99999999999999999999}}', b'{"price":[]}',
                     b'{"name":"a","name":"b"}', PRODUCT + b"x", b"\x00" * 100, b'{"updateTime":"yesterday"}'):
            with self.subTest(body=body):
                answer = self.send(self.post(body))
                self.assertEqual(self.statuses(answer), [400])
                problem = json.loads(answer.split(b"\r\n\r\n", 1)[1])
                self.assertEqual(problem["status"], 400)
                self.assertTrue(problem["detail"])

    def test_header_bombs(self):
        start = b"GET /v1/stock/hamlet HTTP/1.1\r\nHost: shop\r\n"
        self.assertEqual(self.statuses(self.send(start + b"A: " + b"x" * 10_000_000 + b"\r\n\r\n")), [431])
        self.assertEqual(self.statuses(self.send(start + b"A: b\r\n" * 1_000_000 + b"\r\n")), [431])
        self.assertEqual(self.statuses(self.send(b"GET /" + b"x" * 10_000_000 + b" HTTP/1.1\r\n\r\n"))[0] // 100, 4)
        endless = start + b"".join(b"A%d: b\r\n" % number for number in range(100_000))
        self.assertEqual(self.statuses(self.send(endless)), [431])

    def test_a_request_split_at_every_byte(self):
        request = self.post(b'{"productId":"hamlet"}', b"/v1/products?x=1")
        whole = self.send(request)
        self.assertEqual(self.statuses(whole), [400])
        get = b"GET /v1/stock/hamlet HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
        for each, status in ((request, 400), (get, 200)):
            for at in range(1, len(each)):
                with self.connect() as connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    connection.sendall(each[:at])
                    connection.sendall(each[at:])
                    self.assertEqual(self.statuses(self.read_all(connection)), [status], f"split at {at}")
            with self.connect() as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for at in range(len(each)):
                    connection.sendall(each[at:at + 1])
                self.assertEqual(self.statuses(self.read_all(connection)), [status], "byte by byte")

    def test_half_open_connections_are_cut(self):
        waiting = [self.connect() for _ in range(300)]
        for number, connection in enumerate(waiting):
            connection.sendall((b"", b"G", b"GET /v1/stock/hamlet HTTP/1.1\r\nHost: sh",
                                self.post(PRODUCT)[:-10])[number % 4])
        for number, connection in enumerate(waiting):
            if number % 4:  # who has said nothing may be idle for longer
                self.assertIn(self.statuses(self.read_all(connection)), ([408], []))
            connection.close()

    def test_garbage_behind_good_requests(self):
        good = b"GET /v1/stock/hamlet HTTP/1.1\r\nHost: shop\r\n\r\n"
        for garbage in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 1000, b"HELO shop\r\n\r\n",
                        b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n\r\n", b"\r\n\r\n\r\n\xff\xff\xff\xff\r\n\r\n",
                        good.replace(b"Host", b"Ho st"), b"POST / HTTP/1.1\r\nHost: s\r\nContent-Length: x\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"):
            with self.subTest(garbage=garbage[:40]):
                statuses = self.statuses(self.send(good * 3 + garbage))
                self.assertEqual(statuses[:3], [200] * 3)
                self.assertTrue(all(400 <= status < 600 for status in statuses[3:]), statuses)
                self.assertLessEqual(len(statuses), 4)

    def test_a_thousand_requests_in_one_go_are_answered_in_order(self):
        answer = self.send(b"".join(b"GET /v1/products/none-%d HTTP/1.1\r\nHost: shop\r\n%s\r\n"
                                    % (number, b"Connection: close\r\n" if number == 999 else b"")
                                    for number in range(1000)))
        self.assertEqual(self.statuses(answer), [404] * 1000)
        self.assertEqual([int(number) for number in re.findall(rb"no product none-(\d+)", answer)], list(range(1000)))

    # -- gRPC

    def grpc_outcome(self, body, more=()):
        raw = RawHttp2(self.shop.grpc)
        try:
            raw.call("/shop.Catalog/Get", body, more=more)
            return raw.outcome()
        finally:
            raw.close()

    def assert_refused(self, outcome):
        """Nothing but an error came of it: a status other than 0, or a connection or stream that was ended."""
        if isinstance(outcome, str):
            return
        self.assertIn(b"grpc-status", outcome)
        self.assertNotRegex(outcome, rb"grpc-status\x010")

    def test_the_raw_client_can_make_a_good_call(self):
        outcome = self.grpc_outcome(message(GET_PRODUCT))
        self.assertRegex(outcome, rb"grpc-status\x010")

    def test_grpc_messages_with_wrong_lengths(self):
        for body in (b"", b"\0", b"\0\0\0\0", message(GET_PRODUCT, 7), message(GET_PRODUCT, 9), message(GET_PRODUCT, 0),
                     message(GET_PRODUCT, 0xffffffff), message(GET_PRODUCT, 0x7fffffff), message(GET_PRODUCT, 1 << 30),
                     b"\xff" * 1000):
            with self.subTest(body=body[:20]):
                self.assert_refused(self.grpc_outcome(body))
        # gRPC's own library reads no further than the one message that a unary call has.
        for body in (message(GET_PRODUCT) * 2, message(GET_PRODUCT) + b"\0\0\0"):
            self.assertIsNotNone(self.grpc_outcome(body))

    def test_grpc_messages_that_are_not_what_they_should_be(self):
        self.assert_refused(self.grpc_outcome(message(b"\x0a\xff\xff\xff\xff\x0f")))
        self.assert_refused(self.grpc_outcome(message(b"\x0a\x02\xff\xff")))
        self.assert_refused(self.grpc_outcome(message(b"\xff" * 100)))
        self.assert_refused(self.grpc_outcome(message(GET_PRODUCT, flag=1), [("grpc-encoding", "gzip")]))

    def test_http2_frames_that_lie_or_flood(self):
        def outcome(*frames):
            raw = RawHttp2(self.shop.grpc)
            try:
                for frame in frames:
                    raw.frame(*frame)
                raw.socket.shutdown(socket.SHUT_WR)
                return raw.outcome()
            except ConnectionError:
                return "closed"
            finally:
                raw.close()

        head = request_head("/shop.Catalog/Get")
        self.assert_refused(outcome((DATA, END_STREAM, 1, b"x")))
        self.assert_refused(outcome((HEADERS, END_HEADERS, 0, head)))
        self.assert_refused(outcome((HEADERS, END_HEADERS, 2, head)))
        self.assert_refused(outcome((HEADERS, END_HEADERS, 1, b"\xff" * 100)))
        self.assert_refused(outcome((HEADERS, END_HEADERS, 1, head, 0xffffff)))
        self.assert_refused(outcome((HEADERS, END_HEADERS, 1, head), (DATA, END_STREAM, 1, message(GET_PRODUCT), 0xffffff)))
        many = b"".join(request_head("/shop.Catalog/Get", [(f"bomb-{number}", "x" * 4000)]) for number in range(3))
        self.assert_refused(outcome(*([(HEADERS, 0, 1, many)] + [(9, 0, 1, many)] * 1000)))
        self.assert_refused(outcome(*[(4, 0, 0, b"\0\x04\0\0\0\0")] * 5000))

    def test_what_is_not_http2_at_all(self):
        for data in (b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\0" * 10_000,
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 1000):
            with socket.create_connection(("127.0.0.1", self.shop.grpc), timeout=30) as connection:
                try:
                    connection.sendall(data)
                    connection.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # it is closed already
                self.read_all(connection)


if __name__ == "__main__":
    cases.main()
