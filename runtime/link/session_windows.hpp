// How much one side may send before the other one has taken it. The sender keeps to the rules of
// request_may_go and item_may_go; what it has sent counts until the receiver has returned it in so many
// words.
//
// The receiver checks what comes. It knows less: returns that are on their way still count at the sender, and
// large frames arrive after smaller ones that were sent later. So it checks what follows from the rules for
// whatever it holds at one time, in any order of arrival. Internal to link_session.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

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

// The receiver's side of request_may_go. Of all requests that it holds one was sent last, and when it was,
// the others and half of the window at most were out. So there is at most one of more than half, and the
// others leave it its half.
class request_intake {
public:
  explicit request_intake(std::uint64_t limit) noexcept : limit_(limit) {}

  // A request came. False: it cannot have been sent by the rules.
  bool take(std::uint64_t cost) noexcept {
    const auto half = limit_ / 2;
    if (cost > half) {
      if (oversized_ || held_ + half > limit_) return false;
      oversized_ = true;
      return true;
    }
    if (held_ + cost + (oversized_ ? half : 0) > limit_) return false;
    held_ += cost;
    return true;
  }

  // It is no longer held. Gives how much to return to the sender now: nothing, until it is worth a frame.
  std::uint64_t release(std::uint64_t cost) noexcept {
    if (cost > limit_ / 2)
      oversized_ = false;
    else
      released_ += cost;
    const auto large = cost > limit_ / 2 ? cost : 0;
    if (large == 0 && released_ < limit_ / 4) return 0;
    held_ -= released_;
    return large + std::exchange(released_, 0);
  }

private:
  std::uint64_t limit_;
  std::uint64_t held_ = 0;     // by requests of up to half of the window, those that were released included
  std::uint64_t released_ = 0; // of those, what is still to be returned
  bool oversized_ = false;
};

// The receiver's side of item_may_go: the sizes of one stream's items that came and were not consumed yet,
// first in, first out. Bounded by the stream's window.
class item_intake {
public:
  // An item came; `all` is what all streams hold of the window that they share. Of an item that came while
  // the stream held nothing nobody can tell whether it was one that may always go, so it is not counted
  // there.
  bool take(std::uint32_t bytes, std::uint64_t stream_limit, std::uint64_t& all, std::uint64_t limit) {
    if (bytes_ == 0) {
      uncounted_ = bytes;
    } else {
      if (bytes_ + bytes > stream_limit || all + bytes > limit) return false;
      all += bytes;
    }
    if (first_ > 64 && first_ * 2 > sizes_.size()) {
      sizes_.erase(sizes_.begin(), sizes_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    sizes_.push_back(bytes);
    bytes_ += bytes;
    return true;
  }

  // The bytes of the `items` oldest ones, which are no longer held; of all when there are not so many.
  std::uint64_t release(std::uint64_t items, std::uint64_t& all) noexcept {
    std::uint64_t out = 0;
    for (; items > 0 && first_ < sizes_.size(); --items)
      out += sizes_[first_++];
    if (first_ == sizes_.size()) {
      sizes_.clear();
      first_ = 0;
    }
    bytes_ -= out;
    all -= out - (out > 0 ? std::exchange(uncounted_, 0) : 0);
    return out;
  }
  std::uint64_t release_all(std::uint64_t& all) noexcept { return release(sizes_.size(), all); }

private:
  std::vector<std::uint32_t> sizes_;
  std::size_t first_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t uncounted_ = 0; // of the oldest item
};

} // namespace troupe::session
