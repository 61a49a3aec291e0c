#include "apps/troupe/cluster_access.hpp"

#include "runtime/configuration/suggestion.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <poll.h>
#include <unistd.h>

namespace troupe::cli {

namespace json = boost::json;

void add_state_option(CLI::App& command, cluster_choice& into) {
  command.add_option("--state", into.state,
                     "The cluster's state folder (default: the newest in .troupe here)");
}

void add_admin_option(CLI::App& command, cluster_choice& into) {
  add_state_option(command, into);
  command.add_option("--admin", into.admin, "Ask this node: HOST:PORT of its operators' door (admin.port)")
    ->check([](const std::string& text) {
      const auto door = parse_admin_door(text);
      return door ? std::string{} : std::string{door.error().message()};
    })
    ->excludes("--state");
}

void add_reader_options(CLI::App& command, cluster_choice& into) {
  command.add_flag("--json", into.json, "One JSON object instead of a table");
  command.add_flag("--watch", into.watch, "Again each second, until Ctrl-C");
}

result<launcher::state_folder> chosen_folder(const cluster_choice& choice) {
  if (choice.state.empty()) return launcher::find_state_folder(std::filesystem::current_path());
  return launcher::state_folder{choice.state};
}

result<std::vector<admin_door>> chosen_doors(const cluster_choice& choice) {
  if (!choice.admin.empty()) {
    auto door = parse_admin_door(choice.admin);
    if (!door) return door.error();
    return std::vector{*door};
  }
  const auto folder = chosen_folder(choice);
  if (!folder) return folder.error();
  const auto record = folder->read();
  if (!record) return record.error();
  std::vector<admin_door> out;
  for (const auto& each : record->nodes)
    if (each.ports.admin != 0 && launcher::is_running(each.process))
      out.push_back({"127.0.0.1", each.ports.admin});
  if (out.empty())
    return unavailable(
      "of the cluster {} no node runs that has an operators' door\nfix: see `troupe ps --state {}`; start it "
      "with `troupe up {}`",
      record->cluster, folder->path().string(), record->file);
  return out;
}

result<std::pair<json::value, admin_door>> ask_any(const cluster_choice& choice, std::string_view path) {
  const auto doors = chosen_doors(choice);
  if (!doors) return doors.error();
  status last;
  for (const auto& each : *doors) {
    auto answer = ask_admin(each, path);
    if (answer) return std::pair{std::move(*answer), each};
    last = answer.error();
    // A node that answers is asked no more than once: the others would say the same.
    if (last.code() != status_code::unavailable) break;
  }
  return last;
}

namespace {

// A door on loopback means another node to whoever is on another host, or at the other end of a tunnel.
result<admin_door> verified(const std::string& text, const std::string& node) {
  auto door = parse_admin_door(text);
  if (!door) return door;
  const auto members = ask_admin(*door, "/admin/members");
  if (members && text_at(*members, "self") == node) return door;
  return failed_precondition(
    "{} says that its operators' door is {}, but seen from here {}\nfix: run this on its host, or name a "
    "door of it with --admin HOST:PORT",
    node, text,
    members ? "that is the door of " + text_at(*members, "self") : std::string{members.error().message()});
}

} // namespace

result<admin_door> door_of(const cluster_choice& choice, const std::string& node) {
  if (choice.admin.empty()) {
    if (const auto folder = chosen_folder(choice))
      if (const auto record = folder->read())
        for (const auto& each : record->nodes)
          if (each.name == node && each.ports.admin != 0 && launcher::is_running(each.process))
            return admin_door{"127.0.0.1", each.ports.admin};
  }
  const auto members = ask_any(choice, "/admin/members");
  if (!members) return members.error();
  if (text_at(members->first, "self") == node) return members->second;
  std::vector<std::string> names;
  for (const auto& each : list_at(members->first, "members")) {
    const auto name = text_at(each, "name");
    names.push_back(name);
    if (name != node) continue;
    const auto door = text_at(each, "admin");
    if (!door.empty()) return verified(door, node);
    return failed_precondition(
      "{} tells no one where its operators' door is\nfix: name it with --admin HOST:PORT, or enable it "
      "(admin.enabled)",
      node);
  }
  std::string known;
  for (const auto& each : names)
    known += (known.empty() ? "" : ", ") + each;
  const auto nearest = suggest(node, names);
  return not_found("there is no node '{}'{}; there are: {}", node,
                   nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", known);
}

int show(const cluster_choice& choice, session& now, const std::function<look_result()>& look) {
  const bool terminal = choice.watch && !choice.json && is_terminal(now.out);
  for (;;) {
    const auto seen = look();
    if (terminal) now.out << "\x1b[H\x1b[2J";
    if (seen)
      now.out << *seen;
    else
      complain(now, seen.error());
    if (!now.out.flush() || !choice.watch) return seen ? success : found_something;
    // A second, or until whoever reads it is gone.
    pollfd reader{is_terminal(now.out) || &now.out == &std::cout ? STDOUT_FILENO : -1, 0, 0};
    if (::poll(&reader, 1, 1000) > 0) return seen ? success : found_something;
    if (!terminal && !choice.json) now.out << "\n";
  }
}

int complain(session& now, const status& why) {
  now.err << "error: " << why.message() << "\n";
  return found_something;
}

bool is_terminal(const std::ostream& out) { return &out == &std::cout && ::isatty(STDOUT_FILENO) == 1; }

std::string text_at(const json::value& in, std::string_view key) {
  const auto* found = in.is_object() ? in.get_object().if_contains(key) : nullptr;
  if (found == nullptr || found->is_null()) return {};
  if (found->is_string()) return std::string{found->get_string()};
  if (!found->is_array()) return json::serialize(*found);
  std::string out;
  for (const auto& each : found->get_array())
    out +=
      (out.empty() ? "" : ",") + (each.is_string() ? std::string{each.get_string()} : json::serialize(each));
  return out;
}

const json::array& list_at(const json::value& in, std::string_view key) {
  static const json::array none;
  const auto* found = in.is_object() ? in.get_object().if_contains(key) : nullptr;
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

} // namespace troupe::cli
