// Puts large frames together from their fragments, in bounded memory. Internal to link_session.
#pragma once

#include "runtime/link/envelope.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>

namespace troupe::session {

// Large frames that may be on their way in pieces at a time.
inline constexpr std::size_t max_partial_frames = 1024;

class frame_assembly {
public:
  // `max_frame`: the largest frame; `max_total`: bytes of all that are not complete. (Buffers grow by
  // doubling, so that up to twice as much memory is used.)
  frame_assembly(std::size_t max_frame, std::size_t max_total) noexcept
    : max_frame_(max_frame), max_total_(max_total) {}

  // Takes a piece. `whole` is the frame (kind and body) once it is complete, and then valid until the next
  // call; else it is empty. INVALID_ARGUMENT: more than the peer may send.
  status add(std::uint32_t stream, bool last, byte_view piece, byte_view& whole);

  std::size_t bytes() const noexcept { return total_; }

private:
  const std::size_t max_frame_;
  const std::size_t max_total_;
  std::size_t total_ = 0;
  boost::unordered_flat_map<std::uint32_t, byte_buffer> partial_;
  byte_buffer complete_;
};

} // namespace troupe::session
