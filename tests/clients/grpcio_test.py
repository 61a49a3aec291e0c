"""The shop through grpcio, gRPC's library for Python."""
import pathlib
import sys
import threading
import unittest

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/house"), str(ROOT / "apps/shop/demo")]
import cases  # noqa: E402
from contract import Contract  # noqa: E402
from shop_process import ShopProcess  # noqa: E402

PROGRAM = sys.argv.pop(1)
CONTRACT = Contract()
CARD = {"card": {"number": "4242424242424242", "expiry": "12/40"}}
DECLINED = {"card": {"number": "4000000000000002", "expiry": "12/40"}}


def order(order_id, product="hamlet", quantity=1, payment=None, **more):
    return CONTRACT.message("shop.PlaceOrderRequest", orderId=order_id, customerId="ada", payment=payment or CARD,
                            items=[{"productId": product, "quantity": quantity}], **more)


class Grpcio(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = ShopProcess(PROGRAM)
        cls.channel = grpc.insecure_channel(f"127.0.0.1:{cls.shop.grpc}")

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        code = cls.shop.stop()
        cls.shop.close()
        assert code == 0, f"exit code {code}"

    def method(self, path):
        return CONTRACT.callable(self.channel, path)

    def stock(self, product):
        return self.method("/shop.Inventory/Get")(CONTRACT.message("shop.GetStockRequest", productId=product), timeout=30)

    def details(self, error):
        trailers = dict(error.trailing_metadata())
        status = CONTRACT.type("google.rpc.Status").FromString(trailers["grpc-status-details-bin"])
        self.assertEqual((status.code, status.message), (error.code().value[0], error.details()))
        return {detail["@type"].split(".")[-1]: detail for detail in CONTRACT.json(status)["details"]}

    def test_unary(self):
        placed = self.method("/shop.Orders/Place")(order("unary-1", quantity=2), timeout=30)
        self.assertEqual(placed.total.minor_units, 1998)
        read = self.method("/shop.Orders/Get")(CONTRACT.message("shop.GetOrderRequest", orderId="unary-1"))
        self.assertEqual(read, placed)

    def test_server_streaming(self):
        self.method("/shop.Orders/Place")(order("stream-1", delivery="EXPRESS"), timeout=30)
        events = self.method("/shop.Orders/Watch")(CONTRACT.message("shop.WatchOrderRequest", orderId="stream-1"),
                                                   timeout=30)
        self.assertEqual([event.sequence for event in events], [1, 2, 3, 4, 5])
        self.assertEqual(events.code(), grpc.StatusCode.OK)

    def test_client_streaming(self):
        products = (CONTRACT.message("shop.Product", productId=f"imported-{number}", category="GAMES",
                                     name="" if number == 7 else "imported",
                                     price={"currencyCode": "EUR", "minorUnits": 5}) for number in range(1000))
        answer = self.method("/shop.Catalog/Import")(products, timeout=60)
        self.assertEqual((answer.created, answer.replaced, answer.problems[0].index), (999, 0, 7))

    def test_bidirectional(self):
        go_on = threading.Semaphore(1)

        def changes():
            for delta in (5, -1_000_000, 1):
                self.assertTrue(go_on.acquire(timeout=30))
                yield CONTRACT.message("shop.StockAdjustment", productId="curtain", delta=delta)

        answers = []
        for answer in self.method("/shop.Inventory/Adjust")(changes(), timeout=60):
            answers.append(answer)
            go_on.release()  # each answer comes before the next request is sent
        self.assertEqual([answer.level.available for answer in answers], [10_005, 10_005, 10_006])
        self.assertEqual([bool(answer.refusal) for answer in answers], [False, True, False])

    def test_errors_have_details(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.method("/shop.Orders/Place")(order("refused-1", payment=DECLINED), timeout=30)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        details = self.details(raised.exception)
        self.assertEqual(details["ErrorInfo"]["reason"], "CARD_DECLINED")
        self.assertEqual(details["PreconditionFailure"]["violations"][0]["subject"], "refused-1")
        with self.assertRaises(grpc.RpcError) as raised:
            self.method("/shop.Orders/Place")(order("", quantity=1), timeout=30)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(self.details(raised.exception)["BadRequest"]["fieldViolations"][0]["field"], "order_id")

    def test_methods_that_do_not_exist(self):
        for path in ("/shop.Orders/Steal", "/shop.Nothing/Get", "/"):
            with self.assertRaises(grpc.RpcError) as raised:
                self.channel.unary_unary(path)(b"", timeout=30)
            self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_metadata_goes_in_and_out(self):
        place = self.method("/shop.Orders/Place")
        answer, call = place.with_call(
            order("meta-1"), timeout=30, compression=grpc.Compression.Gzip,
            metadata=[("x-tenant", "seven"), ("x-raw-bin", bytes(range(256))), ("x-raw-bin", b""), ("x-raw-bin", b"\0\xff"),
                      ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")])
        self.assertEqual(answer.order_id, "meta-1")
        self.assertEqual(call.code(), grpc.StatusCode.OK)
        keyed = order("")
        answer = place(keyed, timeout=30, metadata=[("idempotency-key", "meta-key")])
        self.assertEqual(answer.order_id, "meta-key")

    def test_a_deadline_ends_a_call(self):
        before = self.ended("shop.Inventory.WatchStock")
        watch = self.method("/shop.Inventory/WatchStock")(
            CONTRACT.message("shop.WatchStockRequest", productIds=["chess"]), timeout=0.3)
        with self.assertRaises(grpc.RpcError):
            for level in watch:
                self.assertEqual(level.product_id, "chess")
        self.assertEqual(watch.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.wait_until_ended("shop.Inventory.WatchStock", before + 1)

    def test_a_cancelled_call_ends_its_handler(self):
        before = self.ended("shop.Inventory.WatchStock")
        watch = self.method("/shop.Inventory/WatchStock")(CONTRACT.message("shop.WatchStockRequest"))
        self.assertTrue(next(watch).product_id)
        watch.cancel()
        self.assertEqual(watch.code(), grpc.StatusCode.CANCELLED)
        self.wait_until_ended("shop.Inventory.WatchStock", before + 1)

    def ended(self, method):
        """How many calls of a method the shop has seen the end of."""
        _, numbers = self.shop.operate("GET", "/metrics")
        return sum(int(line.split()[-1]) for line in numbers.splitlines()
                   if line.startswith(f'troupe_grpc_calls_total{{method="{method}"'))

    def wait_until_ended(self, method, count):
        pause = threading.Event()
        for _ in range(3000):
            if self.ended(method) >= count:
                return
            pause.wait(0.01)
        self.fail(f"{self.ended(method)} calls of {method} have ended, and not {count}")

    def test_a_slow_reader_does_not_slow_others_down(self):
        watch = self.method("/shop.Inventory/WatchStock")(CONTRACT.message("shop.WatchStockRequest"))
        next(watch)  # and nothing more is read
        place = self.method("/shop.Orders/Place")
        for number in range(300):
            place(order(f"busy-{number}", product="mask-mug"), timeout=30)
        watch.cancel()

    def test_many_calls_at_the_same_time(self):
        place = self.method("/shop.Orders/Place")
        before = self.stock("first-folio").available
        calls = [place.future(order(f"crowd-{number}", product="first-folio"), timeout=60) for number in range(100)]
        codes = [call.code() for call in calls]
        self.assertEqual(codes.count(grpc.StatusCode.OK), before)
        self.assertEqual(codes.count(grpc.StatusCode.FAILED_PRECONDITION), 100 - before)
        self.assertEqual((self.stock("first-folio").available, self.stock("first-folio").reserved), (0, 0))

    def test_health(self):
        check = self.channel.unary_unary("/grpc.health.v1.Health/Check")
        self.assertEqual(check(b"", timeout=30), b"\x08\x01")  # SERVING
        self.assertEqual(check(b"\x0a\x0bshop.Orders", timeout=30), b"\x08\x01")
        with self.assertRaises(grpc.RpcError) as raised:
            check(b"\x0a\x04none", timeout=30)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.NOT_FOUND)


if __name__ == "__main__":
    cases.main()
