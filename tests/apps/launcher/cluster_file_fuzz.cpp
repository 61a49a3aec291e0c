// Whatever stands in cluster.yaml, cluster.json or a ports file: an error, or what keeps the promises of its header.
#include "apps/launcher/cluster_record.hpp"
#include "apps/launcher/node_command.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

using namespace troupe::launcher;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const cluster_plan& plan) {
  require(!plan.nodes.empty() && plan.nodes.size() <= most_nodes);
  require(plan.restart.after <= plan.restart.longest);
  std::set<std::string> names;
  for (const auto& node : plan.nodes) {
    require(!node.name.empty() && node.name.find('/') == std::string::npos && names.insert(node.name).second);
    const auto command = command_of(node, {plan.name, "ports", "members", {"127.0.0.1:1"}, node_ports{}});
    for (const auto& flag : command.flags)
      require(flag.starts_with("--") && flag.find('=') != std::string::npos);
    for (const auto& [name, value] : command.variables)
      require(name.starts_with("TROUPE_") && name.find('=') == std::string::npos);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto plan = parse_cluster_file(text, "fuzz"))
    check(*plan);
  else
    require(!plan.error().message().empty());
  if (const auto record = parse_cluster_record(text)) {
    const auto again = parse_cluster_record(to_json(*record));
    require(again.has_value() && *again == *record);
  }
  static_cast<void>(parse_ports(text));
  return 0;
}
