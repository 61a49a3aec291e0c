// What the frames of a gossip stream say, before they are sealed. Pure. Internal to this component.
//
//   stream = records, each: length (4, little-endian) | sealed frame
//   hello   = 0x80 | tag (8) | address (16) | port (2)     the first genuine frame of each direction
//   piece   = 0x81 | tag (8) | index (8) | topic (1) | message (4) | last (1) | bytes
//   goodbye = 0x82 | tag (8) | index (8)                   nothing comes behind it
//
// Numbers are little-endian. A frame that is empty only tells the time (see refused_gossip). The first byte
// is no topic, so that a frame is never taken for a datagram. The tag, which a sender draws for each stream,
// and the index, which counts the frames behind the hello from 0, bind a frame to its place: who moves
// genuine frames between streams, leaves some out or changes their order is noticed.
#pragma once

#include "runtime/environment/address.hpp"
#include "runtime/environment/event_loop.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

namespace troupe {

struct gossip_hello {
  std::uint64_t tag = 0;
  endpoint listens; // where its sender is reached
  friend bool operator==(const gossip_hello&, const gossip_hello&) = default;
};

struct gossip_piece {
  std::uint64_t tag = 0;
  std::uint64_t index = 0;
  std::uint8_t topic = 0;
  std::uint32_t message = 0; // counted by the sender, over all topics
  bool last = false;
  std::span<const std::byte> bytes; // of what was decoded, or is to be encoded
};

struct gossip_goodbye {
  std::uint64_t tag = 0;
  std::uint64_t index = 0;
  friend bool operator==(const gossip_goodbye&, const gossip_goodbye&) = default;
};

// Nothing: not one of these.
using gossip_stream_frame = std::variant<std::monostate, gossip_hello, gossip_piece, gossip_goodbye>;

inline constexpr std::size_t gossip_hello_size = 27;
inline constexpr std::size_t gossip_piece_overhead = 23;

void encode(const gossip_hello& what, byte_buffer& to);
void encode(const gossip_piece& what, byte_buffer& to);
void encode(const gossip_goodbye& what, byte_buffer& to);

// Bytes behind the fields of a hello or a goodbye are skipped: later versions may say more there.
gossip_stream_frame decode_stream_frame(std::span<const std::byte> plain);

// The length before a record.
inline constexpr std::size_t gossip_record_prefix = 4;
void append_record(std::span<const std::byte> sealed, byte_buffer& to);

} // namespace troupe
