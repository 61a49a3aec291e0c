"""A project outside the tree finds the installed package, generates code of its contract, builds and runs."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from cases import ROOT, main

BUILD = pathlib.Path(os.environ["TROUPE_BUILD"])


def run(*command, **options):
    ran = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         stdin=subprocess.DEVNULL, **options)
    if ran.returncode != 0:
        raise AssertionError(f"{command} ended with {ran.returncode}:\n{ran.stdout}")
    return ran.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.prefix = pathlib.Path(cls.folder.name) / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_a_project_outside_the_tree_builds_and_runs(self):
        out = pathlib.Path(self.folder.name) / "consumer"
        run("cmake", "-S", ROOT / "tests/house/consumer", "-B", out, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            "-DCMAKE_BUILD_TYPE=Debug")
        run("cmake", "--build", out)
        self.assertEqual(run(out / "consumer"), "/greeting.Greeter/Greet\n")
        self.assertIn("--http", run(out / "consumer", "--help"))

    def test_the_package_does_not_point_into_the_tree(self):
        for path in (self.prefix / "lib/cmake").rglob("*.cmake"):
            with self.subTest(path=path):
                text = path.read_text()
                self.assertNotIn(f"{ROOT}/", text)
                self.assertNotIn(str(BUILD), text)

    def test_everything_has_its_place(self):
        for name in ("bin/protoc-gen-troupe", "bin/troupe", "include/troupe/troupe.hpp", "include/troupe/runtime/core/status.hpp",
                     "include/troupe/actors/service/service.hpp", "share/troupe/proto/troupe/options.proto",
                     "share/troupe/proto/google/api/annotations.proto", "lib/cmake/troupe/troupe-config.cmake",
                     "lib/cmake/troupe/troupe_contract.cmake", "share/doc/troupe/LICENSE"):
            with self.subTest(name=name):
                self.assertTrue((self.prefix / name).is_file())
        self.assertFalse(list((self.prefix / "include").rglob("*.cpp")))


if __name__ == "__main__":
    main()
