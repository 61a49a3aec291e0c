#include "apps/troupe/child_process.hpp"
#include "apps/troupe/command.hpp"
#include "apps/troupe/failure_kind.hpp"
#include "runtime/configuration/units.hpp"
#include "runtime/shrink/shrink.hpp"
#include "runtime/shrink/simpler_faults.hpp"
#include "runtime/simulation/fault_plan.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>

namespace troupe::cli {

namespace {

struct shrink_arguments {
  std::vector<std::string> command;
  std::string plan;
  std::string out = "shrunk-plan.json";
  std::size_t runs = 1000;
  std::string time_limit = "2m";
  std::string match;
  std::optional<std::uint64_t> seed;
};

// A folder for plans on their way to the program; gone at the end.
class work_folder {
public:
  work_folder() {
    auto name = (std::filesystem::temp_directory_path() / "troupe_shrink_XXXXXX").string();
    if (mkdtemp(name.data())) path_ = name;
  }
  ~work_folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  work_folder(const work_folder&) = delete;
  work_folder& operator=(const work_folder&) = delete;
  bool made() const noexcept { return !path_.empty(); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
  std::filesystem::path path_;
};

bool write_file(const std::string& name, const std::string& text) {
  std::ofstream out{name, std::ios::binary | std::ios::trunc};
  out << text;
  out.close();
  return !out.fail();
}

result<fault_plan> read_plan(const std::string& name) {
  std::ifstream in{name, std::ios::binary};
  if (!in) return not_found("cannot read {}", name);
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  auto plan = fault_plan_from_json(text);
  if (!plan) return invalid_argument("{}: {}", name, plan.error().message());
  return plan;
}

// As a shell reads it back.
std::string quoted(const std::string& text) {
  constexpr std::string_view plain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!text.empty() && text.find_first_not_of(plain) == text.npos) return text;
  std::string out = "'";
  for (const char each : text)
    out += each == '\'' ? std::string{"'\\''"} : std::string(1, each);
  return out + "'";
}

std::string how_it_ended(const child_outcome& run) {
  if (run.timed_out) return "did not end in time";
  return run.signal != 0 ? fmt::format("was ended by signal {}", run.signal)
                         : fmt::format("ended with exit code {}", run.exit_code);
}

class shrinking {
public:
  shrinking(const shrink_arguments& arguments, session& now) : arguments_(arguments), now_(now) {}

  int run() {
    if (!folder_.made()) return complain("cannot make a folder for temporary files", "set TMPDIR");
    const auto plan = find_failure();
    if (!plan) {
      now_.err << plan.error().message() << "\n";
      return bad_usage;
    }
    smallest_ = plan->events.size();
    const auto found = shrink_list<fault_event>(
      plan->events, [this](const std::vector<fault_event>& events) { return judge(events); }, simpler_faults,
      {arguments_.runs});
    if (!problem_.ok()) return complain(problem_.message(), "run the command by itself");
    if (!found.reproduced)
      return complain(
        "the command fails, but not when its own faults are given back to it by TROUPE_SIM_PLAN",
        "fix what else chance decides: give --seed, and one test case");
    return tell(found, plan->events.size());
  }

private:
  int complain(std::string_view what, std::string_view fix) {
    now_.err << "error: " << what << "\nfix: " << fix << "\n";
    return bad_usage;
  }

  result<child_outcome> run_with(std::optional<std::string> plan, std::optional<std::string> plan_out) {
    child_request request{.command = arguments_.command,
                          .time_limit = *parse_duration(arguments_.time_limit)};
    request.environment = {{"TROUPE_SIM_PLAN", std::move(plan)},
                           {"TROUPE_SIM_PLAN_OUT", std::move(plan_out)},
                           {"TROUPE_SIM_TRACE", std::nullopt},
                           {"TROUPE_SIM_ONCE", once_ ? "1" : "0"}};
    if (arguments_.seed)
      request.environment.emplace_back("TROUPE_SIM_SEED", std::to_string(*arguments_.seed));
    ++runs_;
    return run_child(request);
  }

  // Runs the command for the first time: the failure to look for, and the plan it happened with.
  result<fault_plan> find_failure() {
    const auto given = arguments_.plan;
    const auto planned = folder_ / "planned.json";
    // Two runs of a seed are twice the time, and seldom what fails.
    for (const bool once : {true, false}) {
      once_ = once;
      const auto ran = given.empty() ? run_with(std::nullopt, planned) : run_with(given, std::nullopt);
      if (!ran) return not_found("error: {}\nfix: say what to run behind --", ran.error().message());
      if (ran->timed_out)
        return invalid_argument("error: the command did not end within {}\nfix: give a larger --time-limit",
                                arguments_.time_limit);
      if (ran->succeeded()) continue;
      failure_ = failure_kind(*ran);
      if (!is_the_failure(*ran))
        return invalid_argument(
          "error: the command {}, but its output does not contain \"{}\"\nfix: give what "
          "it prints to --match, or leave --match away",
          how_it_ended(*ran), arguments_.match);
      now_.err << "to be found: " << failure_ << "\n";
      auto plan = read_plan(given.empty() ? planned : given);
      if (plan) return plan;
      return invalid_argument("error: no plan of faults: {}\nfix: {}", plan.error().message(),
                              given.empty()
                                ? "the command must run a simulation with chaos(), which writes its "
                                  "plan to TROUPE_SIM_PLAN_OUT; or give --plan"
                                : "give what a run wrote with TROUPE_SIM_PLAN_OUT=FILE");
    }
    return invalid_argument(
      "error: the command succeeds, there is nothing to shrink\nfix: give the seed that fails, "
      "with --seed or TROUPE_SIM_SEED");
  }

