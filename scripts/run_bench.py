"""Runs one benchmark of the release build and prints its rows. See scripts/bench.

The benchmark is bench/NAME/run.py when there is one (for those that need peers like nginx running), else the program
bench_NAME. Either prints each row as a JSON object on a line of its own:

  {"name": "REST GET", "unit": "requests/s", "ours": 51000, "peer": 62000, "ratio": 0.82, "target": ">= 0.5"}

ratio is ours to peer; target is `>= N` or `<= N`; a row of an absolute target has no peer, and its ratio is ours. Other
lines are notes: they go to standard error. A program that fails or prints no row makes the whole fail.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
TARGET = re.compile(r"^(>=|<=) (\d+(?:\.\d+)?)$")


def judged(row):
    """The row with `holds`. Raises ValueError when it is no row."""
    if not isinstance(row, dict) or not {"name", "ours", "ratio", "target"} <= row.keys():
        raise ValueError(f"a row needs name, ours, ratio and target: {row}")
    match = TARGET.match(row["target"])
    if not match:
        raise ValueError(f"the target of {row['name']} is {row['target']!r}; write `>= N` or `<= N`")
    limit = float(match.group(2))
    holds = row["ratio"] >= limit if match.group(1) == ">=" else row["ratio"] <= limit
    return {"name": row["name"], "unit": row.get("unit", ""), "ours": row["ours"], "peer": row.get("peer"),
            "ratio": row["ratio"], "target": row["target"], "holds": holds}


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(rows):
    cells = [["", "unit", "ours", "peer", "ratio", "target", ""]]
    for row in rows:
        cells.append([row["name"], row["unit"], number(row["ours"]), number(row["peer"]), f"{row['ratio']:.2f}",
                      row["target"], "holds" if row["holds"] else "FALLS SHORT"])
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    left = {0, 1, 5, 6}
    return ["  ".join(cell.ljust(width) if column in left else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in cells]


def collect(lines, as_json):
    rows = []
    for line in lines:
        if not line.startswith("{"):
            print(line, end="", file=sys.stderr, flush=True)
            continue
        rows.append(judged(json.loads(line)))
        if as_json:
            print(json.dumps(rows[-1]), flush=True)
    return rows


def main():
    name, arguments = sys.argv[1], [word for word in sys.argv[2:] if word != "--json"]
    as_json = "--json" in sys.argv[2:]
    script = ROOT / "bench" / name / "run.py"
    program = [sys.executable, "-B", script] if script.exists() else [BUILD / "bench" / name / f"bench_{name}"]
    environment = dict(os.environ, TROUPE_BUILD=str(BUILD))
    with subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, text=True, env=environment) as running:
        rows = collect(running.stdout, as_json)
    if running.returncode != 0 or not rows:
        print(f"bench: {name} ended with {running.returncode} after {len(rows)} rows", file=sys.stderr)
        return 1
    if not as_json:
        print("\n".join(table(rows)))
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
