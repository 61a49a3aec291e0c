"""`troupe up` and the commands that look at what it runs, with processes that stand in for nodes."""
import json
import os
import pathlib
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/house")]
import cases  # noqa: E402

TROUPE = str(pathlib.Path(sys.argv.pop(1)).resolve())
STAND_IN = pathlib.Path(__file__).with_name("stand_in.py")
LIMIT = 60.0


class Folder:
    """A folder with a program that stands in for a node, and clusters of it."""

    def __enter__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="troupe-up-")
        self.path = pathlib.Path(self.holder.name).resolve()
        program = self.path / "node"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -B {STAND_IN} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.ups = []
        return self

    def __exit__(self, *_):
        for up in self.ups:
            if up.poll() is None:
                up.kill()
                up.wait()
        record = self.path / ".troupe/play/cluster.json"
        if record.exists() and self.run("ps", "--json").returncode == 0:
            self.run("down", "--force")
        self.holder.cleanup()

    def write(self, nodes, *more):
        (self.path / "cluster.yaml").write_text("\n".join(["cluster: play", "program: node", f"nodes: {json.dumps(nodes)}", *more]))

    def environment(self):
        return {name: value for name, value in os.environ.items() if not name.startswith("TROUPE_")}

    def run(self, *command, **options):
        return subprocess.run([TROUPE, *command], cwd=self.path, env=self.environment(), text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT, **options)

    def up(self, *flags):
        """In the foreground; its output goes to the file `said`."""
        with open(self.path / "said", "wb") as said:
            process = subprocess.Popen([TROUPE, "up", *flags], cwd=self.path, env=self.environment(), stdin=subprocess.DEVNULL,
                                       stdout=said, stderr=said)
        self.ups.append(process)
        return process

    def said(self):
        return (self.path / "said").read_text()

    def wait_for(self, words, count=1):
        wait_until(lambda: len(re.findall(words, self.said())) >= count, lambda: f"no '{words}' {count} times in:\n{self.said()}")

    def nodes(self):
        ran = self.run("ps", "--json")
        if ran.returncode != 0:
            raise RuntimeError(ran.stderr)
        return {node["name"]: node for node in json.loads(ran.stdout)["nodes"]}


def wait_until(condition, complaint=lambda: "it does not happen"):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(complaint())
        time.sleep(0.01)


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, command, folder, variables=()):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder.path)
            os.execve(command[0], command, folder.environment() | dict(variables))
        self.said = ""

    def read_until(self, words):
        end = time.monotonic() + LIMIT
        while not re.search(words, self.said):
            ready = select.select([self.terminal], [], [], max(end - time.monotonic(), 0))[0]
            if not ready:
                raise RuntimeError(f"no '{words}' in {self.said}")
            self.said += os.read(self.terminal, 65536).decode()
        return self.said

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def wait(self):
        """The exit code. The terminal must be read meanwhile, or its program waits."""
        while True:
            try:
                if not os.read(self.terminal, 65536):
                    break
            except OSError:
                break
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


