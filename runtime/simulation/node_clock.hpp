// How a simulated machine's clocks differ from the time of its world: they start elsewhere, run faster or
// slower, and the calendar jumps. Pure.
#pragma once

#include "runtime/environment/clock.hpp"

#include <cstdint>

namespace troupe {

class node_clock {
public:
  // Rates that can be set: a clock that runs at half of the world's speed, and at twice of it.
  static constexpr std::int32_t slowest_ppm = -500'000;
  static constexpr std::int32_t fastest_ppm = 1'000'000;

  // What the monotonic clock shows at a moment of the world. Never goes backwards for a `world` that does
  // not.
  monotonic_time local(monotonic_time world) const noexcept;

  // The first moment of the world at which local() is at least `local`; monotonic_time::max() when there is
  // none.
  monotonic_time world_of(monotonic_time local) const noexcept;

  // What the calendar shows: it runs as the monotonic clock does, and jumps besides.
  wall_time wall(monotonic_time world) const noexcept;

  // From `world` on the clock gains `ppm` microseconds in each second; confined to the limits above.
  void set_rate(monotonic_time world, std::int32_t ppm) noexcept;
  std::int32_t rate_ppm() const noexcept { return ppm_; }

  // The machine boots at `world` with a monotonic clock that shows `local`; the calendar goes on.
  void boot(monotonic_time world, monotonic_time local) noexcept;

  // Sets the calendar at `world`, as an administrator or a time service does.
  void set_wall(monotonic_time world, wall_time shown) noexcept;

private:
  monotonic_time base_world_{};
  monotonic_time base_local_{};
  duration wall_offset_{}; // of the calendar over the monotonic clock
  std::int32_t ppm_ = 0;
};

} // namespace troupe
