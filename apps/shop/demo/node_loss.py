"""An act of the demonstration: customers leaf through the catalogue, a node that answers them is killed with kill -9, its
calls go to another one; it is started again and takes its share.
"""
import http.client
import json
import threading
import time

SERVICE = "shop.Catalog"
READERS = 6
TICK = 0.25
CALM = 2.5
WITHOUT = 3.0


class Readers:
    """Customers who ask for products through the door, one after the other, each on a connection that stays open."""

    def __init__(self, port, products):
        self.read, self.failures, self.slowest = 0, [], 0.0
        self.read_by = [0] * READERS
        self._port, self._products = port, products
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._leaf, args=(index,)) for index in range(READERS)]
        for thread in self._threads:
            thread.start()

    def _leaf(self, index):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        number = index
        while not self._over.is_set():
            number += 1
            product = self._products[number % len(self._products)]
            began = time.monotonic()
            try:
                connection.request("GET", f"/v1/products/{product}")
                answer = connection.getresponse()
                text = answer.read()
                failure = None if answer.status == 200 else json.loads(text).get("detail", str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                failure = repr(error)
                connection.close()
            with self._lock:
                self.read += 1
                self.read_by[index] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
                if failure:
                    self.failures.append(failure)
        connection.close()

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join(60)


class NodeLoss:
    def __init__(self, cluster, screen, victim):
        self.cluster, self.screen, self.victim = cluster, screen, victim
        self.picture = screen.picture()
        self.rates = {}
        self.began = self.last_look = time.monotonic()
        self.read = 0
        self.served = {}

    def play(self, products, check):
        self.readers = Readers(self.cluster.http, products)
        try:
            self._play(check)
        finally:
            self.readers.stop()
        readers = self.readers
        check(not readers.failures, f"{readers.read} pages were asked for meanwhile, {len(readers.failures)} were not "
              f"answered; the slowest took {readers.slowest * 1000:.0f} ms", "; ".join(sorted(set(readers.failures))[:3]))

    def _play(self, check):
        cluster, victim = self.cluster, self.victim
        self._watch(CALM, "all is well")
        before = self._share()
        check(0.25 < before < 0.75, f"both nodes that play {SERVICE} take their share: {victim} {before * 100:.0f} %")

        node = cluster.nodes[victim]
        node.kill_process()
        killed = time.monotonic()
        self._watch(WITHOUT, f"kill -9 {victim} (process {node.process.pid})")
        check(self._share() == 0, f"{victim} is gone, its calls go to the other one")
        cluster.wait_until(lambda: cluster.states().get(victim) == "dead", f"{victim} is held for dead")
        check(victim not in cluster.ready_places(SERVICE), f"{time.monotonic() - killed:.1f} s after the kill it is held "
              "for dead, and its entries in the registry are gone")

        cluster.start(victim)
        started = time.monotonic()
        cluster.wait_until(lambda: victim in cluster.ready_places(SERVICE), f"{victim} is back")
        self._watch(CALM, f"{victim} was started again")
        after = self._share()
        check(0.25 < after < 0.75, f"{victim} is back {time.monotonic() - started - CALM:.1f} s after its start, and takes "
              f"its share: {after * 100:.0f} %")

    def _share(self):
        total = sum(self.rates.values())
        return self.rates.get(self.victim, 0) / total if total else 0.0

    def _look(self):
        """Calls a second of each node since the last look."""
        now = time.monotonic()
        span = max(now - self.last_look, 1e-3)
        rates = {}
        for name in self.cluster.nodes:
            served = self.cluster.served(name, SERVICE)
            # A node that was started anew counts from 0.
            rates[name] = max(served - self.served.get(name, 0), 0) / span
            self.served[name] = served
        pages = (self.readers.read - self.read) / span
        self.read, self.last_look = self.readers.read, now
        return rates, pages

    def _watch(self, span, what):
        """Draws the cluster for a while. The shares of the whole while are in `rates`."""
        self._look()
        start = dict(self.served)
        end = time.monotonic() + span
        while time.monotonic() < end:
            time.sleep(TICK)
            rates, pages = self._look()
            lines = self._draw(rates, pages, what)
            self.picture.draw(lines)
        self.rates = {name: max(served - start.get(name, 0), 0) for name, served in self.served.items()}
        self.picture.keep(lines)

    def _draw(self, rates, pages, what):
        states = self.cluster.states()
        screen = self.screen
        most = max(max(rates.values()), 1.0)
        lines = [screen.bold(f"  {time.monotonic() - self.began:5.1f} s  {what}") +
                 f"   {pages:.0f} pages/s, {len(self.readers.failures)} failed"]
        for name, node in self.cluster.nodes.items():
            state = states.get(name, "unknown") if node.runs() else f"killed, seen as {states.get(name, 'unknown')}"
            colour = 32 if state == "alive" else 31
            bar = "#" * round(30 * rates[name] / most) if rates[name] else ""
            plays = ", ".join(sorted(service.split(".")[-1] for service in self.cluster.services[name]))
            lines.append(f"    {name:<8} {screen.paint(f'{state:<24}', colour)} {rates[name]:6.0f}/s  {bar:<30}  {plays}")
        return lines
