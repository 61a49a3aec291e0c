// The time, as the environment tells it: the machine's in production, a virtual one in a simulation.
#pragma once

#include "runtime/core/deadline.hpp"

#include <chrono>

namespace troupe {

// A moment by the calendar (UTC). The type is the standard's; its now() is not used outside the environment.
using wall_time = std::chrono::system_clock::time_point;

// Thread-safe. Reading it never fails and never blocks.
class clock {
public:
  virtual ~clock() = default;

  // Never goes backwards; says nothing about the calendar and means nothing to another process. For
  // deadlines, time-outs and measurements.
  virtual monotonic_time now() const noexcept = 0;

  // May jump in either direction when the machine's clock is set. For logs, records and certificates only.
  virtual wall_time wall_now() const noexcept = 0;
};

} // namespace troupe
