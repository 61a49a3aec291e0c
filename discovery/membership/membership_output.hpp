// What membership hands out: datagrams and streams to send, events, counts.
#pragma once

#include "discovery/membership/member_record.hpp"
#include "discovery/membership/membership_codec.hpp"
#include "runtime/core/deadline.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// A datagram may be lost and is small; a stream (the link, or TCP) arrives whole or fails.
enum class gossip_channel : std::uint8_t { datagram, stream };

struct gossip_send {
  gossip_channel channel = gossip_channel::datagram;
  endpoint to;
  std::string peer; // the member that is meant; empty when it is not known, as of a seed
  gossip_bytes bytes;
};

enum class member_event_kind : std::uint8_t {
  joined,        // is alive, and was not known or was dead
  restarted,     // a new process of the name has taken the old one's place
  changed,       // its record differs
  suspected,     // may be dead
  refuted,       // was suspect and is alive
  died,          // is held for dead
  left,          // said goodbye
  name_conflict, // about this member: an older process of its name is alive; it must not run
  alone,         // about this member: no seed answers; once a minute
  renumbered,    // about this member: its process number is another one, above that of an earlier process
};

std::string_view to_string(member_event_kind kind) noexcept;

struct member_event {
  member_event_kind kind = member_event_kind::joined;
  member_record record; // as it is now
};

// Since the start. Only rising.
struct membership_counters {
  std::uint64_t packets_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t packets_refused = 0; // broken, of another version or kind, or not meant for this member
  std::uint64_t rumors_skipped = 0;  // of unknown kinds
  std::uint64_t members_refused = 0; // beyond most_members, or of protocol versions that are not spoken here
  std::uint64_t probes = 0;
  std::uint64_t probes_failed = 0;
  std::uint64_t probes_relayed = 0;
  std::uint64_t relays_refused = 0; // beyond most_relayed_probes
  std::uint64_t nacks_missing = 0;
  std::uint64_t stream_acks = 0; // only the stream got through: datagrams may be blocked
  std::uint64_t suspicions = 0;  // raised or heard
  std::uint64_t deaths = 0;
  std::uint64_t refutations = 0;    // of rumors about this member
  std::uint64_t deaths_doubted = 0; // heard of a member that this one had no doubts about
  std::uint64_t stalls = 0;         // this process was not run for longer than a probe time-out
  std::uint64_t reconnects = 0;     // tries of dead members and of seeds
  std::uint64_t compares = 0;       // of tables, begun
  std::uint64_t push_pulls = 0;     // tables, or parts of them, sent

  friend bool operator==(const membership_counters&, const membership_counters&) = default;
};

// Everything since it was last taken, in order.
struct membership_effects {
  std::vector<gossip_send> sends;
  std::vector<member_event> events;
};

} // namespace troupe
