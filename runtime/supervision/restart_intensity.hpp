// How many restarts happened lately: OTP's maximum restart intensity.
#pragma once

#include "runtime/core/deadline.hpp"

#include <deque>

namespace troupe {

class restart_intensity {
public:
  // More than `limit` restarts within `period` (above 0) are too many; a limit of 0 allows none.
  restart_intensity(unsigned limit, duration period) : limit_(limit), period_(period) {}

  // Counts a restart at `now`, which never goes back. False when it is one too many.
  bool allow(monotonic_time now);

  // Restarts within the period that ends at `now`.
  unsigned recent(monotonic_time now);

private:
  void forget_old(monotonic_time now);

  unsigned limit_;
  duration period_;
  std::deque<monotonic_time> restarts_; // at most limit_ + 1
};

} // namespace troupe
