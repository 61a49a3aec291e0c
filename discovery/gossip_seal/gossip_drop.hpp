// Why a datagram of the gossip is thrown away.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe {

// In the order in which they are checked; the first that holds is told.
enum class gossip_drop : std::uint8_t {
  too_large,         // larger than any UDP datagram
  truncated,         // shorter than the smallest datagram
  version,           // of another version of the protocol, or no gossip at all
  other_cluster,     // of a cluster of another name
  unexpected_plain,  // not encrypted, and this node has keys
  unexpected_sealed, // encrypted, and this node has no keys
  not_loopback,      // not encrypted, and from another machine
  unknown_key,       // sealed with a key that is not on the ring
  reflected,         // our own, come back: an attacker, or a seed list that names this node itself
  replayed,          // seen before, or so far behind the sender's newest that nobody can tell
  forged,            // the tag (plain: the checksum) does not fit
  stale,             // genuine, and older than `freshness`
};

inline constexpr std::size_t gossip_drop_count = 12;

// The name for a metric's label: "unknown_key".
std::string_view to_string(gossip_drop why) noexcept;

// What one sealer has done so far; all counts only grow, but `senders`.
struct gossip_counters {
  std::uint64_t sealed = 0;
  std::uint64_t opened = 0;
  std::array<std::uint64_t, gossip_drop_count> dropped{};
  std::uint64_t evicted = 0; // senders forgotten before their time, for lack of room
  std::size_t senders = 0;   // remembered now

  std::uint64_t dropped_for(gossip_drop why) const noexcept { return dropped[static_cast<std::size_t>(why)]; }
};

} // namespace troupe
