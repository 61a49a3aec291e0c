// A clock that stands still until it is told to move: for tests of whatever takes a clock.
#pragma once

#include "runtime/environment/clock.hpp"

#include <atomic>
#include <cstdint>

namespace troupe {

// Thread-safe. Both readings start at one second after their epochs, so that "a little earlier" can be
// expressed.
class manual_clock final : public clock {
public:
  monotonic_time now() const noexcept override {
    return monotonic_time{duration{now_.load(std::memory_order_acquire)}};
  }
  wall_time wall_now() const noexcept override {
    return wall_time{duration{wall_.load(std::memory_order_acquire)}};
  }

  // Moves both readings forward by `step`, at least zero.
  void advance(duration step) noexcept {
    now_.fetch_add(step.count(), std::memory_order_acq_rel);
    wall_.fetch_add(step.count(), std::memory_order_acq_rel);
  }

  // Sets the calendar, in either direction; the monotonic reading does not change.
  void set_wall(wall_time when) noexcept {
    wall_.store(std::chrono::duration_cast<duration>(when.time_since_epoch()).count(),
                std::memory_order_release);
  }

private:
  static constexpr std::int64_t one_second = 1'000'000'000;
  std::atomic<std::int64_t> now_ = one_second;
  std::atomic<std::int64_t> wall_ = one_second;
};

} // namespace troupe
