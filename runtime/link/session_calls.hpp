// What a session remembers of calls. Internal to link_session.
#pragma once

#include "runtime/link/session_lane.hpp"
#include "runtime/link/session_windows.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>

namespace troupe::session {

// Only calls that have sent or received items, or have frames that wait behind their own.
struct call_stream {
  item_intake received;
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
