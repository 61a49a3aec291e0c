"""The link benchmark: two processes of Troupe beside two of its peers, taking turns in one run.

Every program that measures reads "MEASUREMENT COUNT" lines and prints a number for each (measurements.hpp), so that all
can stay up while they take turns. `run.py --rounds N` (7 unless said otherwise).
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["TROUPE_BUILD"]) / "bench" / "link"
ERLANG = HERE.parent / "peers" / "erlang"
PATIENCE_SECONDS = 60

# How much is measured in one turn: about a second of each.
ROUND_TRIPS = 30_000
ONE_WAY = {"troupe": 2_000_000, "tls": 2_000_000, "erlang": 400_000, "basp": 100_000}
ACTORS_ONE_WAY = 500_000
CALLS = 300_000


def note(text):
    print(text, flush=True)


class Processes:
    """What one run starts, ended with it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Most end with their input; those that do not are told to.
        for process in self.running:
            for stream in (process.stdin, process.stdout):
                if stream:
                    with contextlib.suppress(OSError):
                        stream.close()
        for process in reversed(self.running):
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def start(self, arguments, **options):
        process = subprocess.Popen([str(word) for word in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True, **options)
        self.running.append(process)
        return process


class Pair:
    """A server process and a driver process that measures against it."""

    def __init__(self, name, server, driver):
        self.name, self.server, self.driver = name, server, driver
        if driver.stdout.readline().strip() != "ready":
            sys.exit(f"bench link: {name} did not come up")

    def measure(self, measurement, count):
        cpu = self.cpu_seconds()
        print(f"{measurement} {count}", file=self.driver.stdin, flush=True)
        line = self.driver.stdout.readline()
        if not line:
            sys.exit(f"bench link: {self.name} ended while it measured {measurement}")
        self.cpu_microseconds = [(now - before) * 1e6 / count for now, before in zip(self.cpu_seconds(), cpu)]
        return float(line)

    def cpu_seconds(self):
        """What the driver and the server have used so far."""
        return [sum(int(field) for field in
                    pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13])
                / os.sysconf("SC_CLK_TCK") for process in (self.driver, self.server)]


def programs(processes, name, program, *more):
    server = processes.start([BUILD / program, "serve", *more])
    port = server.stdout.readline().strip()
    return Pair(name, server, processes.start([BUILD / program, "drive", port, *more]))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def erlang(processes):
    """Two nodes and a port mapper of their own, which no other Erlang of this machine meets."""
    for tool in ("erl", "erlc", "epmd"):
        if not shutil.which(tool):
            sys.exit("bench link: Erlang is not there; scripts/setup bench installs it")
    port = free_port()
    environment = dict(os.environ, ERL_EPMD_PORT=str(port), ERL_CRASH_DUMP_SECONDS="0", HOME=str(processes.folder))
    subprocess.run(["erlc", "-o", processes.folder, ERLANG / "link_peer.erl"], check=True)
    processes.start(["epmd", "-address", "127.0.0.1"], env=environment)
    until = time.monotonic() + PATIENCE_SECONDS
    while subprocess.run(["epmd", "-names"], env=environment, capture_output=True, check=False).returncode != 0:
        if time.monotonic() > until:
            sys.exit("bench link: epmd did not come up")
        time.sleep(0.05)

    def node(name, *run):
        return processes.start(["erl", "-noshell", "-start_epmd", "false", "-setcookie", "bench", "-name",
                                f"{name}@127.0.0.1", "-kernel", "inet_dist_use_interface", "{127,0,0,1}",
                                "-pa", processes.folder, "-s", "link_peer", *run], env=environment)

    server = node("server", "serve")
    if server.stdout.readline().strip() != "ready":
        sys.exit("bench link: the Erlang node did not come up")
    return Pair("erlang", server, node("driver", "drive", "server@127.0.0.1"))


