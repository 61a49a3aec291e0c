"""No two components define the same function. Linked together they would fail, or, because a linker takes the first of
two that differ in their result alone, silently call the wrong one."""
import collections
import os
import pathlib
import subprocess
import unittest

from cases import main

BUILD = pathlib.Path(os.environ["TROUPE_BUILD"])
FLOORS = ("proto", "runtime", "discovery", "actors", "apps")


class Symbols(unittest.TestCase):
    def test_each_symbol_has_one_owner(self):
        owners = collections.defaultdict(set)
        for archive in sorted(path for floor in FLOORS for path in (BUILD / floor).rglob("*.a")):
            listed = subprocess.run(["nm", "--defined-only", "--extern-only", "--demangle", archive], check=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            for line in listed.stdout.splitlines():
                parts = line.split(" ", 2)
                # Strong definitions only: what headers define inline is weak, and may be everywhere.
                if len(parts) == 3 and parts[1] in "TDBR":
                    owners[parts[2]].add(archive.relative_to(BUILD).as_posix())
        self.assertGreater(len(owners), 100)
        self.assertEqual({name: sorted(who) for name, who in owners.items() if len(who) > 1}, {})


if __name__ == "__main__":
    main()
