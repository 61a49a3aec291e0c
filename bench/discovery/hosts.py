"""Hosts in one machine: network namespaces on one bridge, each losing some of what arrives at it. Needs root, iproute2 and
nftables.
"""
import os
import subprocess

PREFIX = "troupe-bench-"


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


class Hosts:
    """So many hosts at 10.213.78.1 and on. The bridge is in a namespace of its own, so that nothing of it is left behind."""

    def __init__(self, count, loss_percent):
        self.switch = f"{PREFIX}{os.getpid()}-switch"
        self.names = [f"{PREFIX}{os.getpid()}-{number}" for number in range(count)]
        self.addresses = [f"10.213.78.{1 + number}" for number in range(count)]
        self.loss_percent = loss_percent

    def __enter__(self):
        try:
            run("ip", "netns", "add", self.switch)
            run("ip", "-n", self.switch, "link", "add", "bridge", "type", "bridge")
            run("ip", "-n", self.switch, "link", "set", "bridge", "up")
            for number, name in enumerate(self.names):
                self._connect(number, name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _connect(self, number, name):
        run("ip", "netns", "add", name)
        run("ip", "link", "add", "cable", "netns", name, "type", "veth", "peer", "name", f"port{number}", "netns", self.switch)
        run("ip", "-n", self.switch, "link", "set", f"port{number}", "master", "bridge", "up")
        run("ip", "-n", name, "address", "add", f"{self.addresses[number]}/24", "dev", "cable")
        run("ip", "-n", name, "link", "set", "cable", "up")
        run("ip", "-n", name, "link", "set", "lo", "up")
        # Of datagrams and of TCP segments alike.
        run("ip", "netns", "exec", name, "nft", "-f", "-", text=(
            "table inet loss { chain input { type filter hook input priority 0; "
            f"iifname != lo numgen random mod 100 < {self.loss_percent} counter drop; }}; }}\n"))

    def __exit__(self, *_):
        for name in [*self.names, self.switch]:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=30, check=False)

    def start(self, number, *command):
        return subprocess.Popen(["ip", "netns", "exec", self.names[number], *map(str, command)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
