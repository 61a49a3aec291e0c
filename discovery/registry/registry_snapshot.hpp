// The registry at one moment: what the callers of services read.
#pragma once

#include "discovery/registry/registry_entry.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// A node that plays a service.
struct service_place {
  std::string node;
  std::uint64_t incarnation = 0;
  service_entry entry;

  bool operator==(const service_place&) const = default;
};

// The nodes that play one service, by name.
using service_places = std::vector<service_place>;

// Immutable, so that any number of threads may read one. What did not change is shared with the snapshot
// before.
class registry_snapshot {
public:
  // The places of a service; empty when nobody plays it. Valid as long as the snapshot.
  const service_places& find(std::string_view service) const noexcept;

  // By service; none is empty.
  const std::map<std::string, std::shared_ptr<const service_places>, std::less<>>& services() const noexcept {
    return services_;
  }

  bool operator==(const registry_snapshot& other) const;

private:
  friend class registry;
  std::map<std::string, std::shared_ptr<const service_places>, std::less<>> services_;
};

using registry_snapshot_ptr = std::shared_ptr<const registry_snapshot>;

} // namespace troupe
