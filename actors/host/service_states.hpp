// What the registry is told of the services of this node: their health follows from how many of their
// instances stand. Pure; for one thread at a time.
#pragma once

#include "discovery/registry/registry_entry.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class service_states {
public:
  // A service with so many instances, none of which stands yet: it is starting.
  service_entry add(std::string_view service, std::string_view version, unsigned instances);

  // An instance stands; or it is away for longer than a restart takes. Gives what the registry is to be told,
  // nothing when that is what it knows. Ready while one instance stands; unhealthy when none does any more.
  std::optional<service_entry> on_up(std::string_view service, unsigned instance);
  std::optional<service_entry> on_away(std::string_view service, unsigned instance);

  // While the node drains, every service does, whatever its instances do. Gives all that are to be told.
  std::vector<service_entry> drain(bool draining);
  bool draining() const noexcept { return draining_; }

private:
  struct state {
    service_entry entry;
    std::vector<bool> up;
    bool ever = false; // one of them stood
  };

  std::optional<service_entry> set(std::string_view service, unsigned instance, bool up);
  service_health health_of(const state& of) const;

  std::map<std::string, state, std::less<>> services_;
  bool draining_ = false;
};

} // namespace troupe
