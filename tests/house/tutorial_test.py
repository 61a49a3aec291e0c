"""docs/tutorial.md does what it says: its files are written into an empty folder, its commands run, their output compared.

A block below a line with a file's name in bold is that file. In a `console` block a line after `$` is a command, `^C`
interrupts the service that runs, and the lines below are what is printed: `...` stands for anything, and times differ.
What is not literal: Troupe is installed from the build that is tested, and ports are chosen by the kernel.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from cases import ROOT, main

BUILD = pathlib.Path(os.environ["TROUPE_BUILD"])
TEXT = (ROOT / "docs/tutorial.md").read_text()
BLOCK = re.compile(r"(?:^\*\*(?P<name>[\w.]+)\*\*\n\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
SERVICE = "build/hello"
# Building Troupe itself is what all the other tests are for.
ASSUMED = ("scripts/setup", "cmake --preset release ", "cmake --build --preset release")
INSTALL = "cmake --install build/release "
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
LIMIT = 300  # seconds for one command


def commands(body):
    """The commands of a console block, each with the lines that it prints."""
    steps = []
    for line in body.splitlines():
        if line.startswith("$ ") or line == "^C":
            steps.append((line.removeprefix("$ "), []))
        else:
            steps[-1][1].append(line)
    return steps


def pattern(lines):
    """What the lines of the text stand for, as a regular expression."""
    text = re.escape(TIME.sub("TIME", "\n".join(lines)))
    return re.compile(text.replace(re.escape("..."), ".*"), re.DOTALL)


def environment(home):
    chosen = dict(os.environ, HOME=str(home), LC_ALL="C.UTF-8")
    # In the text the service's settings are the defaults.
    for name in [name for name in chosen if name.startswith("TROUPE_")]:
        del chosen[name]
    if shutil.which("ccache"):
        cache = subprocess.run(["ccache", "--get-config", "cache_dir"], stdout=subprocess.PIPE, text=True, check=True)
        chosen.update(CCACHE_DIR=cache.stdout.strip(), CCACHE_BASEDIR=str(home), CCACHE_NOHASHDIR="1",
                      CMAKE_CXX_COMPILER_LAUNCHER="ccache")
    return chosen


class Tutorial(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.folder = self.home / "hello"
        self.folder.mkdir()
        self.environment = environment(self.home)
        self.service = None
        self.ports = {}
        self.addCleanup(self.end_service)

    def end_service(self):
        if self.service is not None and self.service.poll() is None:
            self.service.kill()
            self.service.wait()

    def literal(self, text):
        """The text with the ports that the kernel chose in place of the defaults."""
        for name, preset in (("http", 8080), ("grpc", 9090), ("admin", 9901)):
            if name in self.ports:
                text = text.replace(f"localhost:{preset}", f"127.0.0.1:{self.ports[name]}")
                text = text.replace(f"{name}={preset}", f"{name}={self.ports[name]}")
        return text

    def expect(self, command, lines, printed):
        expected = pattern([self.literal(line) for line in lines])
        self.assertTrue(expected.fullmatch(TIME.sub("TIME", printed.rstrip("\n"))),
                        f"{command}\nshould print\n" + "\n".join(lines) + f"\nand printed\n{printed}")

    def wait_until(self, what, text):
        until = time.monotonic() + 60
        while not what():
            self.assertIsNone(self.service.poll(), f"the service ended:\n{self.log.read_text()}")
            self.assertLess(time.monotonic(), until, text)
            time.sleep(0.02)

    def start_service(self, lines):
        ports = self.home / "ports.json"
        self.log = self.home / "log"
        with self.log.open("w") as log:
            self.service = subprocess.Popen([self.folder / SERVICE, "--http.port=0", "--grpc.port=0", "--admin.port=0",
                                             f"--ports-file={ports}"], cwd=self.folder, env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_until(ports.exists, "the service does not serve")
        self.ports = json.loads(ports.read_text())
        self.wait_until(lambda: self.log.read_text().count("\n") >= len(lines), "the service logs nothing")
        self.expect(SERVICE, lines, self.log.read_text())
        self.seen = len(self.log.read_text())

    def stop_service(self, lines):
        self.service.send_signal(signal.SIGINT)
        self.assertEqual(self.service.wait(60), 0, self.log.read_text())
        self.expect("Ctrl-C", lines, self.log.read_text()[self.seen:])

    def run_command(self, command, lines):
        if command.startswith("python3 "):
            command = f"{sys.executable} {command.removeprefix('python3 ')}"  # the one that has Debian's modules
        ran = subprocess.run(["bash", "-c", self.literal(command)], cwd=self.folder, env=self.environment, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT)
        # A mistake that is shown on purpose is recognized by what it prints.
        if not command.startswith(SERVICE):
            self.assertEqual(ran.returncode, 0, f"{command}\nprinted\n{ran.stdout}")
        if lines:
            self.expect(command, lines, ran.stdout)

    def step(self, command, lines):
        if command.startswith(ASSUMED):
            return
        if command.startswith(INSTALL):
            self.run_command(f"cmake --install '{BUILD}' {command.removeprefix(INSTALL)}", lines)
        elif command == SERVICE:
            self.start_service(lines)
        elif command == "^C":
            self.stop_service(lines)
        else:
            self.run_command(command, lines)

    def test_it_does_what_it_says(self):
        ran = 0
        for block in BLOCK.finditer(TEXT):
            if block["name"]:
                (self.folder / block["name"]).write_text(self.literal(block["body"]))
            elif block["language"] == "console":
                for command, lines in commands(block["body"]):
                    self.step(command, lines)
                    ran += 1
        self.assertGreater(ran, 10)
        self.assertEqual(self.service.poll(), 0, "the text stops what it starts")

    def test_its_lines_are_as_few_as_it_says(self):
        files = {block["name"]: block["body"] for block in BLOCK.finditer(TEXT) if block["name"]}
        self.assertEqual(sorted(files), ["CMakeLists.txt", "client.py", "greeter.hpp", "hello.proto", "hello_test.cpp",
                                         "main.cpp"])
        lines = sum(body.count("\n") for name, body in files.items() if name != "client.py")
        self.assertLess(lines, 60)
        self.assertIn(f"write {lines} lines", TEXT)


class ServiceAuthor(unittest.TestCase):
    def test_its_examples_are_compiled(self):
        text = (ROOT / "docs/service-author.md").read_text()
        compiled = "".join((ROOT / "tests/actors/testing/documentation_test.cpp").read_text().split())
        examples = [block["body"] for block in BLOCK.finditer(text) if block["language"] == "cpp"]
        self.assertGreater(len(examples), 5)
        for example in examples:
            for part in example.split("\n\n"):
                with self.subTest(part=part):
                    self.assertIn("".join(part.split()), compiled)


if __name__ == "__main__":
    main()
