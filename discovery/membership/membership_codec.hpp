// The messages of membership and how they are written. Pure.
//
//   packet  = version kind sender sender_process [sequence] [target target_process] [target_endpoint]
//             [buckets] [hash...] rumor...
//   rumor   = kind length body          a kind that is not known is skipped, its length says how far
//   record  = name process incarnation gossip (tag length value)...
//
// Numbers are varints in their shortest form, buckets and hashes eight bytes, the highest first. What is not
// exactly so is refused, with a reason.
#pragma once

#include "discovery/membership/member_record.hpp"
#include "runtime/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace troupe {

// A member as it says that it is. Its state is always alive.
struct alive_rumor {
  member_record record;
  friend bool operator==(const alive_rumor&, const alive_rumor&) = default;
};

// `from` has had no answer of it.
struct suspect_rumor {
  std::string name;
  std::uint64_t process = 0;
  std::uint64_t incarnation = 0;
  std::string from;
  friend bool operator==(const suspect_rumor&, const suspect_rumor&) = default;
};

// SWIM's Confirm: `from` waited in vain for a refutation.
struct dead_rumor {
  std::string name;
  std::uint64_t process = 0;
  std::uint64_t incarnation = 0;
  std::string from;
  friend bool operator==(const dead_rumor&, const dead_rumor&) = default;
};

// Its own goodbye.
struct left_rumor {
  std::string name;
  std::uint64_t process = 0;
  // Not 0: it found an older process of its name alive, this one, and gives the name back.
  std::uint64_t yielded_to = 0;
  friend bool operator==(const left_rumor&, const left_rumor&) = default;
};

// The older process of a name is alive and objects to the younger.
struct claim_rumor {
  std::string name;
  std::uint64_t process = 0; // the older
  std::uint64_t against = 0; // the younger
  friend bool operator==(const claim_rumor&, const claim_rumor&) = default;
};

using rumor = std::variant<alive_rumor, suspect_rumor, dead_rumor, left_rumor, claim_rumor>;

enum class packet_kind : std::uint8_t {
  ping = 1,            // sequence, target
  ping_request = 2,    // SWIM's ping-req: sequence, target, target_endpoint
  ack = 3,             // sequence
  nack = 4,            // Lifeguard's: sequence
  gossip = 5,          // rumors only
  push_pull = 6,       // buckets, and those of the sender's table as rumors; asks for the receiver's
  push_pull_reply = 7, // the buckets asked for, as rumors
  compare = 8,         // the hash of the sender's table; one whose hash differs answers
  compare_reply = 9,   // the hashes of its buckets; those that differ are exchanged by push_pull
};

struct packet {
  packet_kind kind = packet_kind::gossip;
  std::string sender;
  std::uint64_t sender_process = 0;
  std::uint64_t sequence = 0;
  std::string target;
  std::uint64_t target_process = 0;
  endpoint target_endpoint;
  std::uint64_t buckets = 0;         // a bit for each bucket of table_fingerprint
  std::vector<std::uint64_t> hashes; // 1 to compare, table_fingerprint::buckets in the reply
  std::vector<rumor> rumors;
  std::size_t skipped_rumors = 0; // of kinds that this version does not know

  friend bool operator==(const packet&, const packet&) = default;
};

using gossip_bytes = std::vector<std::byte>;

// Of one packet; a table of 10,000 members has four for each at most.
inline constexpr std::size_t most_packet_rumors = 40'960;

// One rumor, ready to be appended to a packet.
gossip_bytes encode_rumor(const rumor& what);

// Everything of a packet but its rumors; the fields that its kind has not are left out.
gossip_bytes encode_packet_header(const packet& what);

// A whole packet. Precondition: names and records within their limits.
gossip_bytes encode_packet(const packet& what);

// The record alone, as an alive rumor carries it.
gossip_bytes encode_record(const member_record& record);

// INVALID_ARGUMENT says what is wrong with it; UNIMPLEMENTED when its version or kind is not known. Never
// takes more memory than a few times the size of `bytes`, and about 300 bytes for each of so many rumors.
result<packet> decode_packet(std::span<const std::byte> bytes);

} // namespace troupe
