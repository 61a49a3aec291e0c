"""The discovery benchmark: what runs in virtual time first, then a live cluster beside one of hashicorp/memberlist, then
processes of the shop that are killed under load.

  scripts/bench discovery [--whole] [--repetitions N] [--only SECTION] [--rounds N] [--plots]

--whole takes the paper's whole grid of settings (an hour or more); --only one of accuracy, latency, scale, thousand, live,
processes; --plots writes docs/plots/*.svg anew.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import killed_processes
import live
import plots

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["TROUPE_BUILD"]) / "bench" / "discovery"
PEER = HERE.parent / "peers" / "memberlist"
SIMULATED = ("accuracy", "latency", "scale", "thousand")


def note(text):
    print(text, flush=True)


def simulated(section, arguments):
    """Runs one section, passes its lines on, and gives the points of its plots."""
    points = {}
    command = [BUILD / "bench_discovery_simulation", section, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            if line.startswith("plot "):
                _, name, x, y = line.split()
                points.setdefault(name, []).append((float(x), float(y)))
            else:
                note(line.rstrip("\n"))
    if running.returncode != 0:
        raise SystemExit(f"{section} ended with {running.returncode}")
    return points


def row(name, unit, ours, peer, target):
    ratio = ours / peer if peer else (1.0 if ours == 0 else 1e9)
    note(json.dumps({"name": name, "unit": unit, "ours": ours, "peer": peer, "ratio": ratio, "target": target}))


def built_peer():
    """The peer's program, from Debian's sources of memberlist."""
    program = BUILD / "memberlist"
    environment = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="", GOCACHE=str(BUILD / "go-cache"))
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=PEER, env=environment, check=True, timeout=300)
    return program


def compare_live(rounds):
    if os.geteuid() != 0 or not all(shutil.which(each) for each in ("ip", "nft", "go")):
        raise SystemExit("the live comparison needs root, iproute2, nftables and go: see scripts/setup bench")
    programs = {"troupe": BUILD / "bench_discovery_member", "memberlist": built_peer()}
    seen = live.compare(programs, rounds, note)
    ours, peer = seen["troupe"], seen["memberlist"]
    for name, one in seen.items():
        note(f"  {name:<11} seconds from SIGSTOP until a member knew: median {one.median():.2f}, 99% {one.percentile(0.99):.2f}; "
             f"until all knew: median {one.median_of_last():.2f}; missed by {one.missed}; false deaths {one.false_deaths}")
    row("20 hosts, 5% loss, one stopped: median until a member knows, beside memberlist", "s", ours.median(), peer.median(),
        "<= 1.0")
    row("healthy members held for dead meanwhile, beside memberlist", "", ours.false_deaths, peer.false_deaths, "<= 1.0")


def compare_killed_processes(rounds):
    seen = killed_processes.measure(BUILD.parent.parent / "apps" / "shop" / "shop", rounds, note)
    share = len(seen.failures) / seen.reads
    note(json.dumps({"name": "one of 5 processes killed under load: share of reads that fail", "unit": "", "ours": share,
                     "peer": None, "ratio": share, "target": "<= 0.001"}))
    row("until its callers leave it, beside a probe and the shortest suspicion", "s", max(seen.cut),
        killed_processes.PERIOD_AND_SUSPICION, "<= 1.0")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--whole", action="store_true")
    options.add_argument("--repetitions", type=int, default=1)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", choices=[*SIMULATED, "live", "processes"])
    options.add_argument("--plots", action="store_true")
    chosen = options.parse_args()
    for section in SIMULATED:
        if chosen.only not in (None, section):
            continue
        arguments = ["whole" if chosen.whole else "short", str(chosen.repetitions)]
        points = simulated(section, arguments)
        if chosen.plots and section == "scale":
            plots.write(points, HERE.parent.parent / "docs" / "plots")
    if chosen.only in (None, "live"):
        compare_live(chosen.rounds)
    if chosen.only in (None, "processes"):
        compare_killed_processes(chosen.rounds)


if __name__ == "__main__":
    main()
