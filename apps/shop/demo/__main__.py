"""Shows the shop at work: starts it as a cluster of three nodes, sends hundreds of orders through REST and gRPC, follows
one of them, kills actors and then a whole node under load, and checks that the books balance. The exit code is 0 only when
everything held.
"""
import argparse
import collections
import concurrent.futures
import http.client
import json
import random
import signal
import socket
import sys
import threading
import time

import grpc

from contract import Contract
from customers import GrpcCustomer, RestCustomer, attempt
from node_loss import NodeLoss
from screen import Screen
from shop_cluster import ShopCluster

CUSTOMERS = 8
# The door, which keeps orders and goods; two that know the products; all of them can take money.
NODES = {"front": ("shop.Orders", "shop.Inventory", "shop.Payments"),
         "clerk-1": ("shop.Catalog", "shop.Payments"),
         "clerk-2": ("shop.Catalog", "shop.Payments")}
# Quicker than the default, which waits longer before it holds a node for dead.
FLAGS = ("--discovery.protocol_period=200ms", "--discovery.probe_timeout=100ms", "--discovery.gossip_interval=50ms")
KILLED = ("shop.Catalog", "shop.Payments", "shop.Orders")
GOOD_CARD = {"card": {"number": "4242424242424242", "expiry": "12/40"}}
DECLINED_CARD = {"card": {"number": "4000000000000002", "expiry": "12/40"}}


