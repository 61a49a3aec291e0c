"""The shop as a process under load: drained by SIGTERM, and with actors killed."""
import concurrent.futures
import http.client
import pathlib
import re
import sys
import threading
import time
import unittest

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/house"), str(ROOT / "apps/shop/demo")]
import cases  # noqa: E402
from contract import Contract  # noqa: E402
from customers import GrpcCustomer, Refusal, RestCustomer  # noqa: E402
from shop_process import ShopProcess  # noqa: E402

PROGRAM = sys.argv.pop(1)
CONTRACT = Contract()
CARD = {"card": {"number": "4242424242424242", "expiry": "12/40"}}


def order(order_id):
    return {"orderId": order_id, "customerId": "ada", "payment": CARD, "items": [{"productId": "hamlet", "quantity": 1}]}


class Drain(unittest.TestCase):
    def test_what_was_begun_before_sigterm_is_answered(self):
        for _ in range(3):
            self.drain_once()

    def drain_once(self):
        placed, lost = set(), {}
        under_way = threading.Semaphore(0)

        def buy(shop, customer, name):
            for number in range(100_000):
                order_id = f"{name}-{number}"
                try:
                    customer.place(order(order_id))
                    placed.add(order_id)
                    under_way.release()
                except (OSError, http.client.HTTPException, Refusal) as error:
                    lost[order_id] = repr(error)
                    return  # the shop is closing

        with ShopProcess(PROGRAM, ["--log.levels.shop.Orders=debug"]) as shop, \
                concurrent.futures.ThreadPoolExecutor(16) as pool:
            channels = [grpc.insecure_channel(f"127.0.0.1:{shop.grpc}", [("grpc.use_local_subchannel_pool", 1)])
                        for _ in range(4)]
            customers = [RestCustomer(shop) for _ in range(12)]
            customers += [GrpcCustomer(channel, CONTRACT) for channel in channels]
            buying = [pool.submit(buy, shop, customer, f"buyer{index}") for index, customer in enumerate(customers)]
            for _ in range(400):
                self.assertTrue(under_way.acquire(timeout=60), "the load does not get going")
            began = time.monotonic()
            shop.tell_to_stop()
            code = shop.wait()
            took = time.monotonic() - began
            for each in buying:
                each.result(60)
            for each in customers + channels:
                each.close()
            begun = set(re.findall(r"placing order=(\S+)", shop.log()))
        self.assertEqual(code, 0)
        self.assertLess(took, 20, "draining took too long")
        self.assertGreaterEqual(len(begun), 400)
        self.assertEqual(placed - begun, set(), "the log does not tell which orders were begun")
        unanswered = {order_id: lost.get(order_id) for order_id in begun - placed}
        self.assertEqual(unanswered, {}, "orders that were begun and not answered")
        self.assertEqual(len(lost), 16, "every customer ends when the shop does")

    def test_a_stream_ends_and_a_new_connection_is_refused(self):
        with ShopProcess(PROGRAM, ["--node.drain_timeout=1s"]) as shop:
            RestCustomer(shop).place(order("followed"))
            follower = http.client.HTTPConnection("127.0.0.1", shop.http, timeout=30)
            follower.request("GET", "/v1/orders/followed/events", headers={"Accept": "application/x-ndjson"})
            answer = follower.getresponse()
            self.assertIn(b"ORDER_RECEIVED", answer.readline())
            shop.tell_to_stop()
            self.assertEqual(shop.wait(), 0)
            with self.assertRaises(OSError):
                RestCustomer(shop).call("GET", "/v1/products/hamlet")


class KilledActors(unittest.TestCase):
    """While the actor of one service is killed, again and again, the others' callers notice nothing."""
    READS = {
        "shop.Catalog": ("/v1/products/hamlet", "/shop.Catalog/Get", {"productId": "hamlet"}),
        "shop.Inventory": ("/v1/stock/hamlet", "/shop.Inventory/Get", {"productId": "hamlet"}),
        "shop.Payments": ("/v1/payments/none", "/shop.Payments/Get", {"paymentId": "none"}),
        "shop.Orders": ("/v1/orders?pageSize=1", "/shop.Orders/List", {"pageSize": 1}),
    }

    def test_each_in_turn(self):
        for killed in self.READS:
            with self.subTest(killed=killed):
                self.kill_under_load(killed)

    def kill_under_load(self, victim):
        over = threading.Event()
        answers = {service: 0 for service in self.READS}
        surprises = []

        def note(service, read):
            try:
                read()
            except Refusal as refusal:
                if refusal.code == "NOT_FOUND" and service == "shop.Payments":
                    pass  # nobody has paid yet
                elif service == victim and refusal.may_repeat():
                    return  # it was killed under this call, and says that it may be made again
                else:
                    surprises.append((service, str(refusal)))
            except Exception as error:  # pylint: disable=broad-except
                surprises.append((service, repr(error)))
            answers[service] += 1

        def read_over_rest(shop, service):
            customer = RestCustomer(shop)
            while not over.is_set():
                note(service, lambda: customer.call("GET", self.READS[service][0]))
            customer.close()

        def read_over_grpc(channel, service):
            _, path, fields = self.READS[service]
            method = CONTRACT.callable(channel, path)
            message = CONTRACT.message(CONTRACT.method(path).input_type.full_name, **fields)
            customer = GrpcCustomer(channel, CONTRACT)
            while not over.is_set():
                note(service, lambda: customer.call(method, message))

        with ShopProcess(PROGRAM, ["--node.restart_intensity=1000"]) as shop, \
                grpc.insecure_channel(f"127.0.0.1:{shop.grpc}") as channel, \
                concurrent.futures.ThreadPoolExecutor(8) as pool:
            readers = [pool.submit(read_over_rest, shop, service) for service in self.READS]
            readers += [pool.submit(read_over_grpc, channel, service) for service in self.READS]
            try:
                for kills in range(4):
                    self.wait_for(answers, 50)
                    shop.wait_for_restart(victim, shop.kill(victim))
                self.wait_for(answers, 50)
                self.assertGreaterEqual(shop.instances(victim)[0]["restarts"], 4)
            finally:
                over.set()
            for reader in readers:
                reader.result(60)
        self.assertEqual(surprises, [])

    def wait_for(self, answers, more):
        """Until every service has given that many further answers."""
        goal = {service: count + more for service, count in answers.items()}
        limit = time.monotonic() + 60
        while any(answers[service] < goal[service] for service in goal):
            self.assertLess(time.monotonic(), limit, f"{answers} instead of {goal}")
            time.sleep(0.005)


if __name__ == "__main__":
    cases.main()
