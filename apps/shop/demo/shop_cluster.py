"""The shop as a cluster of processes on this machine, which find each other by discovery. For the demonstration and for
tests.
"""
import re
import time

from shop_process import ShopProcess

DISCOVERY = ("--link.enabled=true", "--link.port=0", "--discovery.enabled=true", "--discovery.port=0")


class ShopCluster:
    """Nodes by name, each started with the gossip of those that run as its seeds. The first one is the door: it offers all
    services. `services` are what each node plays; `flags` are for all of them.
    """

    def __init__(self, program, services, flags=(), ports=(0, 0, 0)):
        self.services = services
        self._program, self._flags = program, tuple(flags)
        self._ports = ports
        self.nodes = {}
        self.door_name = next(iter(services))
        try:
            for name in services:
                self.start(name)
        except BaseException:
            self.close()
            raise

    def start(self, name):
        """Starts a node, also one that has ended."""
        seeds = ",".join(f"127.0.0.1:{node.gossip}" for other, node in self.nodes.items() if other != name and node.runs())
        ports = self._ports if name == self.door_name else (0, 0, 0)
        flags = [f"--node.name={name}", f"--node.services={','.join(self.services[name])}", "--node.offers=*", *DISCOVERY,
                 *self._flags]
        if seeds:
            flags.append(f"--discovery.seeds={seeds}")
        if name in self.nodes:
            self.nodes[name].close()
        self.nodes[name] = ShopProcess(self._program, flags, *ports)
        return self.nodes[name]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for node in self.nodes.values():
            node.close()

    # -- the door

    @property
    def door(self):
        return self.nodes[self.door_name]

    @property
    def http(self):
        return self.door.http

    @property
    def grpc(self):
        return self.door.grpc

    @property
    def admin(self):
        return self.door.admin

    @property
    def process(self):
        return self.door.process

    # -- actors, on whichever node plays the service

    def player(self, service):
        return next(self.nodes[name] for name, services in self.services.items() if service in services)

    def instances(self, service):
        return self.player(service).instances(service)

    def kill(self, service):
        return self.player(service).kill(service)

    def wait_for_restart(self, service, killed, limit=30.0):
        return self.player(service).wait_for_restart(service, killed, limit)

    # -- the cluster

    def states(self, seen_by=None):
        """What a node (the door) holds the members for: {name: state}."""
        return {member["name"]: member["state"] for member in (seen_by or self.door).members()}

    def ready_places(self, service, seen_by=None):
        """The nodes that take calls for a service."""
        return {place["node"] for place in (seen_by or self.door).places(service) if place["health"] == "ready"}

    def wait_until(self, condition, what, limit=60.0):
        began = time.monotonic()
        while not condition():
            if time.monotonic() > began + limit:
                logs = "\n".join(f"--- {name}\n{node.log()}" for name, node in self.nodes.items())
                raise RuntimeError(f"not within {limit:.0f} s: {what}; the members are {self.states()}\n{logs}")
            time.sleep(0.01)
        return time.monotonic() - began

    def wait_until_together(self, limit=60.0):
        """Until all nodes that run see each other, are connected, and know what all play. Returns the seconds it took."""
        running = {name: node for name, node in self.nodes.items() if node.runs()}

        def together():
            for name, node in running.items():
                seen = {member["name"]: member for member in node.members()}
                for other in running:
                    if other not in seen or seen[other]["state"] != "alive" or not seen[other]["connected"]:
                        return False
                for other in running:
                    for service in self.services[other]:
                        if other not in self.ready_places(service, node):
                            return False
            return True

        return self.wait_until(together, "all nodes together", limit)

    def served(self, name, service):
        """How many requests a node's actors of a service have got since it started; 0 while it does not run."""
        node = self.nodes[name]
        if not node.runs():
            return 0
        try:
            _, text = node.operate("GET", "/metrics")
        except OSError:
            return 0
        return sum(float(count) for count in re.findall(
            rf'^troupe_mailbox_accepted_total{{[^}}]*service="{re.escape(service)}"[^}}]*}} (\S+)$', text, re.MULTILINE))

    def stop(self):
        """Ends all in good order, the door first. The largest exit code."""
        codes = []
        for node in self.nodes.values():
            codes.append(node.stop() if node.runs() else node.process.returncode)
        return max(codes, key=abs)

    def wait(self, limit):
        return self.door.wait(limit)
