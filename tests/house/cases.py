"""What the script tests of this folder share."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    """unittest.main(), and the line with the number of cases that scripts/test adds up."""
    ran = unittest.main(module="__main__", exit=False).result
    bad = len(ran.failures) + len(ran.errors) + len(ran.unexpectedSuccesses)
    good = ran.testsRun - len({case.id() for case, _ in ran.failures + ran.errors}) - len(ran.skipped)
    print(f"[cases] {max(good, 0)} passed, {bad} failed", flush=True)
    sys.exit(1 if bad or ran.testsRun == 0 else 0)
