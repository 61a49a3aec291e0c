#include "runtime/simulation/fault_plan.hpp"
#include "tests/apps/troupe/shell.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>

using shell::run;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string read(const std::string& name) {
  std::ifstream in{name};
  return {std::istreambuf_iterator<char>{in}, {}};
}

class variable {
public:
  variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~variable() { unsetenv(name_); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

private:
  const char* name_;
};

struct shrunk {
  shell::outcome ran;
  troupe::fault_plan plan;
};

const std::string python = TROUPE_TEST_PYTHON;
const std::string program = TROUPE_TEST_FOLDER "/failing_program.py";

// Runs `troupe sim shrink OPTIONS -- failing_program.py NEEDED`.
shrunk shrink(const shell::folder& at, std::vector<std::string> needed,
              std::vector<std::string> options = {}) {
  std::vector<std::string> arguments{"sim", "shrink", "--out", at / "min.json"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.insert(arguments.end(), {"--", python, "-B", program});
  arguments.insert(arguments.end(), needed.begin(), needed.end());
  shrunk out{run(arguments), {}};
  if (auto plan = troupe::fault_plan_from_json(read(at / "min.json"))) out.plan = *plan;
  return out;
}

} // namespace

TEST_CASE("a failing plan is reduced to the faults that it needs, each of them as gentle as can be") {
  const shell::folder at;
  const variable runs{"RUNS_FILE", at / "runs"};
  const auto [ran, plan] = shrink(at, {"crash:a", "partition:c"}, {"--seed", "17"});
  INFO(ran.out << ran.err);
  CHECK(ran.code == 0);
  REQUIRE(plan.events.size() == 2);
  CHECK(plan.events[0].kind == troupe::fault_kind::crash);
  CHECK(plan.events[0].nodes == std::vector<std::string>{"a"});
  CHECK(plan.events[1].kind == troupe::fault_kind::partition);
  CHECK(plan.events[1].nodes == std::vector<std::string>{"c"});
  CHECK(plan.events[1].others.size() == 1);
  for (const auto& each : plan.events)
    CHECK(each.span == std::chrono::milliseconds{1});
  CHECK(contains(
    ran.out, "failure: failed: === the simulation failed: order # is lost\nIt needs 2 of 12 faults (runs: "));
  CHECK(contains(ran.out, "without any one of them, or a gentler one, it does not happen"));
  CHECK(contains(ran.out, "for 1ms       crash a\n"));
  CHECK(contains(ran.out, "replay: TROUPE_SIM_SEED=17 TROUPE_SIM_PLAN=" + (at / "min.json")
                            + " TROUPE_SIM_TRACE=trace.jsonl "));
  CHECK(contains(ran.err, "fails with 2 of the events"));
  // As many runs as it says, and no plan twice.
  const auto counted = read(at / "runs");
  CHECK(contains(ran.out, "(runs: " + std::to_string(std::ranges::count(counted, '\n')) + ";"));
  std::istringstream lines{counted};
  std::set<std::string> different;
  for (std::string each; std::getline(lines, each);)
    CHECK(different.insert(each).second);
}

TEST_CASE("a failure that needs no fault is told") {
  const shell::folder at;
  const auto [ran, plan] = shrink(at, {});
  CHECK(ran.code == 0);
  CHECK(plan.events.empty());
  CHECK(contains(ran.out, "It needs none of the 12 faults"));
}

TEST_CASE("a plan that is given is not asked for") {
  const shell::folder at;
  const auto plan_file = at.write("plan.json", R"({"events": [
    {"at": "1s", "for": "1s", "kind": "kill", "nodes": ["a"]},
    {"at": "2s", "for": "1s", "kind": "pause", "nodes": ["b"]}]})");
  const auto [ran, plan] = shrink(at, {"kill:a"}, {"--plan", plan_file});
  INFO(ran.err);
  CHECK(ran.code == 0);
  REQUIRE(plan.events.size() == 1);
  CHECK(plan.events[0].kind == troupe::fault_kind::kill);
}

TEST_CASE("another failure is not taken for the one that is looked for") {
  const shell::folder at;
  const variable mode{"MODE", "other-if-alone"};
  const auto [ran, plan] = shrink(at, {"crash:a"});
  CHECK(ran.code == 0);
  CHECK(plan.events.size() == 2);
  // Unless all that contains a text is as good.
  CHECK(shrink(at, {"crash:a"}, {"--match", "=== the simulation failed"}).plan.events.size() == 1);
}

TEST_CASE("the bound on runs keeps the best so far and says so") {
  const shell::folder at;
  const auto [ran, plan] = shrink(at, {"crash:a"}, {"--runs", "4"});
  CHECK(ran.code == 0);
  CHECK(plan.events.size() < 12);
  CHECK_FALSE(plan.events.empty());
  CHECK(contains(ran.out, "that was the bound, fewer may do"));
}

TEST_CASE("what cannot be shrunk is told, with what to do") {
  const shell::folder at;
  const auto fails = [&](const shell::outcome& ran, const std::string& why, const std::string& fix) {
    INFO(ran.out << ran.err);
    CHECK(ran.code == 2);
    CHECK(contains(ran.err, why));
    CHECK(contains(ran.err, fix));
    CHECK(ran.out == "");
  };
  fails(shrink(at, {"crash:a"}, {"--seed", "0"}).ran, "the command succeeds", "--seed");
  fails(shrink(at, {"hang"}, {"--time-limit", "300ms"}).ran, "did not end within 300ms", "--time-limit");
  fails(shrink(at, {"crash:a"}, {"--match", "never said"}).ran, "does not contain \"never said\"", "--match");
  {
    const variable none{"NO_PLAN", "1"};
    fails(shrink(at, {"crash:a"}).ran, "no plan of faults", "--plan");
  }
  fails(run({"sim", "shrink", "--", "/no/such/program"}), "cannot run /no/such/program", "behind --");
  fails(run({"sim", "shrink"}), "COMMAND is required", "--help");
  const auto bad = at.write("bad.json", "{}");
  fails(shrink(at, {}, {"--plan", bad}).ran, bad, "TROUPE_SIM_PLAN_OUT");
  fails(shrink(at, {"crash:a"}, {"--time-limit", "soon"}).ran, "soon is no time", "--help");
}

TEST_CASE("the command that repeats it is one for a shell") {
  const shell::folder at;
  const variable seed{"TROUPE_SIM_SEED", "23"};
  const auto script = at.write("it's.sh", "exit 3");
  const auto plan = at.write("plan.json", R"({"events": []})");
  const auto ran =
    run({"sim", "shrink", "--plan", plan, "--out", at / "min.json", "--", "sh", script, "no order is lost"});
  INFO(ran.err);
  CHECK(ran.code == 0);
  CHECK(contains(ran.out, "replay: TROUPE_SIM_SEED=23 "));
  CHECK(contains(ran.out, "it'\\''s.sh' 'no order is lost'\n"));
}