def runs(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Up(unittest.TestCase):
    def test_nodes_start_know_each_other_and_stop(self):
        with Folder() as folder:
            folder.write([{"name": "front", "services": ["a.Orders"], "roles": ["edge", "eu"]}, {"name": "worker", "count": 2}],
                         "settings: {stand_in.secret: hush, stand_in.greeting: 'hello from {name}'}")
            up = folder.up()
            folder.wait_for("play: all 3 nodes serve")
            folder.wait_for("look: .*\n")  # the last of what it says then
            said = folder.said()
            # The first has no seeds; the others have those who serve.
            self.assertIn("front    | this is front with seeds none\n", said)
            nodes = folder.nodes()
            gossip = nodes["front"]["ports"]["gossip"]
            self.assertRegex(said, rf"worker-1 \| this is worker-1 with seeds 127.0.0.1:{gossip}\b")
            self.assertIn("worker-2 | greeting hello from worker-2\n", said)
            self.assertIn(f"front     http://127.0.0.1:{nodes['front']['ports']['http']}", said)
            self.assertNotIn("\x1b", said)
            for name, node in nodes.items():
                self.assertEqual((node["state"], node["restarts"]), ("serving", 0), name)
                flags = pathlib.Path(f"/proc/{node['pid']}/cmdline").read_text().split("\0")
                self.assertNotIn("hush", " ".join(flags))
                self.assertIn("--link.cluster=play", flags)
            self.assertIn("secret hush\n", (folder.path / ".troupe/play/front.log").read_text())
            self.assertIn("worker-2", folder.run("ps").stdout)

            ran = folder.run("up")
            self.assertEqual(ran.returncode, 2, ran)
            self.assertIn(f"a cluster runs already in {folder.path}/.troupe/play (process {up.pid})", ran.stderr)

            up.send_signal(signal.SIGINT)
            self.assertEqual(up.wait(LIMIT), 0, folder.said())
            self.assertIn("worker-1 | draining\n", folder.said())
            self.assertEqual({node["state"] for node in folder.nodes().values()}, {"stopped"})
            self.assertFalse(any(runs(node["pid"]) for node in nodes.values()))
            self.assertIn("which does not run; start it with `troupe up", folder.run("ps").stdout)
            self.assertEqual(folder.run("down").stdout, "play does not run\n")

    def test_who_is_killed_comes_back_with_its_ports_and_the_others_as_seeds(self):
        with Folder() as folder:
            folder.write([{"name": "a"}, {"name": "b"}], "restart: {after: 10ms}")
            folder.up()
            folder.wait_for("all 2 nodes serve")
            before = folder.nodes()
            os.kill(before["a"]["pid"], signal.SIGKILL)
            folder.wait_for("a ended with signal 9; again in 10ms")
            folder.wait_for("a serves again")
            after = folder.nodes()
            self.assertIn(f"this is a with seeds 127.0.0.1:{before['b']['ports']['gossip']}\n", folder.said())
            self.assertEqual((after["a"]["restarts"], after["a"]["last_exit"]), (1, "signal 9"))
            for door in ("http", "grpc", "admin"):
                self.assertEqual(after["a"]["ports"][door], before["a"]["ports"][door])
            self.assertEqual(after["b"]["pid"], before["b"]["pid"])

    def test_a_node_that_keeps_failing_is_given_up_and_said_so(self):
        with Folder() as folder:
            folder.write([{"name": "good"}, {"name": "bad", "settings": {"stand_in.exit": "3"}},
                          {"name": "wrong", "settings": {"stand_in.exit": "2"}}], "restart: {after: 10ms, attempts: 3}")
            up = folder.up()
            folder.wait_for("bad ended with exit code 3: it could not start; again in 20ms")
            folder.wait_for("bad ended with exit code 3: it could not start; it is given up after 3 failures in a row")
            folder.wait_for("wrong ended with exit code 2: wrong usage; it is not started again")
            folder.wait_for("play: 1 of 3 nodes serve")
            self.assertEqual(folder.nodes()["bad"]["starts"], 3)
            up.send_signal(signal.SIGTERM)
            self.assertEqual(up.wait(LIMIT), 1)

    def test_who_does_not_stop_is_killed_by_the_second_signal_or_in_time(self):
        with Folder() as folder:
            folder.write([{"name": "mule", "settings": {"stand_in.stubborn": "true"}}])
            up = folder.up()
            folder.wait_for("all 1 nodes serve")
            up.send_signal(signal.SIGINT)
            folder.wait_for("stopping all nodes")
            self.assertIsNone(up.poll())
            up.send_signal(signal.SIGINT)
            self.assertEqual(up.wait(LIMIT), 0)
            folder.wait_for("mule ended with signal 9")
            up = folder.up("--stop-timeout", "50ms")
            folder.wait_for("all 1 nodes serve")
            up.send_signal(signal.SIGTERM)
            self.assertEqual(up.wait(LIMIT), 1)
            self.assertIn("mule has not stopped after 50ms; killing it", folder.said())

    def test_one_is_killed_again_and_again_and_a_seed_repeats_whom(self):
        orders = []
        for _ in range(2):
            with Folder() as folder:
                folder.write([{"name": "a"}, {"name": "b"}, {"name": "c"}], "restart: {after: 10ms}")
                folder.up("--kill-one-every", "1s", "--seed", "7")
                folder.wait_for("killing .*kill-one-every", 3)
                folder.wait_for("serves again", 2)
                self.assertNotIn("given up", folder.said())
                orders.append(re.findall(r"killing (\w)", folder.said())[:1])
        self.assertEqual(orders[0], orders[1])

    def test_nodes_end_with_their_parent(self):
        with Folder() as folder:
            folder.write([{"name": "a"}, {"name": "b"}])
            up = folder.up()
            folder.wait_for("all 2 nodes serve")
            pids = [node["pid"] for node in folder.nodes().values()]
            up.kill()
            up.wait()
            wait_until(lambda: not any(runs(pid) for pid in pids))
            self.assertEqual({node["state"] for node in folder.nodes().values()}, {"gone"})
            # Nothing is in the way of a new one.
            folder.up()
            folder.wait_for("all 2 nodes serve")

    def test_nodes_are_started_anew_on_request_one_after_the_other(self):
        with Folder() as folder:
            folder.write([{"name": "a"}, {"name": "b"}, {"name": "bad", "settings": {
                "stand_in.exit": "2", "stand_in.exit_unless": str(folder.path / "repaired")}}])
            self.assertEqual(folder.run("up", "-d").returncode, 0)
            before = folder.nodes()
            self.assertEqual(before["bad"]["state"], "given up")
            ran = folder.run("restart", "bad")
            self.assertEqual(ran.returncode, 1)
            self.assertIn(f"error: bad does not serve: exit code 2: wrong usage\nfix: see {folder.path}/.troupe/play/bad.log", ran.stderr)
            (folder.path / "repaired").touch()
            ran = folder.run("restart")
            self.assertEqual((ran.returncode, ran.stdout), (0, "a serves anew\nb serves anew\nbad serves anew\n"), ran)
            after = folder.nodes()
            for name in ("a", "b"):
                self.assertNotEqual(after[name]["pid"], before[name]["pid"])
                self.assertEqual((after[name]["restarts"], after[name]["ports"]["http"]), (1, before[name]["ports"]["http"]))
                self.assertIn("draining\n", (folder.path / f".troupe/play/{name}.log").read_text())
            ran = folder.run("restart", "badd")
            self.assertEqual(ran.returncode, 1)
            self.assertIn("there is no node 'badd'; did you mean 'bad'?; there are: a, b, bad", ran.stderr)
            folder.run("down")
            self.assertIn("play does not run\nfix: start it with `troupe up", folder.run("restart").stderr)

    def test_in_the_background(self):
        with Folder() as folder:
            folder.write([{"name": "a"}, {"name": "b"}], "restart: {after: 10ms}")
            ran = folder.run("up", "--detach")
            self.assertEqual((ran.returncode, ran.stderr), (0, ""), ran)
            self.assertIn("play: all 2 nodes serve", ran.stdout)
            self.assertNotIn("this is a", ran.stdout)
            record = json.loads(folder.run("ps", "--json").stdout)
            self.assertTrue(record["running"])
            os.kill(record["pid"], signal.SIGHUP)
            for name in ("a", "b"):
                log = folder.path / f".troupe/play/{name}.log"
                wait_until(lambda log=log: "reloads\n" in log.read_text())
            os.kill(record["nodes"][0]["pid"], signal.SIGKILL)
            wait_until(lambda: folder.nodes()["a"]["restarts"] == 1 and folder.nodes()["a"]["state"] == "serving")
            wait_until(lambda: "a serves again" in (folder.path / ".troupe/play/up.log").read_text())
            ran = folder.run("down")
            self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, "play is down\n", ""))
            self.assertFalse(runs(record["pid"]))

    def test_in_the_background_a_cluster_that_cannot_work_says_why(self):
        with Folder() as folder:
            folder.write([{"name": "a", "settings": {"stand_in.exit": "2"}}])
            ran = folder.run("up", "--detach")
            self.assertEqual(ran.returncode, 1)
            self.assertIn("a ended with exit code 2: wrong usage; it is not started again", ran.stdout)
            self.assertIn("this cannot work", ran.stdout)
            self.assertIn(f"all that it said: {folder.path}/.troupe/play/a.log", ran.stdout)

    def test_down_that_takes_too_long_says_so_and_force_helps(self):
        with Folder() as folder:
            folder.write([{"name": "mule", "settings": {"stand_in.stubborn": "true"}}])
            self.assertEqual(folder.run("up", "-d").returncode, 0)
            ran = folder.run("down", "--timeout", "100ms")
            self.assertEqual(ran.returncode, 1)
            self.assertIn("play has not stopped within 100ms\nfix: wait longer with --timeout, or kill it with --force", ran.stderr)
            ran = folder.run("down", "--force")
            self.assertEqual((ran.returncode, ran.stdout), (0, "play is down\n"))

    def test_a_terminal_has_colours_unless_they_are_not_wanted(self):
        for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            with Folder() as folder:
                folder.write([{"name": "a"}, {"name": "front"}])
                terminal = Terminal([TROUPE, "up"], folder, variables)
                said = terminal.read_until("Ctrl-C or troupe down")
                self.assertEqual("\x1b[36ma     | \x1b[0mthis is a" in said, coloured, said)
                self.assertEqual("\x1b[33mfront | \x1b[0mthis is front" in said, coloured, said)
                self.assertEqual("\x1b" in said, coloured, said)
                # Ctrl-C in the terminal is for `troupe up`, which lets the nodes drain.
                terminal.type("\x03")
                terminal.read_until("front .*draining")
                self.assertEqual(terminal.wait(), 0)

    def test_mistakes_are_told_before_anything_starts(self):
        with Folder() as folder:
            ran = folder.run("up")
            self.assertEqual(ran.returncode, 2)
            self.assertIn("error: cannot read cluster.yaml\nfix:", ran.stderr)
            folder.write([{"name": "a", "rolse": ["x"]}])
            ran = folder.run("up")
            self.assertEqual((ran.returncode, ran.stderr),
                             (2, "cluster.yaml:3:23: a node has no key 'rolse'; did you mean 'roles'?\n"))
            folder.write([{"name": "a"}])
            (folder.path / "node").rename(folder.path / "elsewhere")
            ran = folder.run("up")
            self.assertEqual(ran.returncode, 2)
            self.assertIn(f"error: there is no program {folder.path}/node\nfix: build it", ran.stderr)
            self.assertFalse((folder.path / ".troupe").exists())
            for command in ("ps", "down", "members", "services"):
                ran = folder.run(command)
                self.assertEqual(ran.returncode, 1)
                self.assertIn("there is no cluster in", ran.stderr)
                self.assertIn("start one with `troupe up cluster.yaml`", ran.stderr)


