"""The driver of fuzz targets finds a planted bug, the same one each time, and leaves the input to repeat it with."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from cases import main

PROGRAM = os.environ["TROUPE_PLANTED_BUG"]


class FuzzDriver(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        (self.root / "corpus").mkdir()
        (self.root / "corpus" / "object").write_text('{"a":[1]}')

    def tearDown(self):
        self.folder.cleanup()

    def drive(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.root, capture_output=True, text=True)

    def crashes(self):
        return sorted(path.name for path in self.root.glob("crash-*"))

    def test_the_corpus_alone_passes(self):
        ran = self.drive("--runs", "0", "corpus")
        self.assertEqual((ran.returncode, ran.stdout), (0, "1 corpus inputs and 0 of 0 mutations passed\n"))

    def test_mutations_find_the_bug_and_leave_the_input(self):
        ran = self.drive("--runs", "20000", "corpus")
        self.assertNotEqual(ran.returncode, 0)
        self.assertEqual(len(self.crashes()), 1)
        self.assertIn(f"the input is in ./{self.crashes()[0]}", ran.stderr)
        self.assertNotEqual(self.drive("--runs", "0", self.crashes()[0]).returncode, 0)

    def test_the_mutations_are_the_same_each_time(self):
        self.drive("--runs", "20000", "corpus")
        first = self.crashes()
        self.drive("--runs", "20000", "corpus")
        self.assertEqual(self.crashes(), first)

    def test_an_input_in_the_corpus_that_crashes_is_found_without_mutations(self):
        (self.root / "corpus" / "crash").write_text("{ [")
        self.assertEqual(self.drive("--runs", "0", "corpus").returncode, 0)
        (self.root / "corpus" / "crash").write_text("{  [")
        self.assertNotEqual(self.drive("--runs", "0", "corpus").returncode, 0)

    def test_an_input_that_hangs_is_a_failure(self):
        (self.root / "corpus" / "hang").write_text("hang")
        ran = self.drive("--runs", "0", "--longest", "1", "corpus")
        self.assertEqual(ran.returncode, 1)
        self.assertIn("one input took too long", ran.stderr)
        self.assertEqual(len(self.crashes()), 1)

    def test_wrong_usage_says_what_is_wrong(self):
        for arguments, text in ((["--runs"], "--runs needs a number"), (["--runs", "x", "corpus"], "not x"),
                                (["nothing"], "there is no nothing"), ([], "no input"),
                                (["--fast", "1", "corpus"], "there is no option --fast")):
            with self.subTest(arguments=arguments):
                ran = self.drive(*arguments)
                self.assertEqual(ran.returncode, 2)
                self.assertIn(text, ran.stderr)


if __name__ == "__main__":
    main()
