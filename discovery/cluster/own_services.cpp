#include "discovery/cluster/own_services.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace troupe {

namespace {

bool differs_much(std::uint32_t a, std::uint32_t b) noexcept {
  return std::bit_width(a) != std::bit_width(b);
}

} // namespace

status own_services::publish(service_entry entry) {
  if (auto wrong = check(entry, limits_); !wrong.ok()) return wrong;
  if (!names_.contains(entry.service)) {
    if (names_.size() >= limits_.services_per_node)
      return resource_exhausted(
        "this node has played {} services, which are as many as it may; {} is one more", names_.size(),
        entry.service);
    names_.insert(entry.service);
  }
  withdrawn_.erase(entry.service);
  auto& of = services_[entry.service];
  const auto told = of.entry.load;
  if (!of.measured) of.load = entry.load;
  of.entry = std::move(entry);
  of.entry.load = of.measured ? told : of.load;
  return {};
}

void own_services::withdraw(std::string_view service) {
  const auto found = services_.find(service);
  if (found == services_.end()) return;
  withdrawn_.insert(found->first);
  services_.erase(found);
}

void own_services::set_health(service_health health) {
  for (auto& [name, each] : services_)
    each.entry.health = health;
}

bool own_services::set_load(std::string_view service, std::uint32_t calls) {
  const auto found = services_.find(service);
  if (found == services_.end()) return false;
  auto& of = found->second;
  const auto before = std::exchange(of.load, calls);
  of.measured = true;
  return differs_much(before, calls) && differs_much(of.entry.load, calls);
}

std::optional<registry_delta> own_services::take_changes(registry& of, monotonic_time now) {
  std::optional<registry_delta> out;
  const auto add = [&out](std::optional<registry_delta> more) {
    if (!more) return false;
    if (!out) {
      out = std::move(more);
      return true;
    }
    // The changes of one node follow each other without a gap.
    out->until = more->until;
    std::move(more->entries.begin(), more->entries.end(), std::back_inserter(out->entries));
    return true;
  };
  for (const auto& name : std::exchange(withdrawn_, {}))
    add(of.withdraw(name));
  for (auto& [name, each] : services_) {
    if (differs_much(each.load, each.entry.load) && (!each.told || now >= *each.told + load_interval)) {
      each.entry.load = each.load;
      each.told = now;
    }
    // check() and the number of services were looked at before.
    if (auto changed = of.publish(each.entry)) add(std::move(*changed));
  }
  return out;
}

monotonic_time own_services::due() const {
  auto out = monotonic_time::max();
  for (const auto& [name, each] : services_) {
    if (differs_much(each.load, each.entry.load))
      out = std::min(out, each.told ? *each.told + load_interval : monotonic_time::min());
  }
  return out;
}

} // namespace troupe
