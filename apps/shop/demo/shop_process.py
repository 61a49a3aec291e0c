"""The shop as a process of its own: started on ports that the kernel chooses, looked at through its operators' door,
stopped by signal. For the demonstration and for tests.
"""
import http.client
import json
import pathlib
import signal
import subprocess
import tempfile
import time

START_LIMIT = 60.0
STOP_LIMIT = 60.0


class ShopProcess:
    """Runs `program` until the end of the `with` block. `arguments` are further flags of the node."""

    def __init__(self, program, arguments=(), http=0, grpc=0, admin=0):
        self._folder = tempfile.TemporaryDirectory(prefix="shop-")
        folder = pathlib.Path(self._folder.name)
        self.log_path = folder / "log"
        ports_path = folder / "ports.json"
        command = [str(program), f"--http.port={http}", f"--grpc.port={grpc}", f"--admin.port={admin}",
                   f"--ports-file={ports_path}", *arguments]
        with open(self.log_path, "wb") as log:
            # A group of its own: Ctrl-C in the terminal is for the one who started us.
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        try:
            self._wait_until_it_serves(ports_path)
        except BaseException:
            self.close()
            raise

    def _wait_until_it_serves(self, ports_path):
        limit = time.monotonic() + START_LIMIT
        while not ports_path.exists():
            # One that served and ended at once has left its ports behind.
            if self.process.poll() is not None and not ports_path.exists():
                raise RuntimeError(f"the shop ended with exit code {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > limit:
                raise RuntimeError(f"the shop does not serve after {START_LIMIT:.0f} s:\n{self.log()}")
            time.sleep(0.01)
        ports = json.loads(ports_path.read_text())
        self.http, self.grpc, self.admin = ports["http"], ports["grpc"], ports["admin"]
        self.link, self.gossip = ports["link"], ports["gossip"]

    def runs(self):
        return self.process.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_for_line(self, words, limit=30.0):
        """Waits until the log, which the node writes behind its work, has these words."""
        began = time.monotonic()
        while words not in self.log():
            if time.monotonic() > began + limit:
                raise RuntimeError(f"no line with '{words}' within {limit:.0f} s:\n{self.log()}")
            time.sleep(0.01)

    def operate(self, method, path, body=None):
        """A request to the operators' door; returns the status and the parsed answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=30)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read()
            is_json = "json" in answer.getheader("Content-Type", "")
            return answer.status, json.loads(text) if is_json else text.decode()
        finally:
            connection.close()

    def instances(self, service):
        """The actors that play a service, as the supervision tree shows them."""
        status, tree = self.operate("GET", "/admin/supervision")
        if status != 200:
            raise RuntimeError(f"no supervision tree: {tree}")
        for module in tree["children"]:
            if module["name"] == service:
                return module["children"]
        raise RuntimeError(f"{service} is not in the supervision tree")

    def kill(self, service):
        """Ends the first actor of a service as a crash would. Returns its id."""
        actor = self.instances(service)[0]["actor"]
        status, answer = self.operate("POST", f"/admin/actors/{actor}:kill")
        if status != 200:
            raise RuntimeError(f"the actor {actor} of {service} was not killed: {answer}")
        return actor

    def wait_for_restart(self, service, killed, limit=30.0):
        """Waits until another actor than `killed` plays the service. Returns how long it took, in seconds."""
        began = time.monotonic()
        while time.monotonic() < began + limit:
            instance = self.instances(service)[0]
            if instance.get("actor") not in (None, killed) and instance["state"] == "running":
                return time.monotonic() - began
            time.sleep(0.002)
        raise RuntimeError(f"{service} was not started again within {limit:.0f} s:\n{self.log()}")

    def peers(self):
        """What the node knows of the nodes it talks to."""
        status, peers = self.operate("GET", "/admin/peers")
        if status != 200:
            raise RuntimeError(f"no list of peers: {peers}")
        return peers

    def wait_for_peers(self, count, limit=30.0):
        """Waits until the node is connected to so many others."""
        began = time.monotonic()
        while sum(peer["connected"] for peer in self.peers()) != count:
            if time.monotonic() > began + limit:
                raise RuntimeError(f"not connected to {count} nodes within {limit:.0f} s: {self.peers()}\n{self.log()}")
            time.sleep(0.005)

    def members(self):
        """The cluster's members as the node sees them."""
        status, view = self.operate("GET", "/admin/members")
        if status != 200:
            raise RuntimeError(f"no list of members: {view}")
        return view["members"]

    def places(self, service):
        """Where the node knows a service to be played."""
        status, answer = self.operate("GET", "/admin/services")
        if status != 200:
            raise RuntimeError(f"no list of services: {answer}")
        return next((each["places"] for each in answer["services"] if each["service"] == service), [])

    def kill_process(self):
        """Ends the process as kill -9 does."""
        self.process.kill()
        self.process.wait()

    def tell_to_stop(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, limit=STOP_LIMIT):
        """The exit code, once the process has ended."""
        return self.process.wait(limit)

    def stop(self):
        self.tell_to_stop()
        return self.wait()

    def close(self):
        """Ends the process if it still runs, by force."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()
