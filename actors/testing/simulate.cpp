#include "actors/testing/simulate.hpp"

#include "actors/testing/cluster_log.hpp"
#include "actors/testing/coverage_report.hpp"
#include "actors/testing/run_watchdog.hpp"
#include "actors/testing/simulate_settings.hpp"
#include "actors/testing/trace_difference.hpp"

#include <fmt/format.h>

#include <cerrno> // program_invocation_name
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace troupe {

namespace {

detail::assertion_watcher watcher = nullptr;

detail::simulate_settings settings_of_environment() {
  return detail::read_simulate_settings([](const char* name) -> const char* { return std::getenv(name); });
}

std::string text_of(const std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an exception that is none of the standard library's";
  }
}

struct run_result {
  std::uint64_t hash = 0;
  bool failed = false;
  std::exception_ptr thrown; // null: only assertions failed
  std::string report;
};

class runner {
public:
  runner(const simulate_options& options, const std::function<void(simulation&)>& test)
    : options_(options), test_(test), settings_(settings_of_environment()),
      plan_(read_plan(settings_.plan_file)) {}

  void run_all() {
    for (const auto seed : settings_.chosen(options_.seeds))
      if (!run_seed(seed)) return;
  }

private:
  // Whether to go on.
  bool run_seed(std::uint64_t seed) {
    const auto first = run_once(seed, trace_file());
    if (first.failed) return fail(first);
    if (settings_.once) return true;
    const auto second = run_once(seed, nullptr);
    if (second.failed) return fail(second);
    if (first.hash != second.hash) {
      const auto text = explain_difference(seed);
      std::cerr << text << std::flush;
      throw simulation_failed{fmt::format("two runs of seed {} did different things", seed)};
    }
    return true;
  }

  static bool fail(const run_result& what) {
    std::cerr << what.report << std::flush;
    if (what.thrown) std::rethrow_exception(what.thrown);
    return false;
  }

  std::ostream* trace_file() {
    if (settings_.trace_file.empty()) return nullptr;
    file_ = std::ofstream{settings_.trace_file, std::ios::trunc | std::ios::binary};
    if (!file_) throw std::invalid_argument{"TROUPE_SIM_TRACE: cannot write to " + settings_.trace_file};
    return &file_;
  }

  simulation_options cluster_of(std::uint64_t seed, std::ostream* full) const {
    auto out = options_.cluster;
    out.seed = seed;
    if (full) out.world.trace.full = full;
    if (settings_.level) out.level = *settings_.level;
    if (plan_) out.faults = plan_;
    for (const auto& each : settings_.planted_bugs)
      out.probes.planted_bugs.push_back(each);
    return out;
  }

  run_result run_once(std::uint64_t seed, std::ostream* full) {
    run_result out;
    simulation sim{cluster_of(seed, full)};
    std::string first_problem; // with what was known when it happened
    const auto failed = [&](std::string_view what) {
      if (out.failed) return;
      out.failed = true;
      first_problem = std::string{what} + "\n" + sim.report();
    };
    std::unique_ptr<detail::assertion_watch> watch;
    if (watcher) watch = watcher(failed);
    const auto command = replay_command(seed, watch.get());
    const detail::run_watchdog watchdog{
      fmt::format(
        "\n=== the simulation failed: seed {} took more than {} s of processor time: does something loop "
        "without waiting? (TROUPE_SIM_CPU_LIMIT sets the limit)\nto repeat it with a full trace:\n  {}\n\n",
        seed, settings_.cpu_limit.count(), command),
      settings_.cpu_limit};
    try {
      test_(sim);
      sim.run_for(duration::zero()); // notices what the probes have noticed
    } catch (...) {
      out.thrown = std::current_exception();
      failed(text_of(out.thrown));
    }
    out.hash = sim.trace_hash();
    if (out.failed)
      out.report = fmt::format("\n=== the simulation failed: {}\nto repeat it with a full trace:\n  {}\n\n",
                               first_problem, command);
    write_plan(sim.faults());
    detail::add_coverage(sim.probes().coverage(), settings_.coverage);
    return out;
  }

  static std::optional<fault_plan> read_plan(const std::string& file) {
    if (file.empty()) return std::nullopt;
    const std::ifstream in{file, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    if (!in || !text) throw std::invalid_argument{"TROUPE_SIM_PLAN: cannot read " + file};
    auto plan = fault_plan_from_json(text.view());
    if (!plan) throw std::invalid_argument{"TROUPE_SIM_PLAN: " + plan.error().to_string()};
    return std::move(*plan);
  }

  void write_plan(const fault_plan& plan) const {
    if (settings_.plan_out_file.empty()) return;
    std::ofstream out{settings_.plan_out_file, std::ios::trunc | std::ios::binary};
    out << to_json(plan) << std::flush;
    if (!out) throw std::invalid_argument{"TROUPE_SIM_PLAN_OUT: cannot write to " + settings_.plan_out_file};
  }

  std::string replay_command(std::uint64_t seed, const detail::assertion_watch* watch) const {
    auto out = fmt::format("TROUPE_SIM_SEED={} TROUPE_SIM_TRACE=trace.jsonl", seed);
    if (plan_) out += fmt::format(" TROUPE_SIM_PLAN={}", settings_.plan_file);
    for (const char* each : {"TROUPE_SIM_LOG", "TROUPE_SIM_PLANTED_BUGS"})
      if (const char* value = std::getenv(each)) out += fmt::format(" {}={}", each, value);
    out += fmt::format(" {}", program_invocation_name);
    if (watch) out += fmt::format(" '{}'", watch->test_name());
    return out;
  }

  // Runs both again and compares everything; an address that decides something need not do so every time.
  std::string explain_difference(std::uint64_t seed) {
    constexpr int attempts = 3;
    auto out = fmt::format("\n=== two runs of seed {} did different things\n", seed);
    for (int i = 0; i < attempts; ++i) {
      std::ostringstream first;
      std::ostringstream second;
      run_once(seed, &first);
      run_once(seed, &second);
      if (auto found = detail::first_difference(first.view(), second.view())) return out + *found;
    }
    return out + fmt::format("but {} further pairs of runs with full traces agreed\n", attempts);
  }

  const simulate_options& options_;
  const std::function<void(simulation&)>& test_;
  const detail::simulate_settings settings_;
  const std::optional<fault_plan> plan_;
  std::ofstream file_;
};

} // namespace

void simulate(const simulate_options& options, const std::function<void(simulation&)>& test) {
  runner{options, test}.run_all();
}

std::uint64_t seed_from_environment() { return settings_of_environment().seed.value_or(1); }

bool detail::watch_assertions_with(assertion_watcher with) noexcept {
  watcher = with;
  return true;
}

} // namespace troupe
