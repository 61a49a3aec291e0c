"""A node as a process: configuration, doors, signals and exit codes."""
import concurrent.futures
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "house"))
import cases  # noqa: E402

PROGRAM = sys.argv.pop(1)


def request(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


class Running:
    """One node on ports that the kernel chose."""

    def __init__(self, *flags, config=None, environment=None):
        self.folder = tempfile.TemporaryDirectory()
        self.config = pathlib.Path(self.folder.name) / "node.yaml"
        self.log = pathlib.Path(self.folder.name) / "log"
        ports = pathlib.Path(self.folder.name) / "ports.json"
        flags = ["--http.port=0", "--grpc.port=0", "--admin.port=0", f"--ports-file={ports}", *flags]
        if config is not None:
            self.config.write_text(config)
            flags.append(f"--config={self.config}")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([PROGRAM, *flags], stderr=log, stdout=subprocess.DEVNULL,
                                            env=dict(os.environ, **(environment or {})))
        until = time.monotonic() + 60
        while not ports.exists() and self.process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        if not ports.exists():
            raise AssertionError("the node did not come up:\n" + self.log.read_text())
        bound = json.loads(ports.read_text())
        self.http, self.grpc, self.admin, self.link = (bound[door] for door in ("http", "grpc", "admin", "link"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    def get(self, path, **options):
        return request(self.http, "GET", path, **options)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def logged(self, text, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if text in self.log.read_text():
                return True
            time.sleep(0.02)
        return False


def refused(*flags, environment=None):
    return subprocess.run([PROGRAM, *flags], capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, **(environment or {})))


class ServiceManager(unittest.TestCase):
    """What systemd does for a unit of Type=notify."""

    def check(self, address, name):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(address)
            manager.settimeout(20)
            with Running(environment={"NOTIFY_SOCKET": name}) as node:
                self.assertEqual(manager.recv(4096), b"READY=1")
                self.assertEqual(node.get("/healthz/ready")[0], 200)
                self.assertEqual(node.stop(), 0)
                self.assertEqual(manager.recv(4096), b"STOPPING=1")
            manager.setblocking(False)
            with self.assertRaises(BlockingIOError):
                manager.recv(4096)

    def test_it_is_told_when_the_node_serves_and_when_it_stops(self):
        with tempfile.TemporaryDirectory() as folder:
            self.check(f"{folder}/notify", f"{folder}/notify")

    def test_its_socket_may_have_an_abstract_address(self):
        name = f"troupe-test-{os.getpid()}"
        self.check("\0" + name, "@" + name)

    def test_a_manager_that_is_not_there_is_none(self):
        for name in ("", "@", "/nowhere/notify", "vsock:2:1", "/" + "x" * 200, "@" + "x" * 200):
            with self.subTest(name=name), Running(environment={"NOTIFY_SOCKET": name}) as node:
                self.assertEqual(node.stop(), 0)


class Configuration(unittest.TestCase):
    def test_help_names_the_services_and_every_setting(self):
        out = refused("--help")
        self.assertEqual(out.returncode, 0)
        for text in ("probe.First", "probe.Second", "--http.port", "--node.drain_timeout", "--ports-file", "SIGTERM"):
            self.assertIn(text, out.stdout)

    def test_unknown_settings_are_errors_with_a_suggestion(self):
        out = refused("--http.prot=1")
        self.assertEqual(out.returncode, 2)
        self.assertIn("http.port", out.stderr)

    def test_a_file_is_checked_with_line_numbers(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("http:\n  port: 99999\nlgo:\n  level: info\n")
            file.flush()
            out = refused("--config", file.name)
        self.assertEqual(out.returncode, 2)
        self.assertIn(f"{file.name}:2:", out.stderr)
        self.assertIn(f"{file.name}:3:", out.stderr)

    def test_flags_win_over_variables_over_files(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("http: {port: 1}\ngrpc: {port: 1}\nadmin: {port: 1}\n")
            file.flush()
            out = refused("--config", file.name, "--print-config", "--http.port=3",
                          environment={"TROUPE_HTTP__PORT": "2", "TROUPE_GRPC__PORT": "2"})
        self.assertEqual(out.returncode, 0)
        groups, group = {}, None
        for line in out.stdout.splitlines():
            if line and not line.startswith((" ", "#")):
                group = line.split(":")[0]
            elif line.strip().startswith("port:"):
                groups[group] = line.split(":")[1].split("#")[0].strip()
        self.assertEqual(groups, {"http": "3", "grpc": "2", "admin": "1", "link": "7400", "discovery": "7401"})

    def test_tokens_are_not_printed(self):
        out = refused("--print-config", environment={"TROUPE_AUTH__TOKENS": "ada:0123456789abcdef0123"})
        self.assertEqual(out.returncode, 0)
        self.assertNotIn("0123456789abcdef", out.stdout)

    def test_plain_text_beyond_loopback_is_refused(self):
        out = refused("--http.port=0", "--grpc.port=0", "--admin.port=0", "--http.address=0.0.0.0")
        self.assertEqual(out.returncode, 2)
        self.assertIn("HTTP door", out.stderr)

    def test_a_port_in_use_is_exit_code_3(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            out = refused("--grpc.port=0", "--admin.port=0", f"--http.port={taken.getsockname()[1]}")
        self.assertEqual(out.returncode, 3)
        self.assertIn("HTTP door", out.stderr)

    def test_a_module_that_does_not_start_is_exit_code_3(self):
        out = refused("--refuse", "--http.port=0", "--grpc.port=0", "--admin.port=0")
        self.assertEqual(out.returncode, 3)
        self.assertIn("the paper is out", out.stderr)


class Serving(unittest.TestCase):
    def test_rest_health_documents_and_metrics(self):
        with Running() as node:
            self.assertEqual(json.loads(node.get("/v1/second/hello")[2]), {"word": "hello"})
            for question in ("live", "ready", "started"):
                self.assertEqual(node.get(f"/healthz/{question}")[0], 200)
                self.assertEqual(request(node.admin, "GET", f"/healthz/{question}")[0], 200)
            self.assertEqual(node.get("/healthz/what")[0], 404)
            document = json.loads(node.get("/openapi.json")[2])
            self.assertEqual(document["openapi"], "3.1.0")
            status, headers, page = node.get("/docs")
            self.assertEqual(status, 200)
            self.assertIn("Content-Security-Policy", headers)
            self.assertIn("<html", page)
            status, headers, _ = node.get("/openapi.json")
            self.assertEqual(node.get("/openapi.json", headers={"If-None-Match": headers["ETag"]})[0], 304)
            text = request(node.admin, "GET", "/metrics")[2]
            self.assertIn('troupe_mailbox_depth{service="probe.First",instance="probe.First/0"} 0', text)
            self.assertRegex(text, r'troupe_http_requests_total\{code="200"\} [1-9]')
            self.assertEqual(node.get("/metrics")[0], 404)  # for operators only
            self.assertEqual(node.stop(), 0)

    def test_bearer_tokens(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("ada:0123456789abcdef0123\n")
            file.flush()
            with Running(f"--auth.tokens_file={file.name}") as node:
                self.assertEqual(node.get("/v1/say/x")[0], 401)
                self.assertEqual(node.get("/v1/say/x", headers={"Authorization": "Bearer nonsense-nonsense"})[0], 401)
                good = {"Authorization": "Bearer 0123456789abcdef0123"}
                self.assertEqual(node.get("/v1/say/x", headers=good)[0], 200)
                self.assertEqual(node.get("/healthz/ready")[0], 200)
                self.assertNotIn("0123456789abcdef", node.log.read_text())

    def test_an_operator_kills_an_actor_and_the_supervisor_restarts_it(self):
        with Running() as node:
            def worker():
                tree = json.loads(request(node.admin, "GET", "/admin/supervision")[2])
                return tree["children"][0]["children"][0]
            before = worker()
            self.assertEqual(before["restarts"], 0)
            self.assertEqual(request(node.admin, "POST", f"/admin/actors/{before['actor']}:kill")[0], 200)
            for _ in range(50):
                self.assertEqual(node.get("/v1/second/again")[0], 200)
            after = worker()
            self.assertEqual(after["restarts"], 1)
            self.assertNotEqual(after["actor"], before["actor"])
            self.assertEqual(request(node.admin, "POST", "/admin/actors/99999999:kill")[0], 404)
            self.assertEqual(request(node.admin, "GET", "/admin/actors/1:kill")[0], 405)
            self.assertEqual(request(node.admin, "POST", "/admin/actors/x:kill")[0], 400)

    def test_log_levels_change_at_run_time(self):
        with Running() as node:
            self.assertEqual(request(node.admin, "PUT", "/admin/log-levels/supervision", "debug\n")[0], 200)
            levels = json.loads(request(node.admin, "GET", "/admin/log-levels")[2])
            self.assertEqual((levels["*"], levels["supervision"]), ("info", "debug"))
            self.assertEqual(request(node.admin, "PUT", "/admin/log-levels/*", "loud")[0], 400)

    def test_sighup_reloads_levels_and_keeps_the_old_ones_when_the_file_is_wrong(self):
        with Running(config="log: {level: info}\n") as node:
            node.config.write_text("log: {level: debug}\nhttp: {connections: 5}\n")
            node.process.send_signal(signal.SIGHUP)
            self.assertTrue(node.logged("reloaded the configuration"))
            self.assertTrue(node.logged("http.connections"))
            self.assertEqual(json.loads(request(node.admin, "GET", "/admin/log-levels")[2])["*"], "debug")
            node.config.write_text("log: {level: loud}\n")
            node.process.send_signal(signal.SIGHUP)
            self.assertTrue(node.logged("the old one stays in force"))
            self.assertEqual(json.loads(request(node.admin, "GET", "/admin/log-levels")[2])["*"], "debug")


class Ending(unittest.TestCase):
    def test_sigterm_finishes_what_is_in_flight(self):
        with Running() as node, concurrent.futures.ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(node.get, f"/v1/wait/{i}") for i in range(8)]
            until = time.monotonic() + 20
            while time.monotonic() < until:
                text = request(node.admin, "GET", "/metrics")[2]
                if 'troupe_mailbox_accepted_total{service="probe.First",instance="probe.First/0"} 9' in text:
                    break
                time.sleep(0.02)
            self.assertEqual(node.stop(), 0)
            self.assertEqual([answer.result()[0] for answer in waiting], [200] * 8)

    def test_a_second_sigterm_stops_at_once_with_exit_code_4(self):
        with Running() as node, concurrent.futures.ThreadPoolExecutor(1) as pool:
            def stall():
                with socket.create_connection(("127.0.0.1", node.http)) as half:
                    half.sendall(b"POST /v1/crash HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
                    half.settimeout(30)
                    try:
                        half.recv(1)
                    except OSError:
                        pass
            stalled = pool.submit(stall)
            until = time.monotonic() + 20
            while "troupe_http_connections 1" not in request(node.admin, "GET", "/metrics")[2]:
                self.assertLess(time.monotonic(), until)
                time.sleep(0.02)
            node.process.send_signal(signal.SIGTERM)
            self.assertTrue(node.logged("draining"))
            node.process.send_signal(signal.SIGTERM)
            self.assertEqual(node.process.wait(30), 4)
            stalled.result()

    def test_a_module_that_keeps_failing_is_exit_code_1(self):
        with Running("--node.restart_intensity=2") as node:
            until = time.monotonic() + 60
            while node.process.poll() is None and time.monotonic() < until:
                try:
                    request(node.http, "POST", "/v1/crash", "{}", {"Content-Type": "application/json"})
                except OSError:
                    pass
            self.assertEqual(node.process.wait(60), 1)
            self.assertIn("the node gives up", node.log.read_text())


if __name__ == "__main__":
    cases.main()
