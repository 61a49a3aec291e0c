"""What customers of the shop do, over REST and over gRPC, and how it ends."""
import dataclasses
import http.client
import json
import time

import grpc

MOST_REPEATS = 8


@dataclasses.dataclass
class Outcome:
    """How one request ended: placed, refused, out of stock, cancelled or failed."""
    kind: str
    seconds: float
    repeats: int = 0  # how often the shop asked for the request to be made again
    note: str = ""
    order: dict = None


class Refusal(Exception):
    """An error that the shop answered with, in the same form over either door."""

    def __init__(self, code, message, details):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.reasons = [detail.get("reason") for detail in details]

    def may_repeat(self):
        """Whether the answer says that an idempotent request may be made again."""
        return self.code == "UNAVAILABLE" and bool({"NOT_EXECUTED", "MAY_HAVE_EXECUTED"} & set(self.reasons))


class RestCustomer:
    """Orders over REST, on one connection that stays open."""
    door = "REST"

    def __init__(self, shop):
        self._connection = http.client.HTTPConnection("127.0.0.1", shop.http, timeout=60)

    def call(self, method, path, body=None):
        self._connection.request(method, path, json.dumps(body) if body is not None else None,
                                 {"Content-Type": "application/json"} if body is not None else {})
        answer = self._connection.getresponse()
        parsed = json.loads(answer.read() or "{}")
        if answer.status >= 400:
            raise Refusal(parsed.get("code"), parsed.get("detail"), parsed.get("details", []))
        return parsed

    def place(self, order):
        return self.call("POST", "/v1/orders", order)

    def cancel(self, order_id):
        return self.call("POST", f"/v1/orders/{order_id}:cancel", {"reason": "bought twice"})

    def close(self):
        self._connection.close()


class GrpcCustomer:
    """Orders over gRPC; `channel` may be shared."""
    door = "gRPC"

    def __init__(self, channel, contract):
        self._contract = contract
        self._place = contract.callable(channel, "/shop.Orders/Place")
        self._cancel = contract.callable(channel, "/shop.Orders/Cancel")

    def call(self, method, request):
        try:
            return self._contract.json(method(request, timeout=60))
        except grpc.RpcError as error:
            raise Refusal(error.code().name, error.details(), self._details(error)) from error

    def _details(self, error):
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status = self._contract.type("google.rpc.Status").FromString(value)
                return self._contract.json(status).get("details", [])
        return []

    def place(self, order):
        return self.call(self._place, self._contract.message("shop.PlaceOrderRequest", **order))

    def cancel(self, order_id):
        return self.call(self._cancel,
                         self._contract.message("shop.CancelOrderRequest", orderId=order_id, reason="bought twice"))

    def close(self):
        pass


def attempt(action, *arguments):
    """Does it, and again where the shop says that this is safe. Both of a customer's requests are idempotent."""
    began = time.monotonic()
    repeats = 0
    while True:
        try:
            order = action(*arguments)
            kind = "cancelled" if order["state"] == "CANCELLED" else "placed"
            return Outcome(kind, time.monotonic() - began, repeats, order=order)
        except Refusal as refusal:
            if refusal.may_repeat() and repeats < MOST_REPEATS:
                repeats += 1
                time.sleep(0.01 * 2 ** repeats)
                continue
            kind = ("out of stock" if "OUT_OF_STOCK" in refusal.reasons else
                    "refused" if refusal.code == "FAILED_PRECONDITION" else "failed")
            return Outcome(kind, time.monotonic() - began, repeats, str(refusal))
        except (OSError, http.client.HTTPException) as error:
            return Outcome("failed", time.monotonic() - began, repeats, repr(error))
