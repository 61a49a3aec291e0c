"""How simulate() chooses seeds and reports failures: runs failing_simulations and looks at what it says."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
GUIDE = sys.argv.pop(1)


def run(case, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TROUPE_SIM_")}
    environment.update({f"TROUPE_SIM_{name}": str(value) for name, value in variables.items()})
    ran = subprocess.run([PROGRAM, case], text=True, env=environment, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    return ran.returncode, ran.stdout


def seeds_of(output):
    return [int(seed) for seed in re.findall(r"^\[ran\] (\d+)$", output, re.MULTILINE)]


class Simulate(unittest.TestCase):
    def fails(self, case, *parts, **variables):
        code, output = run(case, **variables)
        self.assertNotEqual(code, 0, output)
        for part in parts:
            self.assertRegex(output, part)
        return output

    def test_each_seed_runs_twice(self):
        code, output = run("passes")
        self.assertEqual(code, 0, output)
        self.assertEqual(seeds_of(output), [1, 1, 2, 2, 3, 3])

    def test_the_environment_chooses_seeds(self):
        self.assertEqual(seeds_of(run("passes", SEED=17)[1]), [17, 17])
        self.assertEqual(seeds_of(run("passes", SEEDS=2, FIRST_SEED=50, ONCE=1)[1]), [50, 51])
        self.assertEqual(seeds_of(run("passes", SHARD="2/2", ONCE=1)[1]), [2])

    def test_nonsense_in_the_environment_fails(self):
        self.fails("passes", "TROUPE_SIM_SEEDS=0", SEEDS=0)
        self.fails("passes", "TROUPE_SIM_PLAN", PLAN="/nowhere")
        self.fails("passes", "TROUPE_SIM_TRACE", TRACE="/nowhere/at/all")

    def test_a_check_is_noticed_where_it_fails_and_ends_the_seeds(self):
        output = self.fails("fails with a CHECK", r"simulation failed: CHECK\( sim.seed\(\) != 3 \)", "seed 3, at ",
                            r"TROUPE_SIM_SEED=3 TROUPE_SIM_TRACE=trace.jsonl \S*failing_simulations 'fails with a CHECK'",
                            "the plan of faults", "the last 40 events", "garden.Well.Draw", "drawn litres=5")
        self.assertEqual(seeds_of(output), [1, 1, 2, 2, 3])
        self.assertEqual(output.count("=== the simulation failed"), 1)

    def test_the_printed_command_fails_again_and_writes_a_trace(self):
        output = self.fails("fails with a CHECK")
        command = re.search(r"^  (TROUPE_SIM_SEED=.*)$", output, re.MULTILINE).group(1)
        with tempfile.TemporaryDirectory() as folder:
            again = subprocess.run(["/bin/sh", "-c", command.replace(" ./", f" {os.getcwd()}/")], cwd=folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertNotEqual(again.returncode, 0)
            self.assertIn("seed 3, at ", again.stdout)
            lines = (pathlib.Path(folder) / "trace.jsonl").read_text().splitlines()
        self.assertGreater(len(lines), 100)
        kinds = {json.loads(line)["kind"] for line in lines}
        self.assertLessEqual({"boot", "deliver", "send", "receive", "log"}, kinds)

    def test_a_require_inside_a_client_ends_the_run(self):
        output = self.fails("fails with a REQUIRE in a client's work", r"REQUIRE\( sim.seed\(\) < 2 \)", "seed 2, at")
        self.assertEqual(output.count("=== the simulation failed"), 1)

    def test_exceptions_and_probes_fail(self):
        self.fails("fails with an exception", "simulation failed: the sky is green", "seed 1, at")
        self.fails("fails by a property that must always hold", 'failing_simulations.cpp:.*"the seed is not two"',
                   "seed 2, at")

    def test_planted_bugs_are_switched_on_by_name(self):
        self.assertEqual(run("fails by a planted bug")[0], 0)
        self.fails("fails by a planted bug", "TROUPE_SIM_PLANTED_BUGS=test.bug", PLANTED_BUGS="test.bug")

    def test_runs_that_differ_fail_and_the_first_event_is_shown(self):
        output = self.fails("fails by being different each time", "two runs of seed 1 did different things")
        self.assertRegex(output, r"the first event that differs is number \d+, after")
        self.assertRegex(output, r"one run:   \{")

    def test_a_run_that_hangs_is_ended_with_its_seed(self):
        output = self.fails("fails by looping for ever", "=== the simulation failed: seed 3 took more than 1 s",
                            "TROUPE_SIM_SEED=3 .*'fails by looping for ever'", CPU_LIMIT=1)
        self.assertIn("SIGABRT", output)

    def test_coverage_tells_what_was_never_so(self):
        code, output = run("fails by a property that must always hold", SEED=1, COVERAGE=1)
        self.assertEqual(code, 0, output)
        self.assertIn("the seed is seventy-seven", output)

    def test_a_plan_is_written_and_taken(self):
        with tempfile.TemporaryDirectory() as folder:
            plan = pathlib.Path(folder) / "plan.json"
            _, first = run("prints its plan", SEED=4, PLAN_OUT=plan)
            _, again = run("prints its plan", SEED=4, PLAN=plan)
            events = json.loads(plan.read_text())["events"]
            self.assertEqual(re.findall(r"\[plan\].*", first), re.findall(r"\[plan\].*", again))
            self.assertIn(f"[plan] {len(events)} ", first)
            self.assertGreater(len(events), 0)
            plan.write_text(json.dumps({"events": []}))
            self.assertIn("[plan] 0 ", run("prints its plan", SEED=4, PLAN=plan)[1])


class Guide(unittest.TestCase):
    def test_its_examples_are_compiled(self):
        compiled = "".join((pathlib.Path(__file__).parent / "testing_guide_test.cpp").read_text().split())
        examples = re.findall(r"^```cpp\n(.*?)^```$", pathlib.Path(GUIDE).read_text(), re.MULTILINE | re.DOTALL)
        self.assertGreater(len(examples), 3)
        for example in examples:
            self.assertIn("".join(example.split()), compiled, example)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
