"""What a person does with curl against the shop."""
import gzip
import json
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/house"), str(ROOT / "apps/shop/demo")]
import cases  # noqa: E402
from shop_process import ShopProcess  # noqa: E402

PROGRAM = sys.argv.pop(1)
CARD = {"card": {"number": "4242424242424242", "expiry": "12/40"}}


class Answer:
    def __init__(self, raw):
        head, self.body = raw.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            name = name.lower()
            self.headers[name] = f"{self.headers[name]}, {value.strip()}" if name in self.headers else value.strip()

    def json(self):
        return json.loads(self.body)

    def type(self):
        return self.headers.get("content-type", "").split(";")[0]


class Curl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = ShopProcess(PROGRAM)

    @classmethod
    def tearDownClass(cls):
        code = cls.shop.stop()
        cls.shop.close()
        assert code == 0, f"exit code {code}"

    def curl(self, path, *arguments, fails=False):
        ran = subprocess.run(["curl", "-siS", "--max-time", "60", *arguments, f"http://127.0.0.1:{self.shop.http}{path}"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if not fails:
            self.assertEqual(ran.returncode, 0, ran.stderr)
        return Answer(ran.stdout)

    def send(self, method, path, body, *arguments):
        return self.curl(path, "-X", method, "-H", "Content-Type: application/json", "-d", json.dumps(body), *arguments)

    def place(self, order_id, *arguments, **changes):
        return self.send("POST", "/v1/orders", {
            "orderId": order_id, "customerId": "ada", "payment": CARD,
            "items": [{"productId": "hamlet", "quantity": 2}], **changes}, *arguments)

    def assert_problem(self, answer, status, code):
        self.assertEqual((answer.status, answer.type()), (status, "application/problem+json"), answer.body)
        problem = answer.json()
        self.assertEqual((problem["status"], problem["code"]), (status, code))
        self.assertTrue(problem["title"] and problem["detail"])
        return problem

    def test_an_order_is_placed_and_read(self):
        placed = self.place("place-1")
        self.assertEqual(placed.status, 200, placed.body)
        self.assertEqual(placed.json()["state"], "CONFIRMED")
        self.assertEqual(placed.json()["total"], {"currencyCode": "EUR", "minorUnits": "1998"})
        read = self.curl("/v1/orders/place-1")
        self.assertEqual((read.status, read.json()), (200, placed.json()))
        put = self.send("PUT", "/v1/orders/place-2", {"customerId": "ada", "payment": CARD,
                                                      "items": [{"product_id": "faust", "quantity": 1}]})
        self.assertEqual((put.status, put.json()["orderId"]), (200, "place-2"))

    def test_orders_are_listed(self):
        for number in range(3):
            self.assertEqual(self.place(f"list-{number}", customerId="lister").status, 200)
        page = self.curl("/v1/orders?customer_id=lister&pageSize=2&states=CONFIRMED&states=SHIPPED").json()
        self.assertEqual([order["orderId"] for order in page["orders"]], ["list-2", "list-1"])
        page = self.curl(f"/v1/orders?customerId=lister&pageToken={page['nextPageToken']}").json()
        self.assertEqual([order["orderId"] for order in page["orders"]], ["list-0"])
        self.assertNotIn("nextPageToken", page)

    def test_an_order_is_followed_as_server_sent_events(self):
        self.place("follow-1", delivery="EXPRESS")
        answer = self.curl("/v1/orders/follow-1/events", "-N", "-H", "Accept: text/event-stream")
        self.assertEqual((answer.status, answer.type()), (200, "text/event-stream"))
        self.assertEqual(answer.headers.get("transfer-encoding"), "chunked")
        kinds = [json.loads(data)["kind"] for data in re.findall(rb"^data: ?(\{.*kind.*\})\r?$", answer.body, re.M)]
        self.assertEqual(kinds, ["ORDER_RECEIVED", "GOODS_RESERVED", "PAYMENT_TAKEN", "ORDER_CONFIRMED", "ORDER_SHIPPED"])

    def test_an_order_is_followed_as_lines_and_as_an_array(self):
        self.place("follow-2", delivery="EXPRESS")
        lines = self.curl("/v1/orders/follow-2/events", "-H", "Accept: application/x-ndjson")
        self.assertEqual(lines.type(), "application/x-ndjson")
        events = [json.loads(line) for line in lines.body.splitlines() if line.strip()]
        array = self.curl("/v1/orders/follow-2/events", "-H", "Accept: application/json")
        self.assertEqual(array.type(), "application/json")
        self.assertEqual(array.json(), events)
        self.assertEqual([event["sequence"] for event in events], ["1", "2", "3", "4", "5"])

    def test_a_stream_that_cannot_begin_is_an_error(self):
        self.assert_problem(self.curl("/v1/orders/nobody/events", "-H", "Accept: text/event-stream"), 404, "NOT_FOUND")

    def test_errors_are_problems(self):
        self.assert_problem(self.curl("/v1/products/lear"), 404, "NOT_FOUND")
        problem = self.assert_problem(self.place("bad-1", items=[{"productId": "hamlet", "quantity": 0}]), 400,
                                      "INVALID_ARGUMENT")
        violations = problem["details"][0]["fieldViolations"]
        self.assertEqual(violations[0]["field"], "items[0].quantity")
        problem = self.assert_problem(
            self.place("bad-2", payment={"card": {"number": "4000000000000002", "expiry": "12/40"}}), 400,
            "FAILED_PRECONDITION")
        self.assertEqual({detail["@type"].split(".")[-1] for detail in problem["details"]},
                         {"ErrorInfo", "PreconditionFailure"})
        problem = self.assert_problem(self.curl("/v1/products?pagesize=3"), 400, "INVALID_ARGUMENT")
        self.assertIn("pagesize", problem["detail"])
        self.assert_problem(self.send("POST", "/v1/orders", {"nothing": 1}), 400, "INVALID_ARGUMENT")
        self.assert_problem(self.curl("/v2/products"), 404, "NOT_FOUND")
        as_status = self.curl("/v1/products/lear", "-H", "Accept: application/json")
        self.assertEqual((as_status.status, as_status.json()["code"]), (404, 5), as_status.body)

    def test_methods_and_media_types(self):
        options = self.curl("/v1/products/hamlet", "-X", "OPTIONS")
        self.assertEqual(options.status // 100, 2)
        allowed = {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}
        self.assertEqual(set(re.split(r",\s*", options.headers["allow"])), allowed)
        refused = self.send("POST", "/v1/products/hamlet", {})
        self.assertEqual(refused.status, 405)
        self.assertEqual(set(re.split(r",\s*", refused.headers["allow"])), allowed)
        self.assertEqual(self.curl("/v1/products/hamlet", "-H", "Accept: image/png").status, 406)
        self.assertEqual(self.curl("/v1/orders", "-H", "Content-Type: text/plain", "-d", "x").status, 415)
        head = self.curl("/v1/products/hamlet", "--head")
        read = self.curl("/v1/products/hamlet")
        self.assertEqual((head.status, head.body), (200, b""))
        for name in ("content-length", "content-type", "etag"):
            self.assertEqual(head.headers[name], read.headers[name])

    def test_versions_guard_changes(self):
        read = self.curl("/v1/products/chess")
        tag = read.headers["etag"]
        again = self.curl("/v1/products/chess", "-H", f"If-None-Match: {tag}")
        self.assertEqual((again.status, again.body), (304, b""))
        change = {"description": "Now with clocks."}
        self.assert_problem(self.send("PATCH", "/v1/products/chess", change, "-H", 'If-Match: "other"'), 412, "ABORTED")
        changed = self.send("PATCH", "/v1/products/chess", change, "-H", f"If-Match: {tag}")
        self.assertEqual((changed.status, changed.json()["description"]), (200, "Now with clocks."), changed.body)
        self.assertNotEqual(changed.headers["etag"], tag)
        self.assertEqual(self.send("PATCH", "/v1/products/chess", change, "-H", f"If-Match: {tag}").status, 412)
        self.assertEqual(self.curl("/v1/products/chess", "-H", f"If-None-Match: {tag}").status, 200)
        masked = self.send("PATCH", "/v1/products/chess?updateMask=name", {"name": "Chess", "description": "no"})
        self.assertEqual((masked.json()["name"], masked.json()["description"]), ("Chess", "Now with clocks."))

    def test_a_product_comes_and_goes(self):
        product = {"productId": "lear-1", "name": "King Lear", "category": "BOOKS",
                   "price": {"currencyCode": "EUR", "minorUnits": "1099"}}
        made = self.send("POST", "/v1/products", product)
        self.assertEqual(made.status, 200, made.body)
        self.assert_problem(self.send("POST", "/v1/products", product), 409, "ALREADY_EXISTS")
        gone = self.curl("/v1/products/lear-1", "-X", "DELETE")
        self.assertEqual((gone.status, gone.json()), (200, {}))
        self.assert_problem(self.curl("/v1/products/lear-1"), 404, "NOT_FOUND")

    def test_an_idempotency_key_makes_a_repetition_harmless(self):
        before = self.curl("/v1/stock/overture").json()["available"]
        body = {"customerId": "ada", "payment": CARD, "items": [{"productId": "overture", "quantity": 1}]}
        answers = [self.send("POST", "/v1/orders", body, "-H", "Idempotency-Key: key-1") for _ in range(2)]
        self.assertEqual([answer.status for answer in answers], [200, 200])
        self.assertEqual(answers[0].json(), answers[1].json())
        self.assertEqual(answers[0].json()["orderId"], "key-1")
        self.assertEqual(self.curl("/v1/stock/overture").json()["available"], before - 1)
        body["customerId"] = "ben"
        self.assertEqual(self.send("POST", "/v1/orders", body, "-H", "Idempotency-Key: key-1").status, 409)
        # Catalog.Create is not idempotent by itself: the HTTP door keeps its answers.
        product = {"productId": "keyed", "name": "x", "category": "MUSIC",
                   "price": {"currencyCode": "EUR", "minorUnits": "1"}}
        answers = [self.send("POST", "/v1/products", product, "-H", "Idempotency-Key: key-2") for _ in range(2)]
        self.assertEqual([answer.status for answer in answers], [200, 200])
        self.assertEqual(answers[0].body, answers[1].body)
        product["name"] = "y"
        self.assertEqual(self.send("POST", "/v1/products", product, "-H", "Idempotency-Key: key-2").status, 422)

    def test_answers_and_requests_are_compressed(self):
        plain = self.curl("/v1/products?pageSize=200")
        packed = self.curl("/v1/products?pageSize=200", "-H", "Accept-Encoding: gzip")
        self.assertEqual(packed.headers.get("content-encoding"), "gzip")
        self.assertLess(len(packed.body), len(plain.body))
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        order = json.dumps({"orderId": "gzip-1", "customerId": "ada", "payment": CARD,
                            "items": [{"productId": "hamlet", "quantity": 1}]}).encode()
        sent = subprocess.run(["curl", "-siS", "-H", "Content-Type: application/json", "-H", "Content-Encoding: gzip",
                               "--data-binary", "@-", f"http://127.0.0.1:{self.shop.http}/v1/orders"],
                              input=gzip.compress(order), stdout=subprocess.PIPE, check=True)
        self.assertEqual(Answer(sent.stdout).status, 200, sent.stdout)

    def test_a_deadline_is_kept(self):
        late = self.place("late-1", "-H", "Request-Timeout: 0.0001")
        self.assert_problem(late, 504, "DEADLINE_EXCEEDED")
        self.assertEqual(self.curl("/v1/stock/hamlet").json().get("reserved", 0), 0)

    def test_pages_beside_the_services(self):
        self.assertEqual(self.curl("/healthz/ready").status, 200)
        document = self.curl("/openapi.json")
        self.assertEqual((document.status, document.json()["openapi"][:3]), (200, "3.1"))
        page = self.curl("/docs")
        self.assertEqual((page.status, page.type()), (200, "text/html"))


if __name__ == "__main__":
    cases.main()
