"""The node benchmark: calls, REST and gRPC through an actor beside their peers, alternating in one run."""
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["TROUPE_BUILD"]) / "bench" / "node"
ROUNDS = 3
WRK_SECONDS = 4
GRPC_CALLS = 60_000
GRPC_IN_FLIGHT = 64


def note(text):
    print(text, flush=True)


def row(name, unit, ours, peer, target):
    ratio = statistics.median(a / b for a, b in zip(ours, peer))
    print(json.dumps({"name": name, "unit": unit, "ours": statistics.median(ours), "peer": statistics.median(peer),
                      "ratio": round(ratio, 3), "target": target}), flush=True)


def wait_until(ready, what, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        result = ready()
        if result:
            return result
        time.sleep(0.05)
    sys.exit(f"bench node: {what} did not come up")


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read()
    except OSError:
        return None


def wrk(url):
    out = subprocess.run(["wrk", "-t2", "-c64", f"-d{WRK_SECONDS}s", url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"bench node: errors from {url}\n{out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


class Servers:
    """The processes of one run, ended with it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.terminate()
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def start(self, arguments, **options):
        process = subprocess.Popen([str(word) for word in arguments], **options)
        self.running.append(process)
        return process

    def troupe(self):
        ports = self.folder / "ports.json"
        self.start([BUILD / "bench_node_server", "--http.port=0", "--grpc.port=0", "--admin.port=0", "--log.level=warning",
                    f"--ports-file={ports}"])
        wait_until(ports.exists, "the node")
        return json.loads(ports.read_text())

    def printed_port(self, arguments, **options):
        process = self.start(arguments, stdout=subprocess.PIPE, text=True, **options)
        return int(process.stdout.readline())

    def nginx(self, body):
        root = self.folder / "www" / "v1" / "quotes"
        root.mkdir(parents=True)
        (root / "42").write_bytes(body)
        port = free_port()
        conf = self.folder / "nginx.conf"
        conf.write_text(f"""
daemon off; worker_processes auto; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; default_type application/json;
  open_file_cache max=100; client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p;
  fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  server {{ listen 127.0.0.1:{port} reuseport; root {self.folder}/www; }} }}
""")
        subprocess.run(["chmod", "-R", "a+rX", self.folder], check=True)
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.start([program, "-c", conf, "-p", self.folder], stderr=subprocess.DEVNULL)
        wait_until(lambda: fetch(f"http://127.0.0.1:{port}/v1/quotes/42") == body, "nginx")
        return port


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def install_fastify():
    modules = BUILD / "fastify"
    modules.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "fastify.mjs"):
        shutil.copy(HERE / name, modules / name)
    if not (modules / "node_modules" / "fastify").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=modules, check=True,
                       stdout=subprocess.DEVNULL)
    return modules


def rest_rows(servers, port):
    url = f"http://127.0.0.1:{port}/v1/quotes/42"
    body = fetch(url)
    note(f"the reply has {len(body)} bytes: {body.decode()}")
    fastify = servers.printed_port(["node", install_fastify() / "fastify.mjs", body.decode()])
    if fetch(f"http://127.0.0.1:{fastify}/v1/quotes/42") != body:
        note("fastify's reply differs in form: " + str(fetch(f"http://127.0.0.1:{fastify}/v1/quotes/42")))
    nginx = servers.nginx(body)
    ours, static, node = [], [], []
    wrk(url)
    for _ in range(ROUNDS):
        ours.append(wrk(url))
        static.append(wrk(f"http://127.0.0.1:{nginx}/v1/quotes/42"))
        node.append(wrk(f"http://127.0.0.1:{fastify}/v1/quotes/42"))
    row("REST GET through an actor, beside nginx with a file", "requests/s", ours, static, ">= 0.5")
    row("REST GET through an actor, beside fastify", "requests/s", ours, node, ">= 3")


def grpc_row(servers, port):
    bare = servers.printed_port([BUILD / "bench_bare_grpc"])

    def load(target):
        out = subprocess.run([BUILD / "bench_grpc_load", str(target), str(GRPC_CALLS), str(GRPC_IN_FLIGHT)],
                             capture_output=True, text=True, check=True).stdout
        return float(out)

    ours, peer = [], []
    for _ in range(ROUNDS):
        ours.append(load(port))
        peer.append(load(bare))
    row("gRPC unary through an actor, beside a bare callback service", "calls/s", ours, peer, ">= 0.9")


def main():
    subprocess.run([BUILD / "bench_node_calls"], check=True)
    with tempfile.TemporaryDirectory() as folder, Servers(folder) as servers:
        ports = servers.troupe()
        grpc_row(servers, ports["grpc"])
        rest_rows(servers, ports["http"])


if __name__ == "__main__":
    main()
