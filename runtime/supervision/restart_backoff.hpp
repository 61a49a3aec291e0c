// How long one child waits before its next restart.
#pragma once

#include "runtime/supervision/types.hpp"

#include <cstdint>

namespace troupe {

class restart_backoff {
public:
  // The wait before the restart that is due now; `random` is a uniform 64-bit number, used for the jitter
  // only.
  duration next(const backoff_policy& policy, std::uint64_t random) noexcept;

  // The instance that ended had been running for this long.
  void ran_for(const backoff_policy& policy, duration time) noexcept {
    if (time >= policy.healthy_after) in_a_row_ = 0;
  }

  unsigned restarts_in_a_row() const noexcept { return in_a_row_; }

private:
  unsigned in_a_row_ = 0;
};

} // namespace troupe
