// Runs a test in the simulation under many seeds, each of them twice: two runs of one seed that do not do the
// same are a failure of their own. A failure is reported with its seed, and with the command that repeats it.
//
//   TEST_CASE("orders survive") {
//     troupe::simulate({.seeds = 50, .cluster = {.nodes = 3}}, [](troupe::simulation& sim) { ... });
//   }
//
// The environment decides, for all tests of a program:
//   TROUPE_SIM_SEED=17          this seed only
//   TROUPE_SIM_SEEDS=2000       how many seeds, in place of what the test says
//   TROUPE_SIM_FIRST_SEED=1001  where they begin
//   TROUPE_SIM_SHARD=1/4        the first quarter of them: 1/4 to 4/4 may run beside each other
//   TROUPE_SIM_ONCE=1           each seed once: twice as fast, for searching
//   TROUPE_SIM_TRACE=FILE       writes the full trace of the (last) run: for one seed
//   TROUPE_SIM_PLAN=FILE        the faults of this file in place of those that chaos() would plan
//   TROUPE_SIM_PLAN_OUT=FILE    writes the faults that chaos() planned
//   TROUPE_SIM_LOG=debug        the least severe log lines that are kept; changes the trace and its hash
//   TROUPE_SIM_PLANTED_BUGS=a,b switches on defects (TROUPE_PLANTED_BUG), to see whether the test finds them
//   TROUPE_SIM_COVERAGE=1       tells at the end of the program which sometimes was never so, in all runs
//   TROUPE_SIM_CPU_LIMIT=60     seconds of processor time that one run may take, 0: any; 60 unless said
//   otherwise
#pragma once

#include "actors/testing/simulation.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

struct simulate_options {
  // How many seeds, unless the environment says otherwise: 1, 2, ...
  std::uint64_t seeds = 10;
  // Its seed is replaced.
  simulation_options cluster;
};

// Calls `test` with a new simulation for each run; the nodes are off. A run fails when an assertion of Catch2
// fails in it (include <troupe/testing.hpp> after <catch2/catch.hpp>), when an exception leaves it, when a
// property that must always hold does not, or when its second run does something else. The first failure is
// reported on standard error and ends all: its exception is thrown on, or simulation_failed. `test` must
// decide everything by the simulation: no real clock, no order of addresses, nothing that survives from run
// to run. No sections or generators of Catch2 inside. Throws std::invalid_argument when a variable makes no
// sense.
void simulate(const simulate_options& options, const std::function<void(simulation&)>& test);

// TROUPE_SIM_SEED, else 1: for a simulation that a test makes itself.
std::uint64_t seed_from_environment();

namespace detail {

// What the runner wants to know of a test framework while a run lasts.
class assertion_watch {
public:
  virtual ~assertion_watch() = default;
  // Of the test that runs.
  virtual std::string test_name() const = 0;
};
// Begins to watch; calls `on_failure` with the text of each assertion that fails, until the watch is
// destroyed.
using assertion_watcher =
  std::unique_ptr<assertion_watch> (*)(std::function<void(std::string_view)> on_failure);

// Called before main() by the adaptor to a test framework.
bool watch_assertions_with(assertion_watcher watcher) noexcept;

} // namespace detail

} // namespace troupe
