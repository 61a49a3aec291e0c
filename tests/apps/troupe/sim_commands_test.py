"""`troupe sim shrink` and `troupe sim trace` on a real simulation: which fault makes a well forget?"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TROUPE, WELL = sys.argv[1:3]
del sys.argv[1:3]


def run(*command, folder, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TROUPE_SIM_")}
    environment.update(variables)
    return subprocess.run(command, cwd=folder, env=environment, text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=280)


class SimCommands(unittest.TestCase):
    def test_a_failure_is_shrunk_repeated_and_drawn(self):
        with tempfile.TemporaryDirectory() as folder:
            # Not every seed's faults end the well's process.
            for seed in range(1, 30):
                ran = run(TROUPE, "sim", "shrink", "--seed", str(seed), "--out", "min.json", "--", WELL, "a well remembers",
                          folder=folder)
                if "there is nothing to shrink" not in ran.stderr:
                    break
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            self.assertIn("failure: failed: === the simulation failed: CHECK( after->litres() == # )", ran.stdout)
            self.assertRegex(ran.stdout, r"It needs 1 of \d\d+ faults \(runs: \d+; without any one of them")
            # What makes it forget is that its process ends: no network, disk or clock is needed.
            events = json.loads((pathlib.Path(folder) / "min.json").read_text())["events"]
            self.assertEqual(len(events), 1)
            self.assertIn(events[0]["kind"], ("crash", "kill"))
            self.assertEqual(events[0]["nodes"], ["node-0"])
            self.assertEqual(events[0]["for"], "1ms")

            command = re.search(r"^replay: (.*)$", ran.stdout, re.MULTILINE).group(1)
            again = run("/bin/sh", "-c", command, folder=folder)
            self.assertNotEqual(again.returncode, 0)
            self.assertIn("=== the simulation failed", again.stderr)

            # The moment of the fault, as the plan has it.
            faults = [json.loads(line) for line in (pathlib.Path(folder) / "trace.jsonl").read_text().splitlines()
                      if '"kind": "fault"' in line]
            moment = f"{faults[0]['at']}ns"
            drawn = run(TROUPE, "sim", "trace", "trace.jsonl", "--around", moment, "--out", "trace.svg", folder=folder)
            self.assertEqual(drawn.returncode, 0, drawn.stderr)
            picture = (pathlib.Path(folder) / "trace.svg").read_text()
            for part in ('class="mark crash"', 'class="mark fault"', 'class="mark life"', 'class="message arrived"', ">node-0</text>"):
                self.assertIn(part, picture)


if __name__ == "__main__":
    ran = unittest.main(argv=[sys.argv[0]], exit=False).result
    bad = len(ran.failures) + len(ran.errors)
    print(f"[cases] {ran.testsRun - bad} passed, {bad} failed", flush=True)
    sys.exit(1 if bad else 0)
