"""scripts/tidy finds what would make two runs of one seed differ, and leaves what only looks like it."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

from cases import ROOT, main

TIDY = ROOT / "scripts" / "tidy"
PLACE = "actors/queue/queue.cpp"

sys.dont_write_bytecode = True
sys.path.insert(0, str(TIDY.parent))
loader = importlib.machinery.SourceFileLoader("tidy", str(TIDY))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)


class Files:
    """Stands in for a checkout."""

    def __init__(self):
        self.texts = {}
        self.found = []

    @property
    def known(self):
        return set(self.texts)

    def read(self, name):
        return self.texts[name]

    def report(self, name, line, rule, text):
        self.found.append((line, rule, text))


class Determinism(unittest.TestCase):
    def setUp(self):
        self.files = Files()

    def write(self, text, name=PLACE):
        self.files.texts[name] = text

    def findings(self, name):
        self.files.found = []
        tidy.tidy_determinism.check(self.files, name, self.files.texts[name], tidy.code_only)
        return sorted(self.files.found)

    def finds(self, text, *expected, name=PLACE):
        """`expected`: (line, rule, beginning of what is said)."""
        self.write(text, name)
        found = self.findings(name)
        self.assertEqual(len(found), len(expected), (text, found))
        for (line, rule, what), (want_line, want_rule, beginning) in zip(found, expected):
            self.assertEqual((line, rule), (want_line, want_rule), what)
            self.assertTrue(what.startswith(beginning), what)

    def each_is_found(self, rule, *lines, beginning=""):
        for line in lines:
            with self.subTest(line=line):
                self.finds(f"void g() {{\n{line}\n}}\n" if rule != "state" else f"\n{line}\n", (2, rule, beginning))

    def none_is_found(self, *texts, name=PLACE):
        for text in texts:
            with self.subTest(text=text):
                self.write(text + "\n", name)
                self.assertEqual(self.findings(name), [])

    # -- order

    def test_going_through_an_unordered_container_is_found(self):
        for kind in ("std::unordered_map<int, std::vector<int>>", "std::unordered_set<std::string>",
                     "std::unordered_multimap<int, int>", "boost::unordered_flat_map<int, int>",
                     "boost::unordered_node_set<int>", "absl::flat_hash_map<int, int>"):
            for use in ("for (const auto& each : seen) f(each);", "for (auto& [key, value] : this->seen) f(key);",
                        "for (auto it = seen.begin(); it != seen.end(); ++it) f(*it);", "f(seen.cbegin());", "f(std::begin(seen));",
                        "for (const auto& each : std::as_const(seen)) f(each);", "std::ranges::copy(seen, out);",
                        "for (int i = 0; const auto& each : seen) f(each);"):
                with self.subTest(kind=kind, use=use):
                    self.finds(f"void g() {{\n  {kind} seen;\n  {use}\n}}\n", (3, "order", "seen has no order"))

    def test_members_are_known_from_the_headers_of_the_folder(self):
        self.write("// Promises.\n#pragma once\nclass queue {\n  std::unordered_map<int,\n                     std::string> names_; // by id\n};\n",
                   "actors/queue/queue.hpp")
        self.finds('#include "actors/queue/queue.hpp"\nvoid queue::f() {\n  for (auto& [id, name] : names_) g(id);\n}\n',
                   (3, "order", "names_ has no order"))
        self.none_is_found('#include "actors/queue/other.hpp"\nvoid f() {\n  for (auto& each : names_) g(each);\n}')

    def test_members_of_other_objects_and_aliases_are_known(self):
        self.finds("struct a { std::unordered_set<int> left; };\nvoid f(a& x) {\n  for (int each : x.left) g(each);\n}\n",
                   (3, "order", "left has no order"))
        self.finds("using table = std::unordered_map<int, int>;\ntable make();\nvoid f(const table& of) {\n"
                   "  for (auto& each : of) g(each);\n}\n", (4, "order", "of has no order"))

    def test_a_loop_over_several_lines_is_found_where_the_container_stands(self):
        self.finds("void f(std::unordered_set<int>& all) {\n  for (const auto& each :\n       all)\n    g(each);\n}\n",
                   (3, "order", "all has no order"))

    def test_looking_up_and_counting_are_no_matter_of_order(self):
        declaration = "void f() {\n  std::unordered_map<int, int> seen;\n  "
        self.none_is_found(*(declaration + use + "\n}" for use in (
            "if (seen.find(1) == seen.end()) seen.emplace(1, 2);", "f(seen.size(), seen.contains(3), seen[4]);",
            "auto n = std::count_if(\n    seen.begin(), seen.end(), is_old);", "if (std::ranges::any_of(seen, is_old)) g();",
            "for (int each : sorted(seen)) g(each);", "for (int each : order) g(seen.at(each));", "seen.clear();")))

    def test_ordered_containers_are_fine_unless_their_keys_are_pointers(self):
        for kind in ("std::map<const node*, int>", "std::set<node*>", "std::set<std::shared_ptr<node>>",
                     "std::map<caf::strong_actor_ptr, int>", "std::multimap<node* const, int>"):
            with self.subTest(kind=kind):
                self.finds(f"void f(const {kind}& all) {{\n  for (auto& each : all) g(each);\n}}\n",
                           (2, "order", "all is ordered by addresses"))
        self.none_is_found(*(f"void f(const {kind}& all) {{\n  for (auto& each : all) g(each);\n}}" for kind in (
            "std::map<std::string, node*>", "std::set<int>", "std::set<node*, by_name>", "std::map<node*, int, by_name>",
            "std::vector<node*>", "std::map<std::pair<int, int>, node*>")))

    # -- randomness

    def test_shuffles_and_other_sources_are_found(self):
        self.each_is_found("random", "std::shuffle(a.begin(), a.end(), g);", "std::ranges::shuffle(a, g);", "std::sample(a, b, c, n, g);",
                           "boost::random::mt19937 g;", "std::knuth_b g;", "std::mersenne_twister_engine<int> g;", "getrandom(p, n, 0);")
        self.none_is_found("void f() { random.shuffle(all); auto s = source.sample(3); }")

    # -- addresses

    def test_numbers_hashes_and_orders_made_of_addresses_are_found(self):
        self.each_is_found("address", "auto id = reinterpret_cast<std::uintptr_t>(this);", "auto id = reinterpret_cast<uint64_t>(p);",
                           "auto h = std::hash<const node*>{}(p);", "auto h = boost::hash<node*>{}(p);",
                           "bool b = std::less<const node*>{}(p, q);", "bool b = a.owner_before(c);")
        self.none_is_found("void f() { auto h = std::hash<std::string>{}(name); auto p = reinterpret_cast<const char*>(q); }",
                           "void f(std::map<std::string, int, std::less<>> all);")

    def test_sorting_pointers_by_themselves_is_found(self):
        for use in ("std::sort(all.begin(), all.end());", "std::ranges::sort(all);", "std::stable_sort(all.begin(), all.end());"):
            with self.subTest(use=use):
                self.finds(f"void f(std::vector<const node*>& all) {{\n  {use}\n}}\n", (2, "address", "all is sorted by addresses"))
        self.none_is_found("void f(std::vector<node*>& all) { std::ranges::sort(all, by_name); }",
                           "void f(std::vector<node*>& all) { std::sort(all.begin(), all.end(), by_name); }",
                           "void f(std::vector<int>& all) { std::ranges::sort(all); }")

    # -- threads

    def test_threads_and_what_waits_for_them_are_found(self):
        self.each_is_found("thread", "void f() { std::thread t{g}; }", "void f() { auto t = std::async(g); }", "struct a { std::condition_variable c; };",
                           "void f() { std::call_once(once, g); }", "void f() { std::this_thread::yield(); }", "void f() { std::jthread t{g}; }")
        for name in ("runtime/environment/real_loop.cpp", "actors/http_edge/io.cpp", "actors/host/run.cpp", "apps/troupe/a.cpp"):
            self.none_is_found("void f() { std::thread t{g}; }", name=name)

    # -- state

    def test_variables_that_outlive_a_run_are_found(self):
        self.each_is_found("state", "thread_local int depth = 0;", "void f() { thread_local std::string buffer; }",
                           beginning="a thread_local variable")
        self.each_is_found("state", "static int count = 0;", "void f() { static std::atomic<int> count{0}; }", "class a { static int count_; };",
                           "void f() { static registry all; }", "inline static std::vector<int> all;",
                           beginning="a static variable")
        self.each_is_found("state", "namespace a { int count = 0; }", "namespace { std::mutex all; }", "std::map<int, std::string> names;",
                           "inline std::atomic<bool> ready{false};", "node* current = nullptr;", "constinit int count = 0;",
                           beginning="a variable of the whole program")

    def test_constants_functions_and_types_are_not_state(self):
        self.none_is_found(
            "constexpr int limit = 3;", "static constexpr std::string_view names[] = {\"a\"};", "static const std::regex r{\"a\"};",
            "const std::map<int, int> table = make();", "inline constexpr auto x = f();", "thread_local const char marker = 0;",
            "static int f(int a);", "static int f() { return 1; }", "int f();", "int f() { int a = 0; return a; }", "class a { int b_ = 0; };",
            "struct a { int b = 0; } ;", "enum class a { b, c };", "using a = std::vector<int>;", "extern const int a;",
            "template <class T>\nstruct a { T b; };", "template <class T>\nT f(T a) { return a; }", "auto f() -> std::vector<int>;",
            "namespace a { class b; struct c; }", "struct a { static a make(); static const int b = 1; };",
            "std::ostream& operator<<(std::ostream& out, const a& b) { return out; }", "bool a::operator==(const a& b) const = default;",
            "a::a() : b_{1}, c_(2) {}\na::~a() = default;", "static_assert(sizeof(int) == 4);", "#define A(x) int x;\nint f();",
            "[[nodiscard]] int f();", "void f() { static_cast<void>(g()); }")

    # -- where

    def test_the_real_world_and_tests_are_left_alone(self):
        for name in ("runtime/environment/real_clock.cpp", "actors/grpc_edge/edge.cpp", "apps/protoc_gen_troupe/a.cpp"):
            self.none_is_found("static int count = 0;\nvoid f(std::unordered_set<int>& all) { for (int each : all) g(each); }", name=name)
        self.finds("\nstatic int count = 0;\n", (2, "state", ""), name="runtime/environment/clock.cpp")

    def test_comments_and_literals_are_not_code(self):
        self.none_is_found('// std::thread t;\n/* static int a = 0; */ auto f() { return "std::shuffle(a)"; }')

    def test_the_command_reports_it_and_allowances_excuse_it(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            subprocess.run(["git", "init", "-q", root], check=True)

            def ran(**texts):
                for name, text in texts.items():
                    path = root / name.replace("__", "/")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path = path.with_suffix(".txt" if "tidy" in name else ".cpp")
                    path.write_text(text)
                subprocess.run(["git", "-C", root, "add", "."], check=True)
                return subprocess.run([sys.executable, TIDY, "--root", root], capture_output=True, text=True)

            bad = ran(actors__queue="static int count = 0;\n", tests__queue_test="static int count = 0;\n")
            self.assertEqual(bad.returncode, 1)
            self.assertEqual([line.split(": ")[:2] for line in bad.stdout.splitlines()], [["actors/queue.cpp:1", "state"]])
            self.assertEqual(ran(scripts__tidy_allowances="state | actors/queue.cpp | it is a cache\n").returncode, 0)


if __name__ == "__main__":
    main()
