"""`troupe up` with real nodes: the shop's cluster.yaml, looked at, drained, killed, left and joined by the commands."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/house")]
import cases  # noqa: E402
from shop_by_up import LIMIT, ShopByUp  # noqa: E402

TROUPE, SHOP = (str(pathlib.Path(sys.argv.pop(1)).resolve()) for _ in range(2))
EVERYWHERE = "shop.Catalog"


class RealNodes(unittest.TestCase):
    def test_the_shop_is_one_cluster_that_can_be_looked_at_and_changed(self):
        cluster = ShopByUp(self, TROUPE, SHOP)
        names = ("front", "spare", "store")
        cluster.wait_for(lambda: cluster.all_alive(names))
        cluster.wait_for(lambda: cluster.places(EVERYWHERE) == dict.fromkeys(names, "ready"))
        self.assertEqual(set(cluster.places("shop.Payments")), {"spare", "store"})
        self.assertEqual(cluster.members("front")["store"]["roles"], ["goods"])
        self.assertRegex(cluster.run("members").stdout, r"cluster shop, as \w+ sees it: 3 living\n")
        self.assertRegex(cluster.run("services").stdout, r"shop.Orders +front +ready +1 ")

        ran = cluster.run("drain", "store")
        self.assertIn("store drains", ran.stdout, ran)
        cluster.wait_for(lambda: cluster.places(EVERYWHERE) == {"front": "ready", "spare": "ready", "store": "draining"})
        self.assertIn("takes calls again", cluster.run("drain", "store", "--undo").stdout)
        cluster.wait_for(lambda: cluster.places(EVERYWHERE) == dict.fromkeys(names, "ready"))

        # One is killed: it comes back at the same address and is a member again.
        before = cluster.nodes()["store"]
        os.kill(before["pid"], signal.SIGKILL)
        cluster.wait_for(lambda: cluster.nodes()["store"]["restarts"] == 1 and cluster.nodes()["store"]["state"] == "serving")
        self.assertEqual(cluster.nodes()["store"]["ports"]["http"], before["ports"]["http"])
        cluster.wait_for(lambda: cluster.all_alive(names))
        cluster.wait_for(lambda: cluster.places(EVERYWHERE) == dict.fromkeys(names, "ready"))
        with urllib.request.urlopen(f"http://127.0.0.1:{before['ports']['http']}/v1/products/hamlet", timeout=LIMIT) as answer:
            self.assertEqual(json.load(answer)["productId"], "hamlet")

        self.assertIn("asks", cluster.run("join", "--seed", "127.0.0.1:1").stdout)
        ran = cluster.run("join", "--seed", "no seed")
        self.assertEqual(ran.returncode, 1, ran)
        self.assertIn("refuses: ", ran.stderr)

        # One leaves for good: the others know that it did, and it is not started again until asked for.
        self.assertIn("spare drains, leaves", cluster.run("leave", "spare").stdout)
        cluster.wait_for(lambda: cluster.nodes()["spare"]["state"] == "stopped")
        cluster.wait_for(lambda: set(cluster.places(EVERYWHERE)) == {"front", "store"})
        self.assertEqual(cluster.nodes()["spare"]["last_exit"], "exit code 0: it has stopped")
        ran = cluster.run("restart", "spare")
        self.assertEqual((ran.returncode, ran.stdout), (0, "spare serves anew\n"), ran)
        cluster.wait_for(lambda: cluster.all_alive(names))
        self.assertEqual(cluster.run("down").stdout, "shop is down\n")

    def test_a_setting_that_does_not_exist_is_told_at_once(self):
        path = tempfile.TemporaryDirectory()
        self.addCleanup(path.cleanup)
        file = pathlib.Path(path.name) / "cluster.yaml"
        file.write_text(f"cluster: shop\nprogram: {SHOP}\nnodes: [{{name: a, settings: {{http.prot: 1}}}}]\n")
        ran = subprocess.run([TROUPE, "up", "-d", file], text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("a ended with exit code 2: wrong usage; it is not started again", ran.stdout)
        self.assertIn("TROUPE_HTTP__PROT", ran.stdout)

    def test_keys_are_changed_while_the_cluster_runs(self):
        old, new = (subprocess.run(["openssl", "rand", "-base64", "32"], capture_output=True, text=True, check=True).stdout
                    for _ in range(2))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        keys = pathlib.Path(folder.name) / "keys"
        keys.write_text(old)
        cluster = ShopByUp(self, TROUPE, SHOP, nodes=[{"name": "n", "count": 2, "settings": {"discovery.keys_file": str(keys)}}])
        names = ("n-1", "n-2")
        cluster.wait_for(lambda: cluster.all_alive(names))
        parent = cluster.read("ps")["pid"]
        # As docs/operations.md has it.
        for step, content in enumerate((old + new, new + old, new), 1):
            keys.write_text(content)
            os.kill(parent, signal.SIGHUP)
            cluster.wait_for(lambda step=step: all(
                (cluster.path / f".troupe/shop/{name}.log").read_text().count("reloaded the configuration") == step for name in names))
        cluster.wait_for(lambda: cluster.all_alive(names))
        # Who knows the new key only is understood by the others.
        self.assertEqual(cluster.run("restart", "n-2").returncode, 0)
        cluster.wait_for(lambda: cluster.all_alive(names))
        # The old one opens nothing any more.
        keys.write_text(old)
        self.assertEqual(cluster.run("restart", "n-2").returncode, 0)
        cluster.wait_for(lambda: cluster.members("n-1")["n-2"]["state"] in ("left", "dead"))
        self.assertEqual(set(cluster.members("n-2")), {"n-2"})


if __name__ == "__main__":
    cases.main()
