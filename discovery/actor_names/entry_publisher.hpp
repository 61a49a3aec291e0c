// What a component needs of the cluster to tell others what this node offers.
#pragma once

#include "discovery/registry/registry_entry.hpp"

#include <string>

namespace troupe {

// Thread-safe; never blocks for long, and never calls back whoever calls it before it returns. The order of
// calls is kept.
class entry_publisher {
public:
  virtual ~entry_publisher() = default;

  // Tells other nodes of the entry, or of what has changed of it. An error when the entry is refused; nothing
  // is told then.
  virtual status publish(service_entry entry) = 0;
  // Tells them that it is no more.
  virtual void withdraw(std::string service) = 0;
};

} // namespace troupe