  bool is_the_failure(const child_outcome& ran) const {
    if (ran.succeeded() || ran.timed_out) return false;
    if (!arguments_.match.empty()) return ran.output.find(arguments_.match) != std::string::npos;
    return failure_kind(ran) == failure_;
  }

  shrink_verdict judge(const std::vector<fault_event>& events) {
    if (!problem_.ok()) return shrink_verdict::unresolved;
    const auto text = to_json(fault_plan{events});
    if (const auto known = known_.find(text); known != known_.end()) return known->second;
    const auto file = folder_ / "candidate.json";
    if (!write_file(file, text)) {
      problem_ = unavailable("cannot write {}", file);
      return shrink_verdict::unresolved;
    }
    const auto ran = run_with(file, std::nullopt);
    if (!ran) {
      problem_ = ran.error();
      return shrink_verdict::unresolved;
    }
    const auto verdict = ran->succeeded()       ? shrink_verdict::passes
                         : is_the_failure(*ran) ? shrink_verdict::fails
                                                : shrink_verdict::unresolved;
    known_.emplace(text, verdict);
    if (verdict == shrink_verdict::fails) keep(events, text);
    return verdict;
  }

  // Each that fails is the best so far: kept at once, so that an interrupted search is not lost.
  void keep(const std::vector<fault_event>& events, const std::string& text) {
    if (!write_file(arguments_.out, text)) problem_ = unavailable("cannot write {}", arguments_.out);
    if (events.size() >= smallest_) return;
    smallest_ = events.size();
    now_.err << fmt::format("run {}: fails with {} of the events\n", runs_, smallest_) << std::flush;
  }

  std::string replay_command() const {
    std::string out;
    const char* inherited = std::getenv("TROUPE_SIM_SEED");
    if (arguments_.seed)
      out += fmt::format("TROUPE_SIM_SEED={} ", *arguments_.seed);
    else if (inherited)
      out += fmt::format("TROUPE_SIM_SEED={} ", quoted(inherited));
    out += fmt::format("TROUPE_SIM_PLAN={} TROUPE_SIM_TRACE=trace.jsonl", quoted(arguments_.out));
    for (const auto& each : arguments_.command)
      out += " " + quoted(each);
    return out;
  }

  int tell(const shrunk_list<fault_event>& found, std::size_t from) {
    const fault_plan plan{found.items};
    if (!write_file(arguments_.out, to_json(plan)))
      return complain("cannot write " + arguments_.out, "give another --out");
    now_.out << "failure: " << failure_ << "\n";
    if (plan.events.empty())
      now_.out << fmt::format("It needs none of the {} faults (runs: {}): the program fails without them.\n",
                              from, runs_);
    else
      now_.out << fmt::format(
        "It needs {} of {} faults (runs: {}{}).\n\n      virtual time\n", plan.events.size(), from, runs_,
        found.minimal ? "; without any one of them, or a gentler one, it does not happen"
                      : "; that was the bound, fewer may do")
               << to_text(plan);
    now_.out << "\nplan:   " << arguments_.out << "\nreplay: " << replay_command()
             << "\nlook:   troupe sim trace trace.jsonl\n";
    return success;
  }

  const shrink_arguments& arguments_;
  session& now_;
  const work_folder folder_;
  std::string failure_;
  std::map<std::string, shrink_verdict> known_; // by the plan
  status problem_;                              // that ends the search
  std::size_t smallest_ = 0;
  std::size_t runs_ = 0;
  bool once_ = true;
};

} // namespace

void add_sim_shrink_command(CLI::App& sim, session& now) {
  auto* command = sim.add_subcommand(
    "shrink", "Find the few faults that a failing simulation needs, by running it again and again");
  auto arguments = std::make_shared<shrink_arguments>();
  command
    ->add_option("COMMAND", arguments->command,
                 "The test program and its arguments, behind --. It must fail with a fixed seed")
    ->required()
    ->expected(1, 10'000);
  command->add_option("--seed", arguments->seed, "TROUPE_SIM_SEED of the runs (default: as it is set here)");
  command
    ->add_option(
      "--plan", arguments->plan,
      "The faults it fails with (default: those that COMMAND plans itself, with TROUPE_SIM_PLAN_OUT)")
    ->check(CLI::ExistingFile);
  command->add_option("--runs", arguments->runs, "How often to run COMMAND at most")
    ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
    ->capture_default_str();
  command
    ->add_option("--time-limit", arguments->time_limit,
                 "How long a run may take; a longer one counts for nothing")
    ->check([](const std::string& text) {
      const auto value = parse_duration(text);
      return value && *value > duration::zero() ? std::string{}
                                                : text + " is no time; write it like 30s or 2m";
    })
    ->capture_default_str();
  command->add_option(
    "--match", arguments->match,
    "What the output of a run contains that failed as wanted (default: it reports the same failure "
    "as the first run, other numbers apart)");
  command->add_option("--out", arguments->out, "The file for the shortest plan")->capture_default_str();
  command->footer("Example: troupe sim shrink --seed 17 -- ./test_orders \"no order is lost\"");
  command->callback([arguments, &now] { now.outcome = shrinking{*arguments, now}.run(); });
}

} // namespace troupe::cli
