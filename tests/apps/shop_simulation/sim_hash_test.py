"""A seed of the shop's simulation does the same in another process: compares what sim_hash prints."""
import re
import subprocess
import sys


def hash_of(seed):
    ran = subprocess.run([sys.argv[1], str(seed)], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=100)
    if ran.returncode != 0 or not re.fullmatch(r"[0-9a-f]{16}\n", ran.stdout):
        raise SystemExit(f"seed {seed}: exit code {ran.returncode}, printed {ran.stdout!r}")
    return ran.stdout


SEEDS = range(1, 6)
first = [hash_of(seed) for seed in SEEDS]
again = [hash_of(seed) for seed in SEEDS]
if first != again:
    raise SystemExit(f"processes differ: {first} and {again}")
if len(set(first)) != len(first):
    raise SystemExit(f"seeds do the same: {first}")
for arguments in ([], ["x"], ["1", "2"]):
    if subprocess.run([sys.argv[1], *arguments], stderr=subprocess.DEVNULL).returncode != 2:
        raise SystemExit(f"{arguments} was not refused")