def make_certificates(folder):
    """An authority, and a certificate for each node that proves its name."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", "authority.key", "-out", "authority.pem", "-days", "2", "-subj",
            "/CN=bench", "-addext", "basicConstraints=critical,CA:true")
    for node in ("server", "driver"):
        (folder / f"{node}.ext").write_text(f"subjectAltName=DNS:{node}\n")
        openssl("req", *new_key, "-keyout", f"{node}.key", "-out", f"{node}.csr", "-subj", f"/CN={node}")
        openssl("x509", "-req", "-in", f"{node}.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
                "-CAcreateserial", "-out", f"{node}.pem", "-days", "2", "-extfile", f"{node}.ext")
    return folder


class Results:
    """The numbers of all rounds, by pair and measurement."""

    def __init__(self):
        self.numbers = {}
        self.cpu = {}

    def measure(self, pair, measurement, count):
        value = pair.measure(measurement, count)
        self.numbers.setdefault((pair.name, measurement), []).append(value)
        self.cpu.setdefault((pair.name, measurement), []).append(pair.cpu_microseconds)

    def forget(self):
        self.numbers.clear()
        self.cpu.clear()

    def median(self, pair, measurement):
        return statistics.median(self.numbers[pair, measurement])

    def row(self, name, unit, ours, peer, target):
        ours, peer = self.numbers[ours], self.numbers[peer]
        ratio = statistics.median(a / b for a, b in zip(ours, peer))
        print(json.dumps({"name": name, "unit": unit, "ours": round(statistics.median(ours), 1),
                          "peer": round(statistics.median(peer), 1), "ratio": round(ratio, 3), "target": target}),
              flush=True)

    def note_all(self):
        """Everything measured, with the processor time of both processes, for those who look for where it goes."""
        for (pair, measurement), values in sorted(self.numbers.items()):
            driver, server = (statistics.median(each) for each in zip(*self.cpu[pair, measurement]))
            unit = "us" if measurement.endswith(("round_trip", "gen_call")) else "/s"
            note(f"{pair:>8} {measurement:18} {statistics.median(values):>12,.1f} {unit}  (from {min(values):,.1f} to "
                 f"{max(values):,.1f}; processor time a message: driver {driver:.2f} us, server {server:.2f} us)")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=7)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, Processes(folder) as processes:
        certificates = make_certificates(processes.folder)
        troupe = programs(processes, "troupe", "bench_link_troupe")
        tls = programs(processes, "tls", "bench_link_troupe", certificates)
        raw = programs(processes, "raw", "bench_link_raw_tcp")
        basp = programs(processes, "basp", "bench_link_basp")
        peer = erlang(processes)
        results = Results()
        # What is compared stands next to each other, so that both meet the same machine. The first round warms up.
        for round_number in range(-1, rounds):
            results.measure(raw, "round_trip", ROUND_TRIPS)
            results.measure(troupe, "round_trip", ROUND_TRIPS)
            results.measure(peer, "round_trip", ROUND_TRIPS)
            results.measure(peer, "gen_call", ROUND_TRIPS)
            results.measure(tls, "round_trip", ROUND_TRIPS)
            results.measure(troupe, "actors_round_trip", ROUND_TRIPS)
            results.measure(basp, "round_trip", ROUND_TRIPS // 4)
            results.measure(peer, "one_way", ONE_WAY["erlang"])
            results.measure(troupe, "take", ONE_WAY["troupe"])
            results.measure(tls, "take", ONE_WAY["tls"])
            results.measure(tls, "give", ONE_WAY["tls"])
            results.measure(troupe, "give", ONE_WAY["troupe"])
            results.measure(troupe, "many_calls", CALLS)
            results.measure(tls, "many_calls", CALLS)
            results.measure(troupe, "actors_one_way", ACTORS_ONE_WAY)
            results.measure(basp, "one_way", ONE_WAY["basp"])
            if round_number < 0:
                results.forget()
        results.row("one-way messages of 64 bytes, beside Erlang's distribution", "messages/s", ("troupe", "take"),
                    ("erlang", "one_way"), ">= 4")
        results.row("the same from the service to its caller", "messages/s", ("troupe", "give"),
                    ("erlang", "one_way"), ">= 4")
        results.row("call with one in flight, beside Erlang's send and receive", "us", ("troupe", "round_trip"),
                    ("erlang", "round_trip"), "<= 1.0")
        results.row("call with one in flight, beside raw TCP", "us", ("troupe", "round_trip"), ("raw", "round_trip"),
                    "<= 1.6")
        results.row("one-way messages with mutual TLS, beside those without", "messages/s", ("tls", "take"),
                    ("troupe", "take"), ">= 0.8")
        results.row("with TLS from the service to its caller, beside without", "messages/s", ("tls", "give"),
                    ("troupe", "give"), ">= 0.8")
        results.note_all()


if __name__ == "__main__":
    main()
