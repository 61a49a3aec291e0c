#include "discovery/actor_names/remote_names.hpp"

#include "discovery/actor_names/actor_names.hpp"
#include "runtime/contract/text_values.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr const char* name_key = "name";
constexpr const char* handle_key = "handle"; // in base64: values of the registry are texts

// Entries of numbers sort together, those of services elsewhere.
bool is_actor_entry(std::string_view service) noexcept {
  return service.substr(0, actor_entry_prefix.size()) == actor_entry_prefix;
}

bool alike(const service_place* a, const service_place* b) {
  return a != nullptr && b != nullptr && a->incarnation == b->incarnation
         && a->entry.metadata == b->entry.metadata;
}

} // namespace

service_entry make_actor_entry(std::size_t number, std::string_view name, std::string_view handle) {
  service_entry out;
  out.service = std::string{actor_entry_prefix} + std::to_string(number);
  out.instances = 1;
  out.health = service_health::ready;
  out.metadata[name_key] = std::string{name};
  append_base64(handle, out.metadata[handle_key]);
  return out;
}

void remote_names::change(const service_place& place, const std::string& service, bool appears,
                          std::set<std::string>& changed) {
  if (place.node == own_node_) return;
  const auto& said = place.entry.metadata;
  const auto name = said.find(name_key);
  const auto handle = said.find(handle_key);
  if (name == said.end() || handle == said.end()) return;
  auto bytes = decode_base64(handle->second);
  if (!bytes || bytes->empty()) return;
  const std::pair where{place.node, service};
  if (appears) {
    names_[name->second][where] = std::move(*bytes);
  } else {
    const auto known = names_.find(name->second);
    known->second.erase(where);
    if (known->second.empty()) names_.erase(known);
  }
  changed.insert(name->second);
}

std::set<std::string> remote_names::update(const registry_snapshot& now) {
  static const service_places nowhere;
  std::set<std::string> changed;
  const auto replace = [&](const std::string& service, const service_places& before,
                           const service_places& after) {
    // Both are sorted by node. What vanishes goes first: a number may have a new name.
    const auto other = [](const service_places& in, const std::string& node) {
      const auto at =
        std::lower_bound(in.begin(), in.end(), node,
                         [](const service_place& each, const std::string& name) { return each.node < name; });
      return at != in.end() && at->node == node ? &*at : nullptr;
    };
    for (const auto& each : before)
      if (!alike(&each, other(after, each.node))) change(each, service, false, changed);
    for (const auto& each : after)
      if (!alike(&each, other(before, each.node))) change(each, service, true, changed);
  };

  auto known = seen_.begin();
  auto next = now.services().lower_bound(actor_entry_prefix);
  const auto end = now.services().end();
  while (known != seen_.end() || (next != end && is_actor_entry(next->first))) {
    const bool more = next != end && is_actor_entry(next->first);
    if (known == seen_.end() || (more && next->first < known->first)) {
      replace(next->first, nowhere, *next->second);
      seen_.emplace_hint(known, next->first, next->second);
      ++next;
    } else if (!more || known->first < next->first) {
      replace(known->first, *known->second, nowhere);
      known = seen_.erase(known);
    } else {
      if (known->second != next->second) {
        replace(known->first, *known->second, *next->second);
        known->second = next->second;
      }
      ++known;
      ++next;
    }
  }
  return changed;
}

std::vector<std::string> remote_names::handles(std::string_view name) const {
  std::vector<std::string> out;
  const auto known = names_.find(name);
  if (known == names_.end()) return out;
  for (const auto& [where, handle] : known->second)
    out.push_back(handle);
  return out;
}

} // namespace troupe
