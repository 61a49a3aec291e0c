// Many answers, one list. Pure. Internal to this component.
#pragma once

#include "runtime/environment/address.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace troupe {

// The endpoints of all groups without repetition, one of each group in turn, so that whoever tries the first
// few tries different sources, and a group too large hides no other when the list ends at `limit`. Left out:
// endpoints of `own`; an own address 0.0.0.0 or :: stands for the loopback addresses too. Unusable ones (port
// 0, any address) are left out as well.
std::vector<endpoint> merge_seeds(std::span<const std::vector<endpoint>> groups,
                                  std::span<const endpoint> own, std::size_t limit);

} // namespace troupe
