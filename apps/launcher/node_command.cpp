#include "apps/launcher/node_command.hpp"

#include "runtime/configuration/schema.hpp"

#include <fmt/format.h>

namespace troupe::launcher {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& each : words)
    out += (out.empty() ? "" : ",") + each;
  return out;
}

} // namespace

node_command command_of(const planned_node& node, const node_start& how) {
  node_command out;
  const auto flag = [&](std::string_view path, std::string_view value) {
    if (!node.settings.contains(std::string{path})) out.flags.push_back(fmt::format("--{}={}", path, value));
  };
  const auto port = [&](std::string_view path, std::uint16_t node_ports::*which) {
    if (how.ports) flag(path, std::to_string((*how.ports).*which));
  };
  flag("node.name", node.name);
  if (!node.services.empty()) flag("node.services", joined(node.services));
  port("http.port", &node_ports::http);
  port("grpc.port", &node_ports::grpc);
  port("admin.port", &node_ports::admin);
  port("link.port", &node_ports::link);
  flag("link.enabled", "true");
  flag("link.cluster", how.cluster);
  const auto discovery = node.settings.find("discovery.enabled");
  if (discovery == node.settings.end() || discovery->second.value != "false") {
    port("discovery.port", &node_ports::gossip);
    flag("discovery.enabled", "true");
    if (!node.roles.empty()) flag("discovery.roles", joined(node.roles));
    if (!how.seeds.empty()) flag("discovery.seeds", joined(how.seeds));
    flag("discovery.state_file", how.members_file);
  }
  for (const auto& [path, setting] : node.settings) {
    // Tables hold no secrets, and names of their elements (shop.Orders) fit no variable.
    for (const auto& [element, value] : setting.elements)
      out.flags.push_back(fmt::format("--{}.{}={}", path, element, value));
    if (setting.elements.empty()) out.variables.emplace_back(variable_of(path), setting.value);
  }
  out.flags.push_back("--ports-file=" + how.ports_file);
  return out;
}

} // namespace troupe::launcher
