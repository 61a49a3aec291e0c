// What this node plays as its services say it, and when others are told: at once, but of load only when it
// has changed much, and not often. Pure. Internal to this component.
#pragma once

#include "discovery/registry/registry.hpp"
#include "runtime/core/deadline.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace troupe {

// Load is told when log2 of it has changed, and so long after it was told last.
inline constexpr duration load_interval = std::chrono::seconds{10};

class own_services {
public:
  explicit own_services(registry_limits limits) : limits_(limits) {}

  // Errors as of registry::publish(). Once set_load() was called for it, the entry's load counts no more.
  status publish(service_entry entry);
  void withdraw(std::string_view service);
  void set_health(service_health health);
  // True when take_changes() may have something to do because of it, now or later. A service that is not
  // played has no load.
  bool set_load(std::string_view service, std::uint32_t calls);

  // Makes the registry say what was said here; the one delta to spread, if anything changed.
  std::optional<registry_delta> take_changes(registry& of, monotonic_time now);

  // When load is to be told; the end of time when there is nothing to wait for.
  monotonic_time due() const;

private:
  struct service {
    service_entry entry; // as published; its load is the one that others know
    std::uint32_t load = 0;
    bool measured = false; // by set_load()
    std::optional<monotonic_time> told;
  };

  const registry_limits limits_;
  std::map<std::string, service, std::less<>> services_;
  std::set<std::string, std::less<>> names_; // ever played: the registry counts them
  std::set<std::string, std::less<>> withdrawn_;
};

} // namespace troupe
