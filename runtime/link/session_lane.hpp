// Frames that stand aside: they are large, or wait for the peer's window, or stand behind one that does.
// Internal to link_session.
#pragma once

#include "runtime/link/envelope.hpp"

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <deque>

namespace troupe::session {

// What a frame needs of the peer before it may go.
enum class needed_window : std::uint8_t { none, request, item };

struct lane;

struct waiting_frame {
  byte_buffer bytes;     // the whole frame, length included
  lane* where = nullptr; // its lane
  needed_window window = needed_window::none;
  bool granted = false;         // the window was charged
  bool dropped = false;         // given up before its turn
  bool begun = false;           // it is large and has its room; fragments of it may have gone
  std::uint32_t stream = 0;     // their number
  std::size_t sent = 0;         // bytes of it that have gone in fragments, its length counted as gone
  std::uint64_t after = 0;      // the batch that must have gone before, because it may hold earlier frames
  std::uint64_t id = 0;         // of its call; 0 for frames of no call
  std::size_t payload_size = 0; // to be checked again when the peer's limit is known

  std::size_t left() const noexcept { return bytes.size() - sent; }
};

// Whose order a lane keeps. Lanes of the two ends' actors are apart, because a reply that stood behind a
// request that waits for the window could be what the peer needs to open the window. Items have lanes of
// their own calls for the same reason.
enum class lane_space : std::uint8_t { our_actor, their_actor, our_call, their_call };

struct lane_key {
  std::uint64_t id = 0;
  lane_space space = lane_space::our_actor;
  bool operator==(const lane_key&) const = default;
  friend std::size_t hash_value(const lane_key& key) noexcept {
    return key.id * 4 + static_cast<std::size_t>(key.space);
  }
};

// What a lane waits for.
enum class lane_place : std::uint8_t {
  nowhere,
  greeting,       // the other side's
  own_request,    // the request of its call is in another lane
  request_window, // in line for it
  stream_window,
  item_window, // in line for it
  batch,       // its first frame comes after one that has not gone
  turn,        // may send
  room,        // in line to begin a large frame
};

using lane_hook =
  boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

struct lane : lane_hook {
  lane_key key;
  lane_place place = lane_place::nowhere;
  std::deque<waiting_frame> frames; // pointers to frames stay valid while others come and go at the ends
};

using lane_list = boost::intrusive::list<lane, boost::intrusive::constant_time_size<false>>;

} // namespace troupe::session
