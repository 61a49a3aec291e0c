"""scripts/launch with three "hosts": this machine, through an ssh server of the test's own."""
import getpass
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/house")]
import cases  # noqa: E402

TROUPE = str(pathlib.Path(sys.argv.pop(1)).resolve())
LAUNCH = ROOT / "scripts/launch"
STAND_IN = pathlib.Path(__file__).with_name("stand_in.py")
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
LIMIT = 60.0


def free_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


def wait_until_ended(process):
    """Nobody may have waited for it: then it is a zombie."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            if pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX":
                return
        except OSError:
            return
        time.sleep(0.01)
    raise RuntimeError(f"the process {process} does not end")


class SshServer:
    """Lets in who has this test's key, and runs as this test does."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\nStrictModes no\nUsePAM no\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            f"SetEnv HOME={folder}/home\nMaxStartups 100\n")
        (folder / "home").mkdir()
        (folder / "ssh_config").write_text(f"Host *\n  IdentityFile {folder}/user_key\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n"
                                           f"  UserKnownHostsFile {folder}/known_hosts\n  LogLevel ERROR\n")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self.log = open(folder / "sshd.log", "wb")
        # sshd takes no port 0: one that was free a moment ago, unless another test has just taken it.
        if not any(self.listens() for _ in range(3)):
            self.log.close()
            raise RuntimeError((folder / "sshd.log").read_text())

    def listens(self):
        self.port = free_port()
        self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", self.folder / "sshd_config", "-p", str(self.port)],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + LIMIT
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
                    if connection.recv(4) == b"SSH-":
                        return True
            except OSError:
                pass
            time.sleep(0.02)
        self.process.kill()
        self.process.wait()
        return False

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Launch(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="troupe-launch-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name).resolve()
        self.server = SshServer(self.folder)
        self.addCleanup(self.server.close)
        self.program("first")
        (self.folder / "keys").write_text("a secret\n")

    def program(self, version):
        program = self.folder / "node"
        program.write_text(f'#!/bin/sh\n# {version}\nexec {sys.executable} -B {STAND_IN} "$@"\n')
        program.chmod(0o755)

    def write(self, settings=None, **more):
        hosts = [{"ssh": f"{getpass.getuser()}@127.0.0.1", "ssh_port": self.server.port, "folder": str(self.folder / f"host-{number}"),
                  **more} for number in (1, 2, 3)]
        nodes = [{"name": "node", "services": ["a.B"], "settings": {"discovery.keys_file": "keys", **(settings or {})}, "hosts": hosts}]
        (self.folder / "cluster.yaml").write_text(f"cluster: far\nprogram: node\nnodes: {json.dumps(nodes)}\n")

    def launch(self, *arguments):
        return subprocess.run([sys.executable, "-B", LAUNCH, "--troupe", TROUPE, "--ssh", f"ssh -F {self.folder}/ssh_config",
                               self.folder / "cluster.yaml", *arguments], text=True, stdin=subprocess.DEVNULL, capture_output=True,
                              check=False, timeout=4 * LIMIT)

    def process(self, number):
        return int((self.folder / f"host-{number}/node-{number}/process").read_text().split()[0])

    def test_nodes_are_started_once_looked_at_upgraded_and_stopped(self):
        self.write({"stand_in.secret": "hush; it's 'quoted' $HOME"})
        ran = self.launch("status")
        self.assertEqual((ran.returncode, ran.stderr.count("does not run\n")), (1, 3), ran)
        self.addCleanup(self.launch, "stop", "--force")
        ran = self.launch()
        self.assertEqual((ran.returncode, ran.stderr), (0, ""), ran)
        self.assertRegex(ran.stdout, r"node-2 \| serves: http \d+, grpc \d+, admin \d+, link \d+, gossip \d+\n")
        first = {number: self.process(number) for number in (1, 2, 3)}
        for number, process in first.items():
            there = self.folder / f"host-{number}/node-{number}"
            output = (there / "output").read_text()
            self.assertIn(f"this is node-{number} with seeds 127.0.0.1:7401,127.0.0.1:7401,127.0.0.1:7401\n", output)
            self.assertIn("secret hush; it's 'quoted' $HOME\n", output)
            flags = pathlib.Path(f"/proc/{process}/cmdline").read_text()
            self.assertNotIn("hush", flags)
            self.assertIn("--discovery.address=127.0.0.1\0", flags)
            self.assertEqual((there / "files/discovery.keys_file").read_text(), "a secret\n")
            for name in ("settings", "files/discovery.keys_file"):
                self.assertEqual((there / name).stat().st_mode & 0o777, 0o600)

        # Once more changes nothing.
        ran = self.launch()
        self.assertEqual((ran.returncode, ran.stdout.count("runs already: process")), (0, 3), ran)
        self.assertEqual({number: self.process(number) for number in (1, 2, 3)}, first)
        # Who was killed is started, the others are left alone.
        os.kill(first[2], signal.SIGKILL)
        wait_until_ended(first[2])
        ran = self.launch("status")
        self.assertEqual((ran.returncode, ran.stderr), (1, "node-2 | does not run\n"))
        self.assertEqual(self.launch().returncode, 0)
        self.assertNotEqual(self.process(2), first[2])
        self.assertEqual(self.process(1), first[1])

        # Another program: only when asked for, one after the other.
        self.program("second")
        ran = self.launch()
        self.assertEqual((ran.returncode, ran.stderr.count("with another program or other settings\n")), (1, 3), ran)
        self.assertEqual(self.process(1), first[1])
        ran = self.launch("--restart")
        self.assertEqual(ran.returncode, 0, ran)
        self.assertEqual([line.split(":")[0] for line in ran.stdout.splitlines()],
                         ["node-1 | runs anew", "node-2 | runs anew", "node-3 | runs anew"])
        self.assertNotEqual(self.process(1), first[1])
        self.assertIn("runs already", self.launch("--restart").stdout)
        # Another key is a change too.
        (self.folder / "keys").write_text("another secret\n")
        self.assertEqual(self.launch().returncode, 1)

        ran = self.launch("stop")
        self.assertEqual((ran.returncode, ran.stdout.count("has stopped\n")), (0, 3), ran)
        self.assertEqual(self.launch("stop").stdout.count("did not run\n"), 3)

    def test_a_node_that_does_not_start_says_why(self):
        self.write({"stand_in.exit": "3"})
        ran = self.launch()
        self.assertEqual(ran.returncode, 1)
        self.assertIn("node-3 | does not start: it has ended:\n", ran.stderr)
        self.assertIn("node-3 | this cannot work\n", ran.stderr)

    def test_a_host_that_cannot_be_reached_says_so(self):
        self.write()
        self.server.close()
        ran = self.launch("status")
        self.assertEqual(ran.returncode, 1)
        self.assertRegex(ran.stderr, r"node-1 \| ssh fails: .*Connection refused")

    def test_beyond_loopback_keys_and_certificates_are_needed(self):
        self.write(address="10.0.0.7")
        ran = self.launch("--dry-run")
        self.assertEqual(ran.returncode, 2)
        self.assertIn("node-1 is at 10.0.0.7, beyond loopback: its link needs certificates\nfix: set link.certificate_file, ", ran.stderr)
        self.write({"discovery.keys_file": ""}, address="10.0.0.7")
        self.assertIn("its gossip must be sealed\nfix: set discovery.keys_file", self.launch("--dry-run").stderr)
        for name in ("ca", "node-1", "node-2", "node-3"):
            (self.folder / f"{name}.pem").write_text("x")
        self.write({"link.certificate_file": "{name}.pem", "link.key_file": "{name}.pem", "link.authority_file": "ca.pem",
                    "stand_in.secret": "hush"}, address="10.0.0.7")
        ran = self.launch("--dry-run")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""), ran)
        self.assertIn(f"node-2 | files/link.certificate_file: {self.folder}/node-2.pem\n", ran.stdout)
        self.assertIn("--discovery.seeds=10.0.0.7:7401,10.0.0.7:7401,10.0.0.7:7401", ran.stdout)
        self.assertNotIn("hush", ran.stdout)
        (self.folder / "node-3.pem").unlink()
        self.assertIn("node-3: link.certificate_file names", self.launch("--dry-run").stderr)

    def test_mistakes_are_told_before_anything_is_done(self):
        (self.folder / "cluster.yaml").write_text("cluster: far\nprogram: node\nnodes: [{name: a}]\n")
        ran = self.launch()
        self.assertEqual((ran.returncode, ran.stderr.split("\n")[0]), (2, "error: these nodes name no hosts: a"))
        (self.folder / "cluster.yaml").write_text("cluster: far\nprogram: node\nnodez: []\n")
        ran = self.launch()
        self.assertEqual(ran.returncode, 2)
        self.assertIn("the file has no key 'nodez'; did you mean 'nodes'?", ran.stderr)


if __name__ == "__main__":
    if SSHD is None:
        raise SystemExit("there is no sshd; scripts/setup installs openssh-server")
    cases.main()
