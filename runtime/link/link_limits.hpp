// What bounds one connection between two nodes.
#pragma once

#include "runtime/core/deadline.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe {

// Protocol versions that this build speaks. A node of version N talks to N-1 and N+1 as long as the ranges
// overlap, so that a cluster is upgraded node by node.
inline constexpr std::uint16_t lowest_link_version = 1;
inline constexpr std::uint16_t highest_link_version = 1;

struct link_limits {
  // The largest message (request, reply, item) in bytes, serialized; 1 KiB to 1 GiB. Larger ones are refused
  // by the sender; a peer that sends one is cut off.
  std::size_t max_message_bytes = 16u << 20;

  // Larger messages are cut in fragments of this size, which let other frames pass between them; 1 KiB to
  // 1 MiB.
  std::size_t fragment_bytes = 64u << 10;

  // What the peer may send us and we have not yet begun to work on: requests, and items of all streams. Told
  // to the peer in the greeting. 64 KiB to 4 GiB.
  std::size_t request_window_bytes = 16u << 20;
  std::size_t item_window_bytes = 16u << 20;
  // The same for each stream by itself: a consumer that does not read holds up only its own stream.
  std::size_t stream_window_bytes = 1u << 20;

  // Bytes that may wait to be sent. Beyond it new requests are refused with RESOURCE_EXHAUSTED; beyond twice
  // as much, replies too are replaced by that status.
  std::size_t send_buffer_bytes = 32u << 20;

  // Calls that each side may have open on this connection.
  std::uint32_t max_open_calls = 100'000;

  // How much goes into one write to the network.
  std::size_t batch_bytes = 128u << 10;

  duration greeting_timeout = std::chrono::seconds{5};
  // A peer that sent nothing for so long is asked for a sign of life, ...
  duration heartbeat_interval = std::chrono::seconds{1};
  // ... and given up when it sent nothing for so long.
  duration silence_limit = std::chrono::seconds{5};
  // A peer that lets one write (batch_bytes, and a fragment) wait for so long is given up too, although it
  // sends: it does not read, and what waits for it takes memory.
  duration unread_limit = std::chrono::seconds{30};

  // For tests of rolling upgrades.
  std::uint16_t lowest_version = lowest_link_version;
  std::uint16_t highest_version = highest_link_version;
};

} // namespace troupe
