// The moment until which an answer is worth something. It travels with a call: in one process as this type, between
// processes as the time left, because two machines' clocks do not agree.
#pragma once

#include <chrono>
#include <compare>

namespace troupe {

// A reading of the environment's monotonic clock (runtime/environment). The type is the standard's; its now() is not
// used outside the environment, so that a simulation can supply the time.
using monotonic_time = std::chrono::steady_clock::time_point;
using duration = std::chrono::nanoseconds;

class deadline {
public:
  // Unreachable.
  constexpr deadline() noexcept = default;
  static constexpr deadline never() noexcept { return {}; }

  static constexpr deadline at(monotonic_time when) noexcept {
    deadline out;
    out.when_ = when;
    return out;
  }

  // `left` from `now`; a duration too large to add gives never(), a negative one a deadline that has passed.
  static constexpr deadline after(monotonic_time now, duration left) noexcept {
    if (left > monotonic_time::max() - now) return never();
    return at(now + left);
  }

  constexpr bool is_never() const noexcept { return when_ == monotonic_time::max(); }
  constexpr bool passed(monotonic_time now) const noexcept { return !is_never() && when_ <= now; }
  constexpr monotonic_time when() const noexcept { return when_; }

  // Zero once it has passed; duration::max() when it is unreachable.
  constexpr duration left(monotonic_time now) const noexcept {
    if (is_never()) return duration::max();
    return when_ > now ? duration{when_ - now} : duration::zero();
  }

  // The sooner of two: a call made inside a handler never outlives the handler's own deadline.
  static constexpr deadline sooner(deadline a, deadline b) noexcept { return a.when_ < b.when_ ? a : b; }

  friend constexpr bool operator==(deadline, deadline) = default;
  friend constexpr auto operator<=>(deadline, deadline) = default;

private:
  monotonic_time when_ = monotonic_time::max();
};

} // namespace troupe
