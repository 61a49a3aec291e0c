#include "apps/troupe/cluster_access.hpp"
#include "runtime/configuration/suggestion.hpp"
#include "runtime/configuration/units.hpp"
#include "runtime/environment/real_environment.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <poll.h>

namespace troupe::cli {

namespace {

struct restart_arguments {
  cluster_choice choice;
  std::vector<std::string> nodes;
  std::string limit = "2m";
};

class restarting {
public:
  restarting(const restart_arguments& arguments, launcher::state_folder folder, session& now)
    : arguments_(arguments), folder_(std::move(folder)), now_(now) {}

  status run() {
    const auto record = folder_.read();
    if (!record) return record.error();
    if (!launcher::is_running(record->process))
      return failed_precondition("{} does not run\nfix: start it with `troupe up {}`", record->cluster,
                                 record->file);
    std::vector<std::string> known;
    for (const auto& each : record->nodes)
      known.push_back(each.name);
    for (const auto& each : arguments_.nodes)
      if (std::find(known.begin(), known.end(), each) == known.end()) return unknown(each, known);
    // The others carry the load meanwhile.
    for (const auto& each : arguments_.nodes.empty() ? known : arguments_.nodes)
      if (auto outcome = restart(each); !outcome.ok()) return outcome;
    return {};
  }

private:
  static status unknown(const std::string& node, const std::vector<std::string>& known) {
    std::string all;
    for (const auto& each : known)
      all += (all.empty() ? "" : ", ") + each;
    const auto nearest = suggest(node, known);
    return not_found("there is no node '{}'{}; there are: {}", node,
                     nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", all);
  }

  result<launcher::node_record> look(const std::string& node) const {
    const auto record = folder_.read();
    if (!record) return record.error();
    if (!launcher::is_running(record->process)) return aborted("{} has ended meanwhile", record->cluster);
    for (const auto& each : record->nodes)
      if (each.name == node) return each;
    return not_found("there is no node '{}' any more", node);
  }

  status restart(const std::string& node) {
    const auto before = look(node);
    if (!before) return before.error();
    const auto over = world_.get().clock.now() + *parse_duration(arguments_.limit);
    if (std::ofstream request{folder_.restart_request(node)}; !request.flush())
      return unavailable("cannot write {}", folder_.restart_request(node));
    for (;;) {
      const auto seen = look(node);
      if (!seen) return seen.error();
      const bool anew = seen->starts > before->starts;
      if (anew && seen->state == "serving") {
        now_.out << node << " serves anew\n" << std::flush;
        return {};
      }
      const bool ended = anew && (seen->state == "given up" || seen->state == "stopped");
      if (ended || world_.get().clock.now() > over)
        return deadline_exceeded("{} does not serve: {}\nfix: see {}", node,
                                 ended ? seen->last_exit
                                       : fmt::format("it is {} after {}", seen->state, arguments_.limit),
                                 folder_.file(node + ".log"));
      ::poll(nullptr, 0, 50); // cluster.json is replaced when something happens
    }
  }

  const restart_arguments& arguments_;
  const launcher::state_folder folder_;
  session& now_;
  real_environment world_;
};

} // namespace

void add_restart_command(CLI::App& parent, session& now) {
  auto* command = parent.add_subcommand("restart", "Start nodes of `troupe up` anew, one after the other");
  auto arguments = std::make_shared<restart_arguments>();
  command->add_option("NODE", arguments->nodes, "Which (default: all of them)");
  add_state_option(*command, arguments->choice);
  command->add_option("--timeout", arguments->limit, "How long each may take until it serves")
    ->check([](const std::string& text) {
      return parse_duration(text) ? std::string{} : text + " is no time; write it like 2m";
    })
    ->capture_default_str();
  command->footer(
    "Each drains and stops, and is awaited before the next one: a rolling upgrade to a new program.\n"
    "Examples: troupe restart worker-2\n"
    "          troupe restart");
  command->callback([arguments, &now] {
    auto folder = chosen_folder(arguments->choice);
    const auto outcome = folder ? restarting{*arguments, std::move(*folder), now}.run() : folder.error();
    now.outcome = outcome.ok() ? success : complain(now, outcome);
  });
}

} // namespace troupe::cli
