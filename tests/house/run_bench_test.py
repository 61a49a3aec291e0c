"""scripts/bench judges rows by their targets and shows them as a table."""
import sys
import unittest

from cases import ROOT, main

sys.path.insert(0, str(ROOT / "scripts"))
import run_bench  # noqa: E402


def row(**changes):
    return {"name": "REST", "unit": "requests/s", "ours": 51234.5, "peer": 62000, "ratio": 0.826, "target": ">= 0.5",
            **changes}


class Bench(unittest.TestCase):
    def test_a_ratio_at_its_target_holds_and_beyond_it_falls_short(self):
        for ratio, target, holds in ((0.5, ">= 0.5", True), (0.49, ">= 0.5", False), (1.25, "<= 1.25", True),
                                     (1.26, "<= 1.25", False)):
            with self.subTest(ratio=ratio, target=target):
                self.assertEqual(run_bench.judged(row(ratio=ratio, target=target))["holds"], holds)

    def test_a_row_has_the_fields_that_every_benchmark_has(self):
        self.assertEqual(list(run_bench.judged(row())), ["name", "unit", "ours", "peer", "ratio", "target", "holds"])

    def test_what_a_row_says_of_itself_does_not_count(self):
        self.assertFalse(run_bench.judged(row(ratio=0.1, holds=True))["holds"])

    def test_a_row_without_its_fields_or_with_another_target_is_an_error(self):
        for wrong in ({"name": "x"}, [], row(target="0.5"), row(target="> 0.5")):
            with self.subTest(wrong=wrong), self.assertRaises(ValueError):
                run_bench.judged(wrong)

    def test_the_table_has_a_line_for_each_row(self):
        rows = [run_bench.judged(row()), run_bench.judged(row(name="memory", unit="bytes", ours=2100.0, peer=None,
                                                              ratio=2100, target="<= 2048"))]
        self.assertEqual(run_bench.table(rows), [
            "        unit          ours    peer    ratio  target",
            "REST    requests/s  51,234  62,000     0.83  >= 0.5   holds",
            "memory  bytes        2,100       -  2100.00  <= 2048  FALLS SHORT"])


if __name__ == "__main__":
    main()
