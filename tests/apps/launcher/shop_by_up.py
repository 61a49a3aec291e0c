"""The shop run by `troupe up`, looked at by the commands. For tests."""
import json
import os
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
LIMIT = 90.0


class ShopByUp:
    """The file of apps/shop, with this build's program, or with other nodes and settings; `more` are lines of the file.
    `prepare` gets the folder of the file before anything is started. Taken down when the test ends.
    """

    def __init__(self, test, troupe, shop, nodes=None, more="", flags=(), prepare=None):
        self.troupe = troupe
        self.holder = tempfile.TemporaryDirectory(prefix="troupe-shop-up-")
        test.addCleanup(self.holder.cleanup)
        self.path = pathlib.Path(self.holder.name)
        text = (ROOT / "apps/shop/cluster.yaml").read_text().replace("../../build/release/apps/shop/shop", shop)
        if nodes:
            text = text[:text.index("settings:")] + f"nodes: {json.dumps(nodes)}\n"
        (self.path / "cluster.yaml").write_text(text + more)
        if prepare:
            prepare(self.path)
        ran = self.run("up", "--detach", *flags)
        test.addCleanup(self.run, "down", "--force")
        test.assertEqual((ran.returncode, ran.stderr), (0, ""), ran)
        test.assertIn("nodes serve", ran.stdout)

    def run(self, *command):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TROUPE_")}
        return subprocess.run([self.troupe, *command], cwd=self.path, env=environment, text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=2 * LIMIT, check=False)

    def read(self, *command):
        ran = self.run(*command, "--json")
        return json.loads(ran.stdout) if ran.returncode == 0 else {}

    def nodes(self):
        return {node["name"]: node for node in self.read("ps").get("nodes", [])}

    def members(self, asked):
        return {each["name"]: each for each in
                self.read("members", "--admin", f"127.0.0.1:{self.nodes()[asked]['ports']['admin']}").get("members", [])}

    def places(self, service, asked=None):
        door = ("--admin", f"127.0.0.1:{self.nodes()[asked]['ports']['admin']}") if asked else ()
        for each in self.read("services", *door).get("services", []):
            if each["service"] == service:
                return {place["node"]: place["health"] for place in each["places"]}
        return {}

    def wait_for(self, condition):
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                logs = "\n".join(log.read_text()[-3000:] for log in sorted(self.path.glob(".troupe/shop/*.log")))
                raise RuntimeError(f"it does not happen:\n{self.run('members').stdout}{self.run('services').stdout}{logs}")
            time.sleep(0.05)

    def all_alive(self, names):
        return all({name for name, each in self.members(asked).items() if each["state"] == "alive"} == set(names) for asked in names)
