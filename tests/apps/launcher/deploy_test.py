"""The systemd unit and the Kubernetes manifests: by the tools that read them, and by what this house asks of them."""
import configparser
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/house")]
import cases  # noqa: E402

SHOP = sys.argv.pop(1)
UNIT = ROOT / "apps/deploy/troupe-node@.service"
MANIFESTS = ROOT / "apps/deploy/kubernetes/shop.yaml"


def run(*command, **options):
    return subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False, **options)


def tool(name):
    if shutil.which(name) is None:
        raise RuntimeError(f"there is no {name}; scripts/setup installs it")
    return name


class Unit(unittest.TestCase):
    def verify(self, text):
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / "troupe-node@.service"
            unit.write_text(text)
            ran = run(tool("systemd-analyze"), "verify", "--man=no", pathlib.Path(folder) / "troupe-node@front.service")
            return ran.returncode, ran.stderr

    def test_systemd_understands_it(self):
        self.assertEqual(self.verify(UNIT.read_text()), (0, ""))
        # The check can fail.
        self.assertIn("Restrt", self.verify(UNIT.read_text().replace("Restart=", "Restrt="))[1])

    def test_little_is_exposed(self):
        ran = run(tool("systemd-analyze"), "security", "--offline=true", "--threshold=20", UNIT)
        self.assertEqual(ran.returncode, 0, ran.stdout[-300:])

    def test_it_follows_the_nodes_exit_codes_and_drain(self):
        unit = configparser.RawConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(UNIT)
        service = unit["Service"]
        self.assertEqual((service["Type"], service["Restart"], service["RestartPreventExitStatus"], service["RestartForceExitStatus"],
                          service["KillSignal"]), ("notify", "on-failure", "2 6", "5", "SIGTERM"))
        self.assertGreater(int(service["TimeoutStopSec"].removesuffix("s")), 60)

    def test_its_command_gives_the_settings_files_that_there_are(self):
        line = next(line for line in UNIT.read_text().splitlines() if line.startswith("ExecStart="))
        script = line.split(" -c ", 1)[1].strip("'")
        with tempfile.TemporaryDirectory() as folder:
            etc = pathlib.Path(folder)
            (etc / "node").write_text('#!/bin/sh\necho "$@"\n')
            (etc / "node").chmod(0o755)
            script = script.replace("/etc/troupe", folder).replace("/usr/local/bin/troupe-node", f"{folder}/node")
            variables = {"TROUPE_NODE__NAME": "front", "RUNTIME_DIRECTORY": "/run/x"}

            def started():
                return run("/bin/sh", "-c", script, env=variables).stdout

            self.assertEqual(started(), "--ports-file=/run/x/ports.json\n")
            (etc / "front.yaml").touch()
            self.assertEqual(started(), f"--ports-file=/run/x/ports.json --config {folder}/front.yaml\n")
            (etc / "node.yaml").touch()
            self.assertEqual(started(), f"--ports-file=/run/x/ports.json --config {folder}/node.yaml --config {folder}/front.yaml\n")