class Demo:
    def __init__(self, shop, screen, seed):
        self.shop, self.screen = shop, screen
        self.random = random.Random(seed)
        self.contract = Contract()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{shop.grpc}")
        grpc.channel_ready_future(self.channel).result(30)
        self.outcomes = []  # (door, outcome)
        self.failures = []  # what did not hold
        self.sold = collections.Counter()
        self.lock = threading.Lock()
        self.next_order = 0

    def check(self, holds, text, otherwise=""):
        if holds:
            self.screen.good(text)
        else:
            self.screen.bad(f"{text} {otherwise}".rstrip())
            self.failures.append(text)

    def customer(self, index):
        return RestCustomer(self.shop) if index % 2 == 0 else GrpcCustomer(self.channel, self.contract)

    def stock(self):
        levels = RestCustomer(self.shop).call("GET", "/v1/stock?pageSize=200")["levels"]
        return {level["productId"]: level.get("available", 0) for level in levels}

    def new_order(self, products):
        """A basket of one to three products and a way to pay, not always a good one."""
        self.next_order += 1
        items = [{"productId": product, "quantity": self.random.randint(1, 3)}
                 for product in self.random.sample(products, self.random.randint(1, 3))]
        payment = self.random.choices(
            [GOOD_CARD, DECLINED_CARD, {"wallet": {"walletId": f"wallet-{self.random.randint(1, 40)}"}},
             {"invoice": {"email": "ada@example.org"}}], [70, 6, 14, 10])[0]
        return {"orderId": f"demo-{self.next_order}", "customerId": f"customer-{self.random.randint(1, 50)}",
                "items": items, "payment": payment}

    def drive(self, count, what, cancel_share=0.0, at=None):
        """Places `count` orders, by several customers at the same time. `at` maps a number of finished orders to what
        shall happen then. Returns the outcomes by kind.
        """
        products = sorted(self.stock())
        work = [(self.new_order(products), self.random.random() < cancel_share) for _ in range(count)]
        progress = self.screen.progress(count, what)
        kinds = collections.Counter()
        waiting = [iter(work[0::2]), iter(work[1::2])]  # each door has its half

        def shopping(index):
            customer = self.customer(index)
            try:
                while True:
                    with self.lock:
                        job = next(waiting[index % 2], None)
                    if job is None:
                        return
                    order, cancels = job
                    outcome = attempt(customer.place, order)
                    self.take_down(customer.door, order, outcome, kinds, 1)
                    if cancels and outcome.kind == "placed":
                        self.take_down(customer.door, order, attempt(customer.cancel, order["orderId"]), kinds, -1)
                    with self.lock:
                        event = at.pop(sum(kinds[kind] for kind in kinds if kind != "cancelled"), None) if at else None
                    progress.step(", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())))
                    if event:
                        event()
            finally:
                customer.close()

        with concurrent.futures.ThreadPoolExecutor(CUSTOMERS) as pool:
            for finished in [pool.submit(shopping, index) for index in range(CUSTOMERS)]:
                finished.result()
        return kinds

    def take_down(self, door, order, outcome, kinds, sign):
        with self.lock:
            self.outcomes.append((door, outcome))
            kinds[outcome.kind] += 1
            if outcome.kind == ("placed" if sign > 0 else "cancelled"):
                for item in order["items"]:
                    self.sold[item["productId"]] += sign * item["quantity"]

    # -- the acts

    def an_ordinary_day(self, count):
        self.screen.section(f"An ordinary day: {count} orders, half of them over REST, half over gRPC")
        kinds = self.drive(count, "orders", cancel_share=0.1)
        self.check(kinds["failed"] == 0, f"every order got a verdict: {kinds['placed']} placed, {kinds['refused']} "
                   f"payments refused, {kinds['out of stock']} out of stock, {kinds['cancelled']} cancelled later",
                   self.first_failure())
        self.check(kinds["placed"] > 0 and kinds["refused"] > 0 and kinds["out of stock"] > 0 and kinds["cancelled"] > 0,
                   "all four happened")

    def one_order(self):
        self.screen.section("One order, followed as server-sent events")
        order = {"orderId": "followed", "customerId": "ada", "delivery": "EXPRESS", "payment": GOOD_CARD,
                 "items": [{"productId": "hamlet", "quantity": 1}, {"productId": "mask-mug", "quantity": 2}]}
        customer = RestCustomer(self.shop)
        placed = attempt(customer.place, order)
        self.take_down(customer.door, order, placed, collections.Counter(), 1)
        connection = http.client.HTTPConnection("127.0.0.1", self.shop.http, timeout=60)
        connection.request("GET", "/v1/orders/followed/events", headers={"Accept": "text/event-stream"})
        kinds = []
        for line in connection.getresponse():
            if line.startswith(b"data:"):
                event = json.loads(line[5:])
                if not event:
                    continue
                kinds.append(event["kind"])
                self.screen.fact(f"{event['time'][11:23]}  {event['kind']:<16} {event.get('note', '')}")
        connection.close()
        self.check(kinds == ["ORDER_RECEIVED", "GOODS_RESERVED", "PAYMENT_TAKEN", "ORDER_CONFIRMED", "ORDER_SHIPPED"],
                   "it was seen from the till to the door", str(kinds))

    def bad_luck(self, count):
        self.screen.section(f"Bad luck: {count} more orders, and three actors are killed meanwhile")
        restarts = []

        def kill(service):
            killed = self.shop.kill(service)
            took = self.shop.wait_for_restart(service, killed)
            restarts.append((service, killed, self.shop.instances(service)[0], took))

        at = {count * (number + 1) // (len(KILLED) + 1): (lambda service=service: kill(service))
              for number, service in enumerate(KILLED)}
        before = len(self.outcomes)
        kinds = self.drive(count, "orders", at=at)
        repeated = [outcome for _, outcome in self.outcomes[before:] if outcome.repeats]
        for service, killed, now, took in restarts:
            self.check(now["restarts"] >= 1, f"{service}: actor {killed} was killed, its supervisor had actor "
                       f"{now['actor']} in its place within {took * 1000:.0f} ms")
        self.check(len(restarts) == len(KILLED), "all three were restarted", str(restarts))
        self.check(kinds["failed"] == 0, f"no order failed: {kinds['placed']} placed, {kinds['refused']} refused, "
                   f"{kinds['out of stock']} out of stock", self.first_failure())
        self.screen.fact(f"{len(repeated)} of them were told UNAVAILABLE, and that it is safe to ask again; they did")

    def a_node_dies(self):
        self.screen.section("A node dies: customers leaf through the catalogue at the front, which two other nodes keep")
        NodeLoss(self.shop, self.screen, "clerk-2").play(sorted(self.stock()), self.check)

    def books(self, before):
        self.screen.section("The books")
        after = self.stock()
        wrong = {product: (before[product], self.sold[product], after[product]) for product in before
                 if before[product] - self.sold[product] != after[product]}
        self.check(not wrong, f"stock before - sold = stock after, for each of {len(before)} products and "
                   f"{sum(self.sold.values())} pieces", f"(before, sold, after): {wrong}")

    def first_failure(self):
        return next((f"({outcome.note})" for _, outcome in self.outcomes if outcome.kind == "failed"), "")

    def summary(self):
        self.screen.section("Summary")
        rows = []
        for door in ("REST", "gRPC"):
            of_door = [outcome for name, outcome in self.outcomes if name == door]
            kinds = collections.Counter(outcome.kind for outcome in of_door)
            times = sorted(outcome.seconds * 1000 for outcome in of_door)
            rows.append([door, len(of_door), *(kinds[kind] for kind in
                                               ("placed", "refused", "out of stock", "cancelled", "failed")),
                         f"{times[len(times) // 2]:.1f} ms", f"{times[len(times) * 99 // 100]:.1f} ms"])
        self.screen.table(["door", "requests", "placed", "refused", "out of stock", "cancelled", "failed", "p50", "p99"],
                          rows)

    def addresses(self, running):
        http_door, admin = f"http://127.0.0.1:{self.shop.http}", f"http://127.0.0.1:{self.shop.admin}"
        self.screen.section("Try it yourself" if running else "Try it yourself (scripts/demo --keep leaves it running)")
        for line in (f"REST     {http_door}       documentation: {http_door}/docs",
                     f"gRPC     127.0.0.1:{self.shop.grpc}            with reflection",
                     f"operate  {admin}       /metrics  /admin/supervision  /admin/members", "",
                     f"curl -s '{http_door}/v1/products?pageSize=3'",
                     f"curl -s {http_door}/v1/orders -H 'Content-Type: application/json' -d '" + json.dumps(
                         {"orderId": "mine-1", "customerId": "me", "items": [{"productId": "faust", "quantity": 1}],
                          "payment": GOOD_CARD}) + "'",
                     f"curl -sN {http_door}/v1/orders/mine-1/events -H 'Accept: text/event-stream'",
                     f"curl -s -X POST {http_door}/v1/orders/mine-1:cancel -H 'Content-Type: application/json' "
                     "-d '{\"reason\": \"changed my mind\"}'",
                     f"curl -s {admin}/admin/supervision", f"build/release/apps/troupe/troupe members --admin "
                     f"127.0.0.1:{self.shop.admin}"):
            self.screen.line(f"  {line}" if line else "")


def free(port):
    """The port if nobody listens on it, else 0: the kernel chooses."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def wait_for_interrupt(shop, screen):
    screen.line()
    screen.line(screen.bold("The shop stays open. Ctrl-C closes it."))
    try:
        return shop.wait(limit=None)
    except KeyboardInterrupt:
        return None


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--orders", type=int, default=400, help="orders of the ordinary day, at least 200 (default: 400)")
    parser.add_argument("--seed", type=int, default=7, help="what the customers do (default: 7)")
    parser.add_argument("--keep", action="store_true", help="leave the shop running until Ctrl-C")
    options = parser.parse_args()
    if options.orders < 200:
        parser.error("--orders must be at least 200, or the rarest goods do not run out")
    screen = Screen()
    screen.section("Opening the shop")
    began = time.monotonic()
    ports = (free(8080), free(9090), free(9901)) if options.keep else (0, 0, 0)
    with ShopCluster(options.program, NODES, FLAGS, ports) as shop:
        shop.wait_until_together()
        screen.good(f"three nodes found each other and serve after {(time.monotonic() - began) * 1000:.0f} ms: REST on port "
                    f"{shop.http}, gRPC on port {shop.grpc}")
        for name, services in NODES.items():
            screen.fact(f"{name:<8} {', '.join(services)}")
        demo = Demo(shop, screen, options.seed)
        stock = demo.stock()
        demo.an_ordinary_day(options.orders)
        demo.one_order()
        demo.bad_luck(max(options.orders // 2, 8))
        demo.a_node_dies()
        demo.books(stock)
        demo.summary()
        demo.addresses(options.keep)
        if options.keep and wait_for_interrupt(shop, screen) is not None:
            demo.failures.append("the shop closed by itself")
        screen.section("Closing the shop")
        code = shop.stop()
        demo.check(code == 0, "SIGTERM: what was in flight was finished; all exit codes are 0", f"({code} is one)")
    screen.line()
    if demo.failures:
        screen.line(f"{len(demo.failures)} things did not hold: " + "; ".join(demo.failures))
        return 1
    screen.line("Everything held.")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell has it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the shop is closed on the way out
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
