// How much one side may send before the other one has taken it. Both sides count alike: the sender what it
// has sent and was not returned, the receiver what it has received and not returned. What is on its way in
// either direction makes the sender's number the larger one, so whatever the sender finds allowed the
// receiver does too. Internal to link_session.
#pragma once

#include <algorithm>
#include <cstdint>

namespace troupe::session {

struct window {
  std::uint64_t limit = 0;
  std::uint64_t outstanding = 0;

  void take(std::uint64_t bytes) noexcept { outstanding += bytes; }

  // False: more than was taken.
  bool give_back(std::uint64_t bytes) noexcept {
    if (bytes > outstanding) return false;
    outstanding -= bytes;
    return true;
  }
};

// A request is charged for what it costs its receiver to keep it, besides its bytes.
inline constexpr std::uint64_t request_overhead_bytes = 64;
constexpr std::uint64_t request_cost(std::uint64_t frame_bytes) noexcept {
  return frame_bytes + request_overhead_bytes;
}

// Requests may be larger than the window: one goes when half of the window is open. The receiver returns a
// quarter at a time, so that this is reached as soon as it has begun to work on what it has.
constexpr bool request_may_go(const window& requests, std::uint64_t cost) noexcept {
  return requests.outstanding + std::min(cost, requests.limit / 2) <= requests.limit;
}

// A stream of which nothing is outstanding may always send one item, or two streams could wait for each
// other.
constexpr bool item_fits_stream(std::uint64_t stream_outstanding, std::uint64_t stream_limit,
                                std::uint64_t bytes) noexcept {
  return stream_outstanding == 0 || stream_outstanding + bytes <= stream_limit;
}
constexpr bool item_may_go(std::uint64_t stream_outstanding, std::uint64_t stream_limit, const window& items,
                           std::uint64_t bytes) noexcept {
  return stream_outstanding == 0
         || (stream_outstanding + bytes <= stream_limit && items.outstanding + bytes <= items.limit);
}

} // namespace troupe::session
