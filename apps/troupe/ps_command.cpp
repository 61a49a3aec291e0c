#include "apps/troupe/cluster_access.hpp"
#include "apps/troupe/text_table.hpp"
#include "runtime/configuration/units.hpp"
#include "runtime/environment/real_environment.hpp"

#include <boost/json.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace troupe::cli {

namespace {

namespace json = boost::json;
using launcher::cluster_record;
using launcher::node_record;

std::string port(std::uint16_t number) { return number == 0 ? std::string{} : std::to_string(number); }

// "41s", "3m20s", "2h5m": the two largest units.
std::string age(std::int64_t milliseconds) {
  using namespace std::chrono;
  const auto seconds = std::max<std::int64_t>(milliseconds / 1000, 0);
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{}m", seconds / 3600, seconds / 60 % 60);
}

// `troupe up` may have been killed before it could say what became of its nodes.
std::string state_of(const node_record& node) {
  return node.process.pid != 0 && !launcher::is_running(node.process) ? "gone" : node.state;
}

std::int64_t time_now(const environment& world) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(world.clock.wall_now().time_since_epoch())
    .count();
}

std::string table_of(const cluster_record& record, bool runs, std::int64_t time) {
  text_table table{
    {"NODE", "PID", "STATE", "FOR", "RESTARTS", "HTTP", "GRPC", "ADMIN", "LINK", "GOSSIP", "LAST EXIT"}};
  for (const auto& each : record.nodes)
    table.add({each.name, each.process.pid == 0 ? "" : std::to_string(each.process.pid), state_of(each),
               age(time - each.since), std::to_string(each.starts == 0 ? 0 : each.starts - 1),
               port(each.ports.http), port(each.ports.grpc), port(each.ports.admin), port(each.ports.link),
               port(each.ports.gossip), each.last_exit});
  return fmt::format("{}, {}\n{}", record.cluster,
                     runs ? fmt::format("run by process {}", record.process.pid)
                          : fmt::format("which does not run; start it with `troupe up {}`", record.file),
                     table.to_string());
}

std::string json_of(const cluster_record& record, bool runs, std::int64_t time) {
  auto out = json::parse(launcher::to_json(record)).as_object();
  out["running"] = runs;
  auto& nodes = out["nodes"].as_array();
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    auto& node = nodes[at].as_object();
    node["state"] = state_of(record.nodes[at]);
    node["seconds"] = static_cast<double>(time - record.nodes[at].since) / 1000;
    node["restarts"] = record.nodes[at].starts == 0 ? 0 : record.nodes[at].starts - 1;
    node.erase("born");
  }
  out.erase("born");
  return json::serialize(out) + "\n";
}

int list(const cluster_choice& choice, session& now) {
  real_environment world;
  return show(choice, now, [&]() -> look_result {
    const auto folder = chosen_folder(choice);
    if (!folder) return folder.error();
    const auto record = folder->read();
    if (!record) return record.error();
    const bool runs = launcher::is_running(record->process);
    const auto time = time_now(world.get());
    return choice.json ? json_of(*record, runs, time) : table_of(*record, runs, time);
  });
}

} // namespace

void add_ps_command(CLI::App& parent, session& now) {
  auto* command =
    parent.add_subcommand("ps", "List the nodes that `troupe up` runs, with their processes and ports");
  auto choice = std::make_shared<cluster_choice>();
  add_state_option(*command, *choice);
  add_reader_options(*command, *choice);
  command->footer("Examples: troupe ps --watch\n"
                  "          troupe ps --json --state deploy/.troupe/shop");
  command->callback([choice, &now] { now.outcome = list(*choice, now); });
}

} // namespace troupe::cli
