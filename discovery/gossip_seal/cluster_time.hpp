// The time that the nodes of a cluster agree on for the age of datagrams, and for nothing else. Pure.
// Internal to this component.
//
// It begins with the machine's calendar, goes on with the monotonic clock, and moves forward to any later
// time of a genuine datagram: a hybrid logical clock (Kulkarni et al. 2014). It never goes back. So setting a
// machine's clock does nothing to a running node, and a node whose clock is behind is right as soon as it
// hears one other.
#pragma once

#include "discovery/gossip_seal/gossip_frame.hpp"
#include "runtime/environment/clock.hpp"

#include <algorithm>

namespace troupe {

// Milliseconds since 1970, up to gossip_largest_number.
class cluster_time {
public:
  cluster_time(wall_time started, monotonic_time now) noexcept : reached_at_(now) {
    const auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(started.time_since_epoch()).count();
    if (since_1970 > 0)
      reached_ = std::min<std::uint64_t>(static_cast<std::uint64_t>(since_1970), gossip_largest_number);
  }

  std::uint64_t at(monotonic_time now) const noexcept {
    if (now <= reached_at_) return reached_;
    const auto passed = std::chrono::floor<std::chrono::milliseconds>(now - reached_at_).count();
    return std::min(reached_ + static_cast<std::uint64_t>(passed), gossip_largest_number);
  }

  // What a genuine datagram says. `now` must not go back from call to call; if it does, it stands still.
  void hear(std::uint64_t time, monotonic_time now) noexcept {
    if (time <= at(now)) return;
    reached_ = std::min(time, gossip_largest_number);
    reached_at_ = std::max(reached_at_, now);
  }

private:
  std::uint64_t reached_ = 0;
  monotonic_time reached_at_;
};

} // namespace troupe
