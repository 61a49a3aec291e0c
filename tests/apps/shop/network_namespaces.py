"""Hosts in one machine: network namespaces that a cable or a switch joins, which loses what a test wants it to lose. Needs
root, iproute2 and nftables.
"""
import contextlib
import ctypes
import os
import pathlib
import re
import subprocess

PREFIX = "troupe-"
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


class NotAllowed(Exception):
    """Namespaces cannot be made here; says why."""


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def remove_those_left_behind():
    """Namespaces of tests that were killed."""
    folder = pathlib.Path("/run/netns")
    for each in folder.glob(f"{PREFIX}*-*") if folder.exists() else ():
        owner = each.name[len(PREFIX):].split("-")[0]
        if owner.isdigit() and not pathlib.Path(f"/proc/{owner}").exists():
            subprocess.run(["ip", "netns", "del", each.name], capture_output=True, timeout=30, check=False)


class Host:
    """One end of the cable."""

    def __init__(self, name, address):
        self.name, self.address = name, address

    @contextlib.contextmanager
    def inside(self):
        """What this thread opens or starts meanwhile, is opened or started on this host."""
        with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{self.name}", "rb") as here:
            self._enter(here)
            try:
                yield
            finally:
                self._enter(home)

    @staticmethod
    def _enter(namespace):
        if LIBC.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def lose(self, percent):
        """Loses so many of a hundred packets on their way to this host, at random; 0 heals."""
        what = {0: "", 100: "counter drop"}.get(percent, f"numgen random mod 100 < {percent} counter drop")
        rules = "table inet faults\ndelete table inet faults\n"
        if what:
            rules += f"table inet faults {{ chain input {{ type filter hook input priority 0; iifname != lo {what}; }}; }}\n"
        run("ip", "netns", "exec", self.name, "nft", "-f", "-", text=rules)

    def cut_off(self, addresses):
        """Loses all packets that come from these addresses; none heals."""
        rules = "table inet partition\ndelete table inet partition\n"
        if addresses:
            rules += ("table inet partition { chain input { type filter hook input priority 0; "
                      f"ip saddr {{ {', '.join(addresses)} }} counter drop; }}; }}\n")
        run("ip", "netns", "exec", self.name, "nft", "-f", "-", text=rules)

    def lose_datagrams(self, port):
        """Loses all datagrams to this port, as a firewall that knows TCP only; heal() of the switch ends it."""
        run("ip", "netns", "exec", self.name, "nft", "-f", "-", text=(
            "table inet partition\ndelete table inet partition\n"
            f"table inet partition {{ chain input {{ type filter hook input priority 0; udp dport {port} counter drop; }}; }}\n"))

    def lost(self):
        """How many packets were lost by the last lose()."""
        return int(re.search(r"counter packets (\d+)", run("ip", "netns", "exec", self.name, "nft", "list", "ruleset"))[1])


class Cable:
    """Two hosts, `left` and `right`, until close()."""

    def __init__(self):
        remove_those_left_behind()
        names = [f"{PREFIX}{os.getpid()}-{side}" for side in ("left", "right")]
        self.left, self.right = Host(names[0], "10.213.77.1"), Host(names[1], "10.213.77.2")
        try:
            for host in (self.left, self.right):
                run("ip", "netns", "add", host.name)
                run("ip", "netns", "exec", host.name, "nft", "list", "ruleset")
            run("ip", "link", "add", "cable", "netns", names[0], "type", "veth", "peer", "name", "cable", "netns", names[1])
        except OSError as error:
            self.close()
            raise NotAllowed(f"network namespaces cannot be used here ({error})") from error
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self):
        for host in (self.left, self.right):
            run("ip", "-n", host.name, "address", "add", f"{host.address}/24", "dev", "cable")
            run("ip", "-n", host.name, "link", "set", "cable", "up")
            run("ip", "-n", host.name, "link", "set", "lo", "up")

    def heal(self):
        for host in (self.left, self.right):
            host.lose(0)

    def close(self):
        """What is not there is left alone."""
        for host in (self.left, self.right):
            subprocess.run(["ip", "netns", "del", host.name], capture_output=True, timeout=30, check=False)


class Switch:
    """Hosts that a switch joins, by name, until close()."""

    def __init__(self, names):
        remove_those_left_behind()
        self._switch = f"{PREFIX}{os.getpid()}-switch"
        self.hosts = {name: Host(f"{PREFIX}{os.getpid()}-{name}", f"10.213.78.{number}")
                      for number, name in enumerate(names, 1)}
        try:
            run("ip", "netns", "add", self._switch)
            run("ip", "netns", "exec", self._switch, "nft", "list", "ruleset")
        except OSError as error:
            self.close()
            raise NotAllowed(f"network namespaces cannot be used here ({error})") from error
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self):
        run("ip", "-n", self._switch, "link", "add", "switch", "type", "bridge")
        run("ip", "-n", self._switch, "link", "set", "switch", "up")
        for number, host in enumerate(self.hosts.values(), 1):
            run("ip", "netns", "add", host.name)
            run("ip", "link", "add", "cable", "netns", host.name, "type", "veth", "peer", "name", f"port{number}", "netns",
                self._switch)
            run("ip", "-n", self._switch, "link", "set", f"port{number}", "master", "switch", "up")
            run("ip", "-n", host.name, "address", "add", f"{host.address}/24", "dev", "cable")
            run("ip", "-n", host.name, "link", "set", "cable", "up")
            run("ip", "-n", host.name, "link", "set", "lo", "up")

    def partition(self, *sides):
        """Cuts the hosts of each side (their names) off from all others; a host that is on no side hears everybody. Hosts
        that are on one side of one partition hear each other."""
        for side in sides:
            for name in side:
                self.hosts[name].cut_off([host.address for other, host in self.hosts.items() if other not in side])

    def heal(self):
        for host in self.hosts.values():
            host.cut_off([])
            host.lose(0)

    def close(self):
        """What is not there is left alone."""
        for name in [host.name for host in self.hosts.values()] + [self._switch]:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=30, check=False)
