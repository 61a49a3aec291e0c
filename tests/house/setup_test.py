"""scripts/setup, with stand-ins for the package manager: what it installs, and that it never removes anything."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from cases import ROOT, main

SETUP = ROOT / "scripts" / "setup"

# Each stand-in reads what is "installed" from a file and writes what was asked of it to a log.
DPKG_QUERY = """#!/bin/sh
while read -r name; do echo "$name installed"; done < "$STATE/installed"
echo "nginx-light deinstall"
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >> "$STATE/log"
case "$*" in
  "-s "*) cat "$STATE/plan" 2>/dev/null; exit 0 ;;
  *update*) exit 0 ;;
esac
[ -e "$STATE/policy" ] && echo "services forbidden" >> "$STATE/log"
for word; do case $word in -* | install) ;; *) echo "$word" >> "$STATE/installed" ;; esac; done
"""
LOGGING = """#!/bin/sh
echo "$(basename "$0") $*" >> "$STATE/log"
"""


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.state = pathlib.Path(self.folder.name)
        (self.state / "bin").mkdir()
        self.stand_in("dpkg-query", DPKG_QUERY)
        self.stand_in("apt-get", APT_GET)
        self.stand_in("systemctl", LOGGING)
        self.stand_in("id", "#!/bin/sh\necho 0\n")
        self.stand_in("node", "#!/bin/sh\nexit 1\n")
        self.installed()
        # Without the machine's own npm, which would count as installed.
        for name in ("sh", "bash", "awk", "grep", "sed", "cat", "basename", "tee", "chmod", "rm", "env"):
            os.symlink(subprocess.run(["which", name], capture_output=True, text=True).stdout.strip(),
                       self.state / "bin" / name)

    def tearDown(self):
        self.folder.cleanup()

    def stand_in(self, name, text):
        path = self.state / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def installed(self, *names):
        (self.state / "installed").write_text("".join(name + "\n" for name in names))

    def run_setup(self, *arguments):
        (self.state / "log").write_text("")
        environment = {"PATH": str(self.state / "bin"), "STATE": str(self.state),
                       "TROUPE_POLICY_RC": str(self.state / "policy")}
        self.ran = subprocess.run([str(SETUP), *arguments], env=environment, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL)
        return self.ran.returncode

    def log(self):
        return (self.state / "log").read_text().splitlines()

    def every_package(self):
        listed = subprocess.run([str(SETUP), "--list"], capture_output=True, text=True, check=True)
        return [line.split()[1] for line in listed.stdout.splitlines()[1:]]

    def test_what_is_missing_is_installed_without_removing_anything(self):
        self.installed(*[name for name in self.every_package() if name not in ("catch2", "libcaf-dev")])
        self.assertEqual(self.run_setup(), 0, self.ran.stderr)
        install = self.log()[-2]
        self.assertTrue(install.endswith("install libcaf-dev catch2"), install)
        self.assertIn("--no-remove", install)
        self.assertIn("installed 2 packages", self.ran.stdout)

    def test_when_nothing_is_missing_nothing_is_done(self):
        self.installed(*self.every_package())
        self.assertEqual(self.run_setup("all"), 0)
        self.assertEqual(self.log(), [])
        self.assertIn("nothing is missing", self.ran.stdout)

    def test_a_second_run_does_nothing(self):
        self.assertEqual(self.run_setup("all"), 0, self.ran.stderr)
        self.assertEqual(self.run_setup("all"), 0)
        self.assertEqual(self.log(), [])

    def test_only_the_chosen_groups_are_installed(self):
        self.assertEqual(self.run_setup("bench"), 0)
        self.assertEqual(sorted((self.state / "installed").read_text().split()),
                         ["erlang-base", "golang-github-hashicorp-memberlist-dev", "golang-go", "linux-perf", "nginx-light", "wrk"])

    def test_check_installs_nothing_and_says_what_is_missing(self):
        self.installed(*[name for name in self.every_package() if name != "lld"])
        self.assertEqual(self.run_setup("--check"), 1)
        self.assertEqual((self.ran.stdout, self.log()), ("setup: missing: lld\n", []))
        self.installed(*self.every_package())
        self.assertEqual(self.run_setup("--check"), 0)

    def test_where_the_headers_of_boost_1_74_are_installed_the_choice_is_the_users(self):
        for name in ("libboost1.74-dev", "libboost-dev"):
            with self.subTest(name=name):
                self.installed(name)
                self.assertEqual(self.run_setup(), 3)
                self.assertEqual(self.log(), [])
                self.assertIn(f"{name} is installed", self.ran.stderr)
                self.assertIn("Choose one", self.ran.stderr)

    def test_a_plan_that_removes_a_package_is_not_carried_out(self):
        (self.state / "plan").write_text("Inst libcaf-dev (0.17)\nRemv precious [1.0]\n")
        self.assertEqual(self.run_setup(), 3)
        self.assertIn("  precious", self.ran.stderr)
        self.assertFalse([line for line in self.log() if "install" in line and "-s" not in line.split()])

    def test_services_are_not_started_and_the_machine_gets_its_policy_back(self):
        self.assertEqual(self.run_setup("bench"), 0)
        self.assertIn("services forbidden", self.log())
        self.assertIn("systemctl disable --quiet nginx.service", self.log())
        self.assertIn("systemctl disable --quiet epmd.service epmd.socket", self.log())
        self.assertFalse((self.state / "policy").exists())

    def test_a_policy_of_the_machines_own_stays(self):
        (self.state / "policy").write_text("own")
        self.assertEqual(self.run_setup("build"), 0)
        self.assertEqual((self.state / "policy").read_text(), "own")

    def test_a_node_from_elsewhere_stays_when_it_is_recent_enough(self):
        self.installed(*[name for name in self.every_package() if name not in ("nodejs", "npm")])
        self.stand_in("npm", "#!/bin/sh\n")
        for version, missing in (("20", False), ("18", False), ("16", True)):
            with self.subTest(version=version):
                self.stand_in("node", f"#!/bin/sh\necho {version}\n")
                self.assertEqual(self.run_setup("--check"), 1 if missing else 0, self.ran.stdout)

    def test_the_table_names_each_package_once_and_its_purpose(self):
        names = self.every_package()
        self.assertEqual(len(names), len(set(names)))
        listed = subprocess.run([str(SETUP), "--list"], capture_output=True, text=True, check=True).stdout
        self.assertTrue(all(len(line.split()) > 3 for line in listed.splitlines()))

    def test_an_unknown_word_is_a_usage_error(self):
        self.assertEqual(self.run_setup("everything"), 2)
        self.assertIn("no option or group 'everything'", self.ran.stderr)

    def test_the_documentation_lists_the_same_packages(self):
        documented = (ROOT / "docs" / "dependencies.md").read_text()
        self.assertEqual([name for name in self.every_package() if f"`{name}`" not in documented], [])


if __name__ == "__main__":
    main()