def lost(before, after, path=""):
    """What of `before` is not in `after`: the paths of what kubectl does not know."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [each for key, value in before.items()
                for each in (lost(value, after[key], f"{path}.{key}") if key in after else [f"{path}.{key}"])]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [each for index, value in enumerate(before) for each in lost(value, after[index], f"{path}[{index}]")]
    return [] if before == after else [f"{path} ({before} became {after})"]


class Manifests(unittest.TestCase):
    def kubectl(self, what, manifest, *more):
        ran = run(tool("kubectl"), *what, "--local", "-f", manifest, "-o", "json", *more)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return json.loads(ran.stdout)

    def objects(self):
        """As kubectl reads them, without types of its own."""
        out = {}
        with tempfile.TemporaryDirectory() as folder:
            for index, text in enumerate(MANIFESTS.read_text().split("\n---\n")):
                part = pathlib.Path(folder) / f"{index}.yaml"
                part.write_text(text)
                read = self.kubectl(["annotate"], part, "test.example.org/read=yes")
                out[read["kind"], read["metadata"]["name"]] = read
        return out

    def typed(self, read):
        """Once through kubectl's own types; commands for workloads and services have them."""
        what = {"StatefulSet": ["set", "env", "READ=yes"], "Service": ["set", "selector", "app=shop"]}[read["kind"]]
        with tempfile.TemporaryDirectory() as folder:
            part = pathlib.Path(folder) / "part.json"
            part.write_text(json.dumps(read))
            out = self.kubectl(what, part)
        if read["kind"] == "StatefulSet":
            out["spec"]["template"]["spec"]["containers"][0]["env"].pop()
        return out

    def test_kubectl_knows_every_field(self):
        for (kind, name), read in self.objects().items():
            if kind in ("StatefulSet", "Service"):
                # Newer than the oldest kubectl that may be here.
                read["spec"].pop("minReadySeconds", None)
                self.assertEqual(lost(read, self.typed(read)), [], f"{kind} {name}")
        wrong = self.objects()["StatefulSet", "shop"]
        wrong["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
        self.assertIn(".spec.template.spec.containers[0].livenesProbe", lost(wrong, self.typed(wrong)))

    def test_the_parts_fit_together(self):
        objects = self.objects()
        self.assertEqual(set(objects), {("Service", "shop-gossip"), ("Service", "shop"), ("PodDisruptionBudget", "shop"),
                                        ("NetworkPolicy", "shop"), ("StatefulSet", "shop")})
        self.assertEqual({read["apiVersion"] for (kind, _), read in objects.items() if kind != "Service"},
                         {"policy/v1", "networking.k8s.io/v1", "apps/v1"})
        stateful = objects["StatefulSet", "shop"]["spec"]
        gossip = objects["Service", "shop-gossip"]["spec"]
        pod = stateful["template"]["spec"]
        node = pod["containers"][0]
        labels = stateful["template"]["metadata"]["labels"]
        for selector in (stateful["selector"]["matchLabels"], gossip["selector"], objects["Service", "shop"]["spec"]["selector"],
                         objects["PodDisruptionBudget", "shop"]["spec"]["selector"]["matchLabels"],
                         objects["NetworkPolicy", "shop"]["spec"]["podSelector"]["matchLabels"]):
            self.assertEqual(selector, labels)
        # Seeds by the headless service, also of pods that wait for each other.
        self.assertEqual((stateful["serviceName"], stateful["podManagementPolicy"]), ("shop-gossip", "Parallel"))
        self.assertEqual((gossip["clusterIP"], gossip["publishNotReadyAddresses"]), ("None", True))
        self.assertEqual({(port["port"], port["protocol"]) for port in gossip["ports"]}, {(7401, "UDP"), (7401, "TCP"), (7400, "TCP")})
        settings = {each["name"]: each.get("value") for each in node["env"]}
        self.assertEqual(settings["TROUPE_DISCOVERY__SEEDS"], "dns:shop-gossip:7401")
        ports = {port["name"] for port in node["ports"]}
        for probe, page in (("startupProbe", "started"), ("livenessProbe", "live"), ("readinessProbe", "ready")):
            self.assertEqual(node[probe]["httpGet"], {"path": f"/healthz/{page}", "port": "http"})
        self.assertLessEqual({port["targetPort"] for port in objects["Service", "shop"]["spec"]["ports"]}, ports)
        # Time to drain, as little power as possible, bounded memory, and every file in a volume that there is.
        self.assertGreater(pod["terminationGracePeriodSeconds"], 60)
        self.assertIn("troupe drain", node["lifecycle"]["preStop"]["exec"]["command"][2])
        self.assertTrue(pod["securityContext"]["runAsNonRoot"] and node["securityContext"]["readOnlyRootFilesystem"])
        self.assertEqual(node["securityContext"]["capabilities"], {"drop": ["ALL"]})
        self.assertIn("memory", node["resources"]["limits"])
        mounts = {mount["mountPath"]: mount["name"] for mount in node["volumeMounts"]}
        self.assertEqual(set(mounts.values()), {volume["name"] for volume in pod["volumes"]})
        for name, value in settings.items():
            if name.endswith("_FILE"):
                self.assertIn(value.rsplit("/", 1)[0], mounts, name)


class Settings(unittest.TestCase):
    """The program itself knows every setting that the files give it."""

    def printed(self, variables):
        ran = run(SHOP, "--print-config", env=variables)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        return ran.stdout

    def test_of_the_manifests(self):
        stateful = Manifests().objects()["StatefulSet", "shop"]
        given = {each["name"]: each["value"] for each in stateful["spec"]["template"]["spec"]["containers"][0]["env"] if "value" in each}
        with tempfile.NamedTemporaryFile("w", suffix=".keys") as keys:
            key = subprocess.run(["openssl", "rand", "-base64", "32"], capture_output=True, text=True, check=True).stdout
            keys.write(key)
            keys.flush()
            given["TROUPE_DISCOVERY__KEYS_FILE"] = keys.name
            variables = {name: value.replace("$(POD_NAME)", "shop-0").replace("$(POD_IP)", "10.0.0.7") for name, value in given.items()}
            printed = self.printed(variables)
        self.assertIn("dns:shop-gossip:7401", printed)
        self.assertNotIn(key.strip(), printed)

    def test_of_the_unit(self):
        given = dict(line.removeprefix("Environment=").split("=", 1) for line in UNIT.read_text().splitlines()
                     if line.startswith("Environment="))
        self.assertEqual(set(given), {"TROUPE_NODE__NAME", "TROUPE_DISCOVERY__STATE_FILE"})
        self.printed(given)


if __name__ == "__main__":
    cases.main()
