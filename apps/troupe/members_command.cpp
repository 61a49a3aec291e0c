#include "apps/troupe/cluster_access.hpp"
#include "apps/troupe/text_table.hpp"

#include <boost/json.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <memory>

namespace troupe::cli {

namespace {

namespace json = boost::json;

// What is special about a member, in a few words.
std::string remarks(const json::value& member, const std::string& self) {
  std::string out;
  const auto add = [&](std::string_view word) { out.append(out.empty() ? "" : ", ").append(word); };
  const bool itself = text_at(member, "name") == self;
  if (itself) add("asked");
  if (text_at(member, "draining") == "true") add("draining");
  if (!itself && text_at(member, "connected") == "false" && text_at(member, "state") == "alive")
    add("not connected");
  return out;
}

std::string table_of(const json::value& answer) {
  const auto self = text_at(answer, "self");
  auto out = fmt::format("cluster {}, as {} sees it: {} living", text_at(answer, "cluster"), self,
                         text_at(answer, "living"));
  if (const auto phase = text_at(answer, "phase"); phase != "member")
    out += fmt::format(", {} is {}", self, phase);
  if (const auto health = text_at(answer, "local_health"); health != "0" && !health.empty())
    out += fmt::format(", its health score {} (0 is best)", health);
  out += "\n";
  if (const auto* decision = answer.is_object() ? answer.get_object().if_contains("decision") : nullptr;
      decision != nullptr && decision->is_object())
    out += fmt::format("split brain: this side {}; lost: {}; {}\n",
                       text_at(*decision, "stays") == "true" ? "stays" : "goes", text_at(*decision, "lost"),
                       text_at(*decision, "reason"));
  text_table table{
    {"NODE", "STATE", "ZONE", "ROLES", "VERSION", "CAPACITY", "GOSSIP", "LINK", "ADMIN", "REMARKS"}};
  for (const auto& each : list_at(answer, "members"))
    table.add({text_at(each, "name"), text_at(each, "state"), text_at(each, "zone"), text_at(each, "roles"),
               text_at(each, "version"), text_at(each, "capacity"), text_at(each, "gossip"),
               text_at(each, "link"), text_at(each, "admin"), remarks(each, self)});
  return out + table.to_string();
}

std::string services_of(const json::value& answer) {
  text_table table{{"SERVICE", "NODE", "HEALTH", "INSTANCES", "LOAD", "VERSION", "METADATA"}};
  for (const auto& service : list_at(answer, "services")) {
    auto name = text_at(service, "service");
    if (list_at(service, "places").empty()) table.add({name, "", "nowhere", "", "", "", ""});
    for (const auto& each : list_at(service, "places")) {
      auto metadata = text_at(each, "metadata");
      table.add({name, text_at(each, "node"), text_at(each, "health"), text_at(each, "instances"),
                 text_at(each, "load"), text_at(each, "version"), metadata == "{}" ? "" : metadata});
    }
  }
  return table.to_string();
}

look_result look(const cluster_choice& choice, std::string_view path,
                 std::string (*table)(const json::value&)) {
  const auto answer = ask_any(choice, path);
  if (!answer) return answer.error();
  return choice.json ? json::serialize(answer->first) + "\n" : table(answer->first);
}

void add_reader(CLI::App& command, session& now, std::string path, std::string (*table)(const json::value&)) {
  auto choice = std::make_shared<cluster_choice>();
  add_admin_option(command, *choice);
  add_reader_options(command, *choice);
  command.callback([choice, &now, path = std::move(path), table] {
    now.outcome = show(*choice, now, [&] { return look(*choice, path, table); });
  });
}

} // namespace

look_result look_at_members(const cluster_choice& choice) { return look(choice, "/admin/members", table_of); }

void add_members_command(CLI::App& parent, session& now) {
  auto* command = parent.add_subcommand("members", "List the nodes of a cluster as one of them sees them");
  add_reader(*command, now, "/admin/members", table_of);
  command->footer("Examples: troupe members --watch\n"
                  "          troupe members --admin 10.0.0.7:9901 --json");
}

void add_services_command(CLI::App& parent, session& now) {
  auto* command = parent.add_subcommand("services", "List which node plays which service, and how well");
  add_reader(*command, now, "/admin/services", services_of);
  command->footer("Examples: troupe services --watch\n"
                  "          troupe services --admin 10.0.0.7:9901 --json");
}

} // namespace troupe::cli
