"""scripts/test counts cases, not programs, and calls nothing passed that did not run."""
import sys
import unittest
import xml.etree.ElementTree

from cases import ROOT, main

sys.path.insert(0, str(ROOT / "scripts"))
import run_tests  # noqa: E402


def entry(status, output="", message=None):
    text = f'<testcase name="a" time="1" status="{status}">'
    if message is not None:
        text += f'<skipped message="{message}"/>'
    return xml.etree.ElementTree.fromstring(f"{text}<system-out>{output}</system-out></testcase>")


class Count(unittest.TestCase):
    def check(self, entries, passed, failed, *notes):
        self.assertEqual(run_tests.count(entries), (passed, failed, list(notes)))

    def test_the_cases_of_programs_are_added_up(self):
        self.check([entry("run", "x\n[cases] 12 passed, 0 failed\nPassed all"), entry("run", "[cases] 3 passed, 0 failed")],
                   15, 0)

    def test_a_script_without_cases_is_one_case(self):
        self.check([entry("run", "fine")], 1, 0)

    def test_failed_cases_do_not_hide_those_that_passed(self):
        self.check([entry("fail", "[cases] 12 passed, 2 failed")], 12, 2, "FAILED: a")

    def test_a_program_that_dies_counts_as_a_failure(self):
        self.check([entry("fail", "Segmentation fault")], 0, 1, "FAILED: a (ended before it could say which cases)")

    def test_a_sanitizer_report_after_all_cases_passed_is_a_failure(self):
        self.check([entry("fail", "[cases] 12 passed, 0 failed\nleak")], 12, 1, "FAILED: a")

    def test_a_program_that_runs_no_case_is_a_failure(self):
        self.check([entry("run", "[cases] 0 passed, 0 failed")], 0, 1, "ran no case: a")

    def test_a_program_that_was_not_built_is_a_failure(self):
        self.check([entry("notrun", "Unable to find executable: a", "Unable to find executable")], 0, 1,
                   "FAILED: a (ended before it could say which cases)")

    def test_a_skipped_entry_is_named_and_not_counted(self):
        self.check([entry("notrun", "no network", "SKIP_RETURN_CODE=77")], 0, 0, "skipped: a (SKIP_RETURN_CODE=77)")

    def test_only_the_last_line_of_cases_counts(self):
        self.check([entry("run", "[cases] 1 passed, 0 failed\n[cases] 2 passed, 0 failed\n")], 2, 0)


class Finish(unittest.TestCase):
    def test_success_means_that_something_ran_and_nothing_failed(self):
        for passed, failed, code in ((3, 0, 0), (3, 1, 1), (0, 0, 1), (0, 1, 1)):
            with self.subTest(passed=passed, failed=failed), self.assertRaises(SystemExit) as end:
                run_tests.finish(passed, failed)
            self.assertEqual(end.exception.code, code)


if __name__ == "__main__":
    main()