class Looking(unittest.TestCase):
    def test_readers_and_changes(self):
        with Folder() as folder:
            folder.write([{"name": "front", "services": ["a.Orders"], "roles": ["edge"]}, {"name": "worker", "count": 2}])
            self.assertEqual(folder.run("up", "-d").returncode, 0)
            door = f"127.0.0.1:{folder.nodes()['worker-1']['ports']['admin']}"

            table = folder.run("members").stdout
            self.assertIn("cluster play, as front sees it: 3 living\n", table)
            self.assertRegex(table, r"front +alive +- +edge +1.0 +100 +127.0.0.1:\d+ .* asked\n")
            answer = json.loads(folder.run("members", "--json", "--admin", door).stdout)
            self.assertEqual((answer["self"], answer["living"]), ("worker-1", 3))
            self.assertRegex(folder.run("services").stdout, r"a.Orders +front +ready +1 +3 +1.0 +-\n")

            ran = folder.run("drain", "front")
            self.assertIn("front drains: new calls go elsewhere", ran.stdout)
            self.assertRegex(folder.run("services").stdout, r"a.Orders +front +draining")
            # Any node knows the way.
            self.assertEqual(folder.run("drain", "front", "--undo", "--admin", door).stdout, "front takes calls again\n")
            self.assertRegex(folder.run("services").stdout, r"a.Orders +front +ready")
            ran = folder.run("drain", "fornt")
            self.assertEqual(ran.returncode, 1)
            self.assertIn("error: there is no node 'fornt'; did you mean 'front'?; there are: front, worker-1, worker-2", ran.stderr)

            self.assertIn("asks 2 seeds", folder.run("join", "--seed", "10.0.0.7:7401", "--seed", "10.0.0.8:7401").stdout)
            ran = folder.run("join", "--seed", "nowhere")
            self.assertEqual(ran.returncode, 1)
            self.assertIn("refuses: 'nowhere' is no seed", ran.stderr)

            self.assertIn("worker-2 drains, leaves the cluster and stops", folder.run("leave", "worker-2").stdout)
            wait_until(lambda: folder.nodes()["worker-2"]["state"] == "stopped")
            self.assertEqual(folder.nodes()["worker-2"]["restarts"], 0)

            self.assertEqual(folder.run("down").returncode, 0)
            ran = folder.run("members", "--admin", door)
            self.assertEqual(ran.returncode, 1)
            self.assertIn(f"error: no node answers at {door}: Connection refused", ran.stderr)
            ran = folder.run("members")
            self.assertIn("of the cluster play no node runs that has an operators' door\nfix:", ran.stderr)

    def test_no_other_node_is_changed_than_the_one_that_was_named(self):
        with Folder() as folder:
            folder.write([{"name": "near"}, {"name": "tunnel", "settings": {"stand_in.far": "true"}}])
            self.assertEqual(folder.run("up", "-d").returncode, 0)
            door = f"127.0.0.1:{folder.nodes()['tunnel']['ports']['admin']}"
            ran = folder.run("drain", "near", "--admin", door)
            self.assertEqual(ran.returncode, 1)
            self.assertIn(f"near says that its operators' door is {door}, but seen from here that is the door of tunnel\nfix: ", ran.stderr)
            self.assertEqual(folder.run("drain", "tunnel", "--admin", door).returncode, 0)

    def test_watching_goes_on_until_the_reader_is_gone(self):
        with Folder() as folder:
            folder.write([{"name": "a"}])
            self.assertEqual(folder.run("up", "-d").returncode, 0)
            with subprocess.Popen([TROUPE, "ps", "--json", "--watch"], cwd=folder.path, env=folder.environment(), text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as watcher:
                seen = [json.loads(watcher.stdout.readline()) for _ in range(2)]
                self.assertEqual([each["nodes"][0]["state"] for each in seen], ["serving", "serving"])
                self.assertLess(seen[0]["nodes"][0]["seconds"], seen[1]["nodes"][0]["seconds"])
                watcher.stdout.close()
                watcher.wait(LIMIT)
            with subprocess.Popen([TROUPE, "drain", "a", "--json", "--watch"], cwd=folder.path, env=folder.environment(), text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as watcher:
                seen = [json.loads(watcher.stdout.readline()) for _ in range(3)]
                self.assertEqual(seen[0], {"draining": True})
                self.assertEqual([each["members"][0]["draining"] for each in seen[1:]], [True, True])
                watcher.stdout.close()
                watcher.wait(LIMIT)
            terminal = Terminal([TROUPE, "ps", "--watch"], folder)
            terminal.read_until(r"(?s)\x1b\[H\x1b\[2Jplay, run by.*serving.*\x1b\[H\x1b\[2Jplay, run by")
            terminal.type("\x03")
            self.assertEqual(terminal.wait(), -signal.SIGINT)


if __name__ == "__main__":
    cases.main()
