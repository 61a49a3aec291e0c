"""Configures a preset, builds what the chosen tests need, runs them and counts their cases. See scripts/test.

A ctest entry is a program with many cases or a script. Either may end its output with a line
`[cases] N passed, M failed` (tests/main.cpp does it for every Catch2 program); an entry without one counts as one case.
The exit code is 0 only if something ran and nothing failed.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PRESETS = ("dev", "asan", "tsan", "release")
LABELS = ("unit", "sim", "process", "client", "house", "fuzz", "bench", "threads", "discovery")
NEEDS_EVERYTHING = {"process", "client", "bench"}  # these start programs that no ctest entry names
CASES = re.compile(r"^\[cases\] (\d+) passed, (\d+) failed$", re.MULTILINE)
NOT_AN_EXECUTABLE = "Unable to find executable"
SLOWEST = 8


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/test", description="Builds Troupe and runs its tests.",
                                     epilog="The last line is `N passed, N failed`.")
    parser.add_argument("--label", action="append", default=[], choices=LABELS,
                        help="only tests with this label; may be repeated (default: all but bench)")
    parser.add_argument("--preset", choices=PRESETS,
                        help="how to build (default: asan; for the label sim alone dev, which runs ten times the seeds)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="parallel jobs (default: one a core)")
    parser.add_argument("--filter", help="only tests whose name matches this regular expression")
    parser.add_argument("--no-setup", action="store_true", help="do not look for missing packages")
    options = parser.parse_args()
    if options.preset is None:
        options.preset = "dev" if options.label == ["sim"] else "asan"
    return options


def finish(passed, failed):
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(0 if passed > 0 and failed == 0 else 1)


def give_up(text):
    print(f"\n{text}", flush=True)
    finish(0, 1)


def timed(text, command):
    """Runs one step with its output shown; ends the program when it fails."""
    began = time.monotonic()
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode != 0:
        give_up(f"{text} failed: {' '.join(map(str, command))}")
    seconds = time.monotonic() - began
    print(f"-- {text}: {int(seconds) // 60} min {seconds % 60:.0f} s", flush=True)


def configure(preset):
    ran = subprocess.run(["cmake", "--preset", preset], cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if ran.returncode != 0:
        print(ran.stdout)
        give_up(f"configuring {preset} failed")


def selection(options):
    chosen = []
    for label in options.label:
        # ctest wants every -L to match; alternatives go into one.
        chosen.append(f"^{label}$")
    words = ["-L", "|".join(chosen)] if chosen else ["-LE", "^bench$"]
    return words + (["-R", options.filter] if options.filter else [])


def programs(build):
    """What of the build folder each ctest entry runs. ctest itself tells only what is built already."""
    found = {}
    for path in build.rglob("CTestTestfile.cmake"):
        for match in re.finditer(r"^add_test\((?:\[=*\[)?(.+?)(?:\]=*\])? (\".*\")\)$", path.read_text(), re.MULTILINE):
            words = [word.split("=", 1)[-1] for word in re.findall(r'"((?:\\.|[^"\\])*)"', match.group(2))]
            found[match.group(1)] = {word[len(f"{build}/"):] for word in words if word.startswith(f"{build}/")}
    return found


def targets(build, words):
    """What to build for the chosen tests: their programs, or everything where that does not tell."""
    listed = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1", *words], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    entries = json.loads(listed.stdout)["tests"]
    if not entries:
        give_up("no test matches")
    found = programs(build)
    needed = set()
    for entry in entries:
        labels = {label for item in entry.get("properties", []) if item["name"] == "LABELS" for label in item["value"]}
        if entry["name"] not in found or labels & NEEDS_EVERYTHING:
            return ["all"]
        needed |= found[entry["name"]]
    return sorted(needed)


def run(build, options, words):
    report = build / "test_report.xml"
    report.unlink(missing_ok=True)
    environment = dict(os.environ)
    environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    # The libraries of Debian are not instrumented: ThreadSanitizer does not see how they synchronize.
    environment.setdefault("TSAN_OPTIONS", "ignore_noninstrumented_modules=1:second_deadlock_stack=1")
    subprocess.run(["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "-j", str(options.jobs),
                    "--output-junit", report, "--test-output-size-passed", "65536",
                    "--test-output-size-failed", "1048576", "--test-output-truncation", "head", *words],
                   stdin=subprocess.DEVNULL, env=environment)
    if not report.exists():
        give_up("ctest wrote no report")
    return xml.etree.ElementTree.parse(report).getroot().findall("testcase")


def count(entries):
    passed = failed = 0
    notes = []
    for entry in entries:
        name, output = entry.get("name"), entry.findtext("system-out") or ""
        lines = CASES.findall(output)
        good, bad = (int(lines[-1][0]), int(lines[-1][1])) if lines else (0, 0)
        if entry.get("status") == "run":
            good = good if lines else 1
            if good + bad == 0:
                notes.append(f"ran no case: {name}")
                bad = 1
        elif entry.get("status") == "notrun" and NOT_AN_EXECUTABLE not in output:
            skipped = entry.find("skipped")
            notes.append(f"skipped: {name} ({skipped.get('message') if skipped is not None else 'no reason given'})")
        else:
            bad = max(bad, 1)
            notes.append(f"FAILED: {name}" + ("" if lines else " (ended before it could say which cases)"))
        passed, failed = passed + good, failed + bad
    return passed, failed, notes


def main():
    options = arguments()
    build = ROOT / "build" / options.preset
    words = selection(options)
    configure(options.preset)
    wanted = targets(build, words)
    if wanted:
        timed(f"build ({options.preset})", ["cmake", "--build", build, "-j", str(options.jobs), "--target", *wanted])
    began = time.monotonic()
    entries = run(build, options, words)
    passed, failed, notes = count(entries)
    print(f"\n-- {len(entries)} test programs and scripts: {time.monotonic() - began:.0f} s; the slowest:")
    for entry in sorted(entries, key=lambda entry: -float(entry.get("time")))[:SLOWEST]:
        print(f"   {float(entry.get('time')):7.1f} s  {entry.get('name')}")
    for note in notes:
        print(f"-- {note}")
    finish(passed, failed)


if __name__ == "__main__":
    main()
