#include "discovery/registry/registry_snapshot.hpp"

#include <algorithm>

namespace troupe {

const service_places& registry_snapshot::find(std::string_view service) const noexcept {
  static const service_places nowhere;
  const auto found = services_.find(service);
  return found == services_.end() ? nowhere : *found->second;
}

bool registry_snapshot::operator==(const registry_snapshot& other) const {
  return std::equal(services_.begin(), services_.end(), other.services_.begin(), other.services_.end(),
                    [](const auto& ours, const auto& theirs) {
                      return ours.first == theirs.first
                             && (ours.second == theirs.second || *ours.second == *theirs.second);
                    });
}

} // namespace troupe
