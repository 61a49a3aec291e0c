"""scripts/planted-bugs says what a program found, and fails when it should: with a program that only pretends."""
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "planted-bugs"
PRETENDER = """#!/bin/sh
case "$1 $2" in
  --list*) printf 'a.easy\\nb.hidden\\nc.deadly\\n' ;;
  "--bug a.easy") printf 'invariant\\t7\\t7\\tfirst | second\\n' ;;
  "--bug b.hidden") printf 'not found\\t-\\t5\\t-\\n'; exit 1 ;;
  "--bug c.deadly") exit 139 ;;
  "--bug none") {none} ;;
esac
"""
RIGHT = "printf 'not found\\t-\\t9\\t-\\n'; exit 1"
WRONG = "printf 'hang\\t3\\t3\\tit hangs\\n'"


def check(none, arguments, code, *texts):
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "pretender"
        program.write_text(PRETENDER.replace("{none}", none))
        program.chmod(0o755)
        ran = subprocess.run([sys.executable, "-B", SCRIPT, "--program", program, *arguments], text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    missing = [text for text in texts if text not in ran.stdout]
    if ran.returncode != code or missing:
        raise SystemExit(f"{arguments}: exit code {ran.returncode}, missing {missing} in\n{ran.stdout}")


check(RIGHT, ["--bug", "a.easy", "--bug", "none"], 0, "| a.easy | invariant | 7 | 7 |", "first / second", "| none | not found")
check(RIGHT, ["--bug", "b.hidden"], 1, "not found: b.hidden")
check(RIGHT, ["--bug", "c.deadly"], 1, "exit code 139", "not found: c.deadly")
check(WRONG, ["--bug", "none"], 1, "a run without a bug failed", "it hangs")
check(WRONG, ["--bug", "d.unknown"], 1, "there is no planted bug d.unknown")
check(RIGHT, [], 1, "[cases] 2 passed, 2 failed")
check(RIGHT, ["--seeds", "0"], 2)
