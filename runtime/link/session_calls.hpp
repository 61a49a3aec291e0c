// What a session remembers of calls. Internal to link_session.
#pragma once

#include "runtime/link/session_lane.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::session {

// Sizes of the items that came and were not consumed yet, first in, first out. Bounded by the stream's
// window.
class item_sizes {
public:
  void push(std::uint32_t bytes) {
    if (first_ > 64 && first_ * 2 > sizes_.size()) {
      sizes_.erase(sizes_.begin(), sizes_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    sizes_.push_back(bytes);
    bytes_ += bytes;
  }

  // The bytes of the `items` oldest ones, which are forgotten; of all when there are not so many.
  std::uint64_t pop(std::uint32_t items) noexcept {
    std::uint64_t out = 0;
    for (; items > 0 && first_ < sizes_.size(); --items)
      out += sizes_[first_++];
    if (first_ == sizes_.size()) {
      sizes_.clear();
      first_ = 0;
    }
    bytes_ -= out;
    return out;
  }

  std::uint64_t bytes() const noexcept { return bytes_; }

private:
  std::vector<std::uint32_t> sizes_;
  std::size_t first_ = 0;
  std::uint64_t bytes_ = 0;
};

// Only calls that have sent or received items, or have frames that wait behind their own.
struct call_stream {
  item_sizes received;
  std::uint64_t outstanding = 0; // bytes of items that we sent and the peer has not returned
  std::unique_ptr<lane> waiting;
};

struct call_state {
  // A call of ours: the batch that its request went to. The peer's: what its request holds of our window
  // until it was begun.
  std::uint64_t request = 0;
  waiting_frame* waiting_request = nullptr; // of ours, while it stands in a lane
  std::unique_ptr<call_stream> stream;
  bool cancelled = false; // by the peer, before its request was begun
  bool answered = false;  // by us; the answer stands behind items that wait

  call_stream& streaming() {
    if (!stream) stream = std::make_unique<call_stream>();
    return *stream;
  }
};

using call_table = boost::unordered_flat_map<std::uint64_t, call_state>;

} // namespace troupe::session
