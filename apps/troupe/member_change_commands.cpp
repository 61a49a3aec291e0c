// troupe drain, join and leave.
#include "apps/troupe/cluster_access.hpp"

#include <boost/json.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <memory>

namespace troupe::cli {

namespace {

namespace json = boost::json;

struct change_arguments {
  cluster_choice choice;
  std::string node;
  std::vector<std::string> seeds;
  bool undo = false;
};

// Tells the door; prints the answer, or what it means; with --watch, goes on as `troupe members --watch` does.
int change(const result<admin_door>& door, std::string_view path, const json::value& body,
           const change_arguments& arguments, session& now,
           const std::function<std::string(const json::value&)>& meaning) {
  if (!door) return complain(now, door.error());
  const auto answer = tell_admin(*door, path, body);
  if (!answer) return complain(now, answer.error());
  now.out << (arguments.choice.json ? json::serialize(*answer) : meaning(*answer)) << "\n";
  if (!arguments.choice.watch) return success;
  return show(arguments.choice, now, [&] { return look_at_members(arguments.choice); });
}

int drain(const change_arguments& arguments, session& now) {
  const json::object body = arguments.undo ? json::object{{"undo", true}} : json::object{};
  return change(door_of(arguments.choice, arguments.node), "/admin/drain", body, arguments, now,
                [&](const json::value& answer) {
                  return text_at(answer, "draining") == "true"
                           ? fmt::format("{0} drains: new calls go elsewhere, it goes on running; `troupe "
                                         "drain {0} --undo` takes it back",
                                         arguments.node)
                           : fmt::format("{} takes calls again", arguments.node);
                });
}

int leave(const change_arguments& arguments, session& now) {
  return change(door_of(arguments.choice, arguments.node), "/admin/leave", json::object{}, arguments, now,
                [&](const json::value&) {
                  return fmt::format(
                    "{} drains, leaves the cluster and stops; `troupe members --watch` shows it",
                    arguments.node);
                });
}

// One of them is enough: it tells the others.
int join(const change_arguments& arguments, session& now) {
  const auto doors = chosen_doors(arguments.choice);
  const json::object body{{"seeds", json::value_from(arguments.seeds)}};
  return change(doors ? result<admin_door>{doors->front()} : result<admin_door>{doors.error()}, "/admin/join",
                body, arguments, now, [&](const json::value& answer) {
                  return fmt::format(
                    "the node at {} asks {} seeds; `troupe members --watch` shows who is found",
                    doors->front().to_string(), text_at(answer, "seeds"));
                });
}

std::shared_ptr<change_arguments> add_common(CLI::App& command, bool names_node) {
  auto out = std::make_shared<change_arguments>();
  if (names_node) command.add_option("NODE", out->node, "The node's name")->required();
  add_admin_option(command, out->choice);
  command.add_flag("--json", out->choice.json, "Print the node's answer as JSON");
  command.add_flag("--watch", out->choice.watch, "Go on to show the cluster's members, each second");
  return out;
}

} // namespace

void add_drain_command(CLI::App& parent, session& now) {
  auto* command =
    parent.add_subcommand("drain", "Send callers of a node's services elsewhere; the node goes on running");
  auto arguments = add_common(*command, true);
  command->add_flag("--undo", arguments->undo, "Let it take calls again");
  command->footer("Examples: troupe drain front\n"
                  "          troupe drain front --undo\n"
                  "          troupe drain node-3 --admin 10.0.0.7:9901    # any node knows the way");
  command->callback([arguments, &now] { now.outcome = drain(*arguments, now); });
}

void add_leave_command(CLI::App& parent, session& now) {
  auto* command = parent.add_subcommand("leave", "Let a node drain, say goodbye to the others and stop");
  auto arguments = add_common(*command, true);
  command->footer("Example: troupe leave worker-2");
  command->callback([arguments, &now] { now.outcome = leave(*arguments, now); });
}

void add_join_command(CLI::App& parent, session& now) {
  auto* command = parent.add_subcommand("join", "Tell a running node where other nodes of its cluster are");
  auto arguments = add_common(*command, false);
  command
    ->add_option("--seed", arguments->seeds,
                 "Gossip address of a node, HOST:PORT; also dns:HOST:PORT, srv:NAME, file:PATH")
    ->required()
    ->delimiter(',');
  command->footer("Example: troupe join --seed 10.0.0.7:7401 --admin 10.0.0.9:9901");
  command->callback([arguments, &now] { now.outcome = join(*arguments, now); });
}

} // namespace troupe::cli
