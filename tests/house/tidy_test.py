"""scripts/tidy finds what is planted, at its line and with its fix, and is silent about a clean tree."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

from cases import ROOT, main

TIDY = ROOT / "scripts" / "tidy"
HEADER = "// Promises something.\n#pragma once\n"


class Tidy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        subprocess.run(["git", "-C", self.root, "add", name], check=True)

    def tidy(self):
        ran = subprocess.run([sys.executable, TIDY, "--root", self.root], capture_output=True, text=True)
        self.assertIn(ran.returncode, (0, 1), ran.stderr)
        return ran.returncode, ran.stdout.splitlines()

    def finds(self, *beginnings):
        code, lines = self.tidy()
        self.assertEqual(len(lines), len(beginnings), lines)
        for line, beginning in zip(lines, beginnings):
            self.assertTrue(line.startswith(beginning), f"{line!r} does not begin with {beginning!r}")
        self.assertEqual(code, 1)

    def finds_nothing(self):
        code, lines = self.tidy()
        self.assertEqual((code, lines[-1].split(":")[0], len(lines)), (0, "tidy", 1), lines)

    def source(self, line, name="actors/queue/queue.cpp"):
        self.write(name, f"void first() {{\n{line}\n}}\n")

    def test_a_clean_tree_passes(self):
        self.write("runtime/core/CMakeLists.txt", "troupe_component(core FLOOR runtime)\n")
        self.write("runtime/core/README.md", "# core\n")
        self.write("runtime/core/status.hpp", HEADER + '#include "runtime/core/result.hpp"\n')
        self.source('#include "runtime/core/status.hpp"\n#include "discovery/registry/registry.hpp"')
        self.write("tests/actors/queue/queue_test.cpp", '#include "actors/queue/queue.hpp"\n')
        self.finds_nothing()

    def test_an_include_that_runs_up_a_floor_is_found(self):
        for name, other in (("runtime", "discovery"), ("runtime", "apps"), ("discovery", "actors"), ("actors", "apps")):
            with self.subTest(name=name, other=other):
                self.write("runtime/a/a.cpp", "\n")
                path = f"{name}/a/a.cpp"
                self.source(f'#include "{other}/b/b.hpp"', path)
                self.finds(f"{path}:2: floor: {name} includes {other}, a floor above it")
                self.write(path, "\n")

    def test_angle_brackets_and_the_installed_prefix_do_not_hide_an_include(self):
        self.source("#  include <troupe/apps/shop/shop.hpp>")
        self.finds("actors/queue/queue.cpp:2: floor: actors includes apps")

    def test_no_floor_includes_tests_or_benchmarks(self):
        self.source('#include "tests/helpers.hpp"')
        self.finds("actors/queue/queue.cpp:2: floor: actors includes tests/")

    def test_clocks_are_found(self):
        for call in ("std::chrono::steady_clock::now()", "system_clock::now()", "::clock_gettime(CLOCK_REALTIME, &t)"):
            with self.subTest(call=call):
                self.source(f"auto t = {call};")
                self.finds("actors/queue/queue.cpp:2: clock:")

    def test_random_devices_engines_and_distributions_are_found(self):
        for use in ("std::random_device d;", "std::mt19937_64 e;", "std::uniform_int_distribution<int> d;", "rand();"):
            with self.subTest(use=use):
                self.source(use)
                self.finds("actors/queue/queue.cpp:2: random:")

    def test_sleeps_are_found_in_floors_and_in_tests(self):
        self.source("std::this_thread::sleep_for(1s);")
        self.source("std::this_thread::sleep_until(t);", "tests/actors/a_test.cpp")
        self.finds("actors/queue/queue.cpp:2: sleep:", "tests/actors/a_test.cpp:2: sleep:")

    def test_a_timer_of_a_handler_is_no_sleep(self):
        self.source("co_await sleep_for(1s);")
        self.finds_nothing()

    def test_detached_blocking_and_scoped_actors_are_found(self):
        for use in ("system.spawn<worker, caf::detached>();", "class a : caf::blocking_actor {};",
                    "caf::scoped_actor self{system};", "worker{run}.detach();"):
            with self.subTest(use=use):
                self.source(use)
                self.finds("actors/queue/queue.cpp:2: blocking:")

    def test_the_seam_may_touch_the_world(self):
        for name in ("runtime/environment/real_clock.cpp", "actors/http_edge/server.cpp", "actors/grpc_edge/edge.cpp"):
            self.source("auto t = std::chrono::steady_clock::now();", name)
        self.finds_nothing()

    def test_tests_may_drive_actors_from_their_main_thread(self):
        self.source("caf::scoped_actor self{system};", "tests/runtime/call/call_test.cpp")
        self.finds_nothing()

    def test_comments_and_literals_are_not_code(self):
        self.source('// steady_clock::now()\n/* sleep_for\n sleep_until */ auto a = "std::random_device";\n'
                    'auto b = R"x(blocking_actor " )x"; int c = 1\'000; char d = \'"\';')
        self.finds_nothing()

    def test_code_after_a_digit_separator_or_a_quote_is_still_code(self):
        self.source("int c = 1'000'000; char d = '\"'; auto t = steady_clock::now();")
        self.finds("actors/queue/queue.cpp:2: clock:")

    def test_lines_keep_their_numbers_behind_comments_and_raw_strings(self):
        self.source('/* a\nb */\nauto s = R"(\n\n)";\nauto t = steady_clock::now();')
        self.finds("actors/queue/queue.cpp:7: clock:")

    def test_a_file_may_have_500_lines_and_no_more(self):
        self.write("runtime/a/a.cpp", "int i();\n" * 500)
        self.finds_nothing()
        self.write("runtime/a/a.cpp", "int i();\n" * 501)
        self.finds("runtime/a/a.cpp:501: length: 501 lines")

    def test_a_header_of_a_floor_says_what_it_promises(self):
        self.write("runtime/a/a.hpp", "#pragma once\n// Too late.\n")
        self.finds("runtime/a/a.hpp:1: header: there is no leading comment")

    def test_each_header_is_included_once(self):
        self.write("runtime/a/a.hpp", "// Promises.\nint i();\n")
        self.write("tests/a.hpp", "int i;\n")
        self.finds("runtime/a/a.hpp:1: header: #pragma once", "tests/a.hpp:1: header: #pragma once")

    def test_a_component_has_a_readme(self):
        self.write("runtime/a/CMakeLists.txt", "troupe_component(a FLOOR runtime)\n")
        self.finds("runtime/a/CMakeLists.txt:1: readme: runtime/a/README.md is missing")

    def test_notes_to_self_are_found_everywhere(self):
        word = "TO" + "DO"
        self.write("docs/a.md", f"\n{word}: more\n")
        self.write("scripts/a", f"# {word.lower()} lists are fine\n# {word}\n")
        self.finds(f"docs/a.md:2: word: {word}", f"scripts/a:2: word: {word}")

    def test_white_space(self):
        self.write("runtime/a/a.cpp", "\tint a();\nint b(); \nint c();\r\nint d();")
        self.finds("runtime/a/a.cpp:1: space: a tab", "runtime/a/a.cpp:2: space: spaces at the end",
                   "runtime/a/a.cpp:3: space: a carriage return", "runtime/a/a.cpp:4: space: no line feed")

    def test_text_that_is_not_utf_8_is_found(self):
        self.write("runtime/a/a.cpp", b"// \xff\n")
        self.finds("runtime/a/a.cpp:1: space: not UTF-8")

    def test_inputs_of_tests_have_their_own_shape(self):
        self.write("tests/a/corpus/b/c.cpp", "\tsleep_for \r")
        self.finds_nothing()

    def test_files_that_git_does_not_track_are_left_alone(self):
        self.write("runtime/a/a.cpp", "\n")
        (self.root / "runtime/a/b.cpp").write_text("auto t = steady_clock::now();\n")
        self.finds_nothing()

    def test_an_allowance_excuses_its_rule_in_its_path_only(self):
        self.write("scripts/tidy_allowances.txt", "clock | actors/queue/* | measured here on purpose\n")
        self.source("auto t = steady_clock::now();")
        self.finds_nothing()
        self.source("auto t = steady_clock::now(); std::random_device d;")
        self.source("auto t = steady_clock::now();", "actors/topic/topic.cpp")
        self.finds("actors/queue/queue.cpp:2: random:", "actors/topic/topic.cpp:2: clock:")

    def test_an_allowance_without_a_reason_or_without_a_use_is_found(self):
        self.write("scripts/tidy_allowances.txt", "# comment\n\nclock | actors/queue/*\nclock | actors/* | because\n")
        self.finds("scripts/tidy_allowances.txt:3: allowance: not `rule | path | reason`",
                   "scripts/tidy_allowances.txt:4: allowance: actors/* breaks clock no more")

    def test_a_folder_that_is_no_checkout_is_an_error_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            ran = subprocess.run([sys.executable, TIDY, "--root", folder], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("is not a git checkout", ran.stderr)


if __name__ == "__main__":
    main()
