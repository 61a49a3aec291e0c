#include "discovery/registry/registry_entry.hpp"

#include <set>

namespace troupe {

namespace {

// Tags and lengths around a text or a number; a number of 64 bits takes ten bytes at most.
constexpr std::size_t around_text = 4;
constexpr std::size_t number_size = 11;

} // namespace

std::string_view to_string(service_health health) noexcept {
  switch (health) {
  case service_health::starting:
    return "starting";
  case service_health::ready:
    return "ready";
  case service_health::unhealthy:
    return "unhealthy";
  case service_health::draining:
    return "draining";
  }
  return "unknown";
}

std::size_t size_of(const service_entry& entry) noexcept {
  // Instances, health, load, and the number of the change.
  std::size_t out = 4 * number_size + 2 * around_text + entry.service.size() + entry.version.size();
  for (const auto& [key, value] : entry.metadata)
    out += 3 * around_text + key.size() + value.size();
  return out;
}

status check(const service_entry& entry, const registry_limits& limits) {
  if (entry.service.empty())
    return invalid_argument("an entry of the registry without the name of a service");
  if (entry.service.size() > limits.name_bytes)
    return invalid_argument("the name of a service has {} bytes; {} are allowed", entry.service.size(),
                            limits.name_bytes);
  if (const auto size = size_of(entry); size > limits.entry_bytes)
    return invalid_argument("the entry of {} takes {} bytes; {} are allowed: shorten its metadata",
                            entry.service, size, limits.entry_bytes);
  return {};
}

status check(const registry_delta& delta, const registry_limits& limits) {
  if (delta.node.empty()) return invalid_argument("a delta without the name of its node");
  if (delta.node.size() > limits.name_bytes)
    return invalid_argument("the name of a node has {} bytes; {} are allowed", delta.node.size(),
                            limits.name_bytes);
  if (delta.until <= delta.since)
    return invalid_argument("a delta of {} from change {} to {}", delta.node, delta.since, delta.until);
  if (delta.entries.size() > limits.services_per_node)
    return invalid_argument("a delta of {} with {} services; {} are allowed", delta.node,
                            delta.entries.size(), limits.services_per_node);
  std::set<std::string_view> seen;
  auto last = delta.since;
  for (const auto& each : delta.entries) {
    if (each.change <= last || each.change > delta.until)
      return invalid_argument("a delta of {} has change {} between {} and {}", delta.node, each.change, last,
                              delta.until);
    last = each.change;
    if (auto outcome = check(each.entry, limits); !outcome.ok()) return outcome;
    if (!seen.insert(each.entry.service).second)
      return invalid_argument("a delta of {} has {} twice", delta.node, each.entry.service);
  }
  return {};
}

} // namespace troupe
