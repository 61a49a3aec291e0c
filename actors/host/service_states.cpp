#include "actors/host/service_states.hpp"

#include <algorithm>

namespace troupe {

service_entry service_states::add(std::string_view service, std::string_view version, unsigned instances) {
  auto& made = services_[std::string{service}];
  made.entry.service = service;
  made.entry.version = version;
  made.entry.health = draining_ ? service_health::draining : service_health::starting;
  made.up.assign(instances, false);
  return made.entry;
}

std::optional<service_entry> service_states::on_up(std::string_view service, unsigned instance) {
  return set(service, instance, true);
}

std::optional<service_entry> service_states::on_away(std::string_view service, unsigned instance) {
  return set(service, instance, false);
}

std::optional<service_entry> service_states::set(std::string_view service, unsigned instance, bool up) {
  const auto found = services_.find(service);
  if (found == services_.end() || instance >= found->second.up.size()) return std::nullopt;
  auto& state = found->second;
  state.up[instance] = up;
  state.ever = state.ever || up;
  const auto before = state.entry;
  state.entry.instances = static_cast<std::uint32_t>(std::count(state.up.begin(), state.up.end(), true));
  state.entry.health = health_of(state);
  if (state.entry == before) return std::nullopt;
  return state.entry;
}

service_health service_states::health_of(const state& of) const {
  if (draining_) return service_health::draining;
  if (of.entry.instances > 0) return service_health::ready;
  return of.ever ? service_health::unhealthy : service_health::starting;
}

std::vector<service_entry> service_states::drain(bool draining) {
  std::vector<service_entry> out;
  if (draining == draining_) return out;
  draining_ = draining;
  for (auto& [name, each] : services_) {
    each.entry.health = health_of(each);
    out.push_back(each.entry);
  }
  return out;
}

} // namespace troupe
