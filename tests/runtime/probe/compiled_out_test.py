"""Without TROUPE_PROBES a probe leaves nothing in an object file: no symbol, no text, not one instruction."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "house"))
from cases import main  # noqa: E402

WITH, WITHOUT, BARE = sys.argv[1:4]
del sys.argv[1:]
NEEDLES = (b"needle of always", b"needle of sometimes", b"needle.of_buggify", b"needle_of_planted_bug",
           b"needle of unreachable")


def symbols(path):
    listed = subprocess.run(["nm", "--demangle", path], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {line.split(maxsplit=1)[1] if line.startswith(" ") else line.split(" ", 2)[2] for line in listed.splitlines()}


def code(path):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "text"
        subprocess.run(["objcopy", "-O", "binary", "--only-section=.text*", path, out], check=True)
        return out.read_bytes()


class CompiledOut(unittest.TestCase):
    def test_no_text_is_left(self):
        for needle in NEEDLES:
            with self.subTest(needle=needle):
                self.assertIn(needle, pathlib.Path(WITH).read_bytes())
                self.assertNotIn(needle, pathlib.Path(WITHOUT).read_bytes())

    def test_no_symbol_is_left(self):
        self.assertTrue(any("troupe::" in name for name in symbols(WITH)))
        self.assertEqual({name for name in symbols(WITHOUT) if "troupe" in name}, set())
        self.assertEqual({name for name in symbols(WITHOUT) if "side_effect" in name}, set())

    def test_no_instruction_is_left(self):
        self.assertGreater(len(code(BARE)), 0)
        self.assertEqual(code(WITHOUT), code(BARE))
        self.assertNotEqual(code(WITH), code(BARE))


if __name__ == "__main__":
    main()
