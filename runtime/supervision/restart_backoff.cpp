#include "runtime/supervision/restart_backoff.hpp"

#include <limits>

namespace troupe {

duration restart_backoff::next(const backoff_policy& policy, std::uint64_t random) noexcept {
  const unsigned before = in_a_row_;
  if (in_a_row_ < std::numeric_limits<unsigned>::max()) ++in_a_row_;
  if (before == 0 || policy.is_none()) return duration::zero();
  auto wait = policy.min;
  for (unsigned doubled = 1; doubled < before && wait < policy.max; ++doubled)
    wait = wait > policy.max / 2 ? policy.max : wait * 2;
  if (wait > policy.max) wait = policy.max;
  // Jitter keeps children that failed together, of one node or of many, from coming back together. Integers
  // only, so that a seed gives the same times on every machine.
  const auto spread = wait / 100 * policy.jitter_percent;
  const auto range = static_cast<std::uint64_t>(spread.count()) * 2 + 1;
  return wait - spread + duration{static_cast<duration::rep>(random % range)};
}

} // namespace troupe
