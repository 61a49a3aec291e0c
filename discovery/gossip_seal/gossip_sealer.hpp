// Seals the datagrams of the gossip and opens those of others: encrypted and authenticated with AES-256-GCM,
// bound to the cluster's name, each opened once. Or, for a cluster on one machine, plain with a checksum, in
// the same frame.
//
// Pure: no I/O, no clock, no log; for one thread at a time. README.md says why a nonce never repeats and what
// clocks may do; gossip_frame.hpp how a datagram looks.
#pragma once

#include "discovery/gossip_seal/gossip_drop.hpp"
#include "discovery/gossip_seal/gossip_keyring.hpp"
#include "runtime/environment/clock.hpp"
#include "runtime/environment/network.hpp"

#include <memory>
#include <variant>
#include <vector>

namespace troupe {

// What a frame adds to a payload, in both modes, and the largest payload that fits a datagram.
inline constexpr std::size_t gossip_overhead = 58;
inline constexpr std::size_t max_gossip_payload = max_datagram_size - gossip_overhead;
// A sealer changes its own key after so many datagrams. Of the largest size (2^12 blocks) they are 2^34
// blocks of AES, less than the 2^34.5 that RFC 8446 section 5.5 allows a key of AES-GCM.
inline constexpr std::uint64_t gossip_messages_a_key = 1ULL << 22;
// A sealer's last sequence number; at a million datagrams a second it is reached after 8 years.
inline constexpr std::uint64_t gossip_last_sequence = (1ULL << 48) - 1;

struct gossip_sealer_options {
  // 1 to 255 bytes. Nodes of other names are not understood, whatever their keys.
  std::string cluster;
  // The node's name in the cluster, 1 to 255 bytes; with what follows it makes the sender's id unique.
  std::string node;
  // Nothing: plain, for clusters whose nodes are all on one machine.
  std::optional<gossip_keyring> keys;

  // Bytes that no other start of any node has: 16 from the environment's random_source. They need not be
  // secret.
  std::array<std::byte, 16> entropy{};
  // By the calendar and by the monotonic clock, both at the start. The calendar is never asked again.
  wall_time started;
  monotonic_time now;

  // How old a stranger's datagram may be, that is how long it may be under way and how far two clocks may
  // differ before the one that is behind must be told the time. From 1 s to 1 h.
  duration freshness = std::chrono::seconds{60};
  // A sender that was silent for so long is forgotten, once all it ever sent is stale. From 1 s to 24 h.
  duration forget_after = std::chrono::minutes{5};
  // Senders that are remembered, at about 500 bytes each. Each start of a node is one. From 1 to 1,000,000;
  // should be several times the number of nodes, as nodes restart.
  std::size_t max_senders = 16'384;
  // How often in a second `should_tell_time` may be true.
  std::uint32_t time_answers_a_second = 100;
  // In plain mode: also takes datagrams of other machines, which anybody may have written. For simulations.
  bool plain_beyond_loopback = false;
  // Where counting begins, from 1: so that tests reach its end.
  std::uint64_t first_sequence = 1;
};

// A genuine datagram, for the first time.
struct opened_gossip {
  std::vector<std::byte> payload; // may be empty: see refused_gossip
  // The same for all datagrams of one life of a node, and different for any two. Not its name.
  std::array<std::byte, 16> sender{};
  std::uint64_t sequence = 0; // of the sender; later datagrams have larger ones
  // How far the sender's time lies before ours (negative: it was ahead, and ours has moved to it). The way
  // included.
  std::chrono::milliseconds behind{0};
};

struct refused_gossip {
  gossip_drop why;
  // The datagram is genuine, and its sender's time is behind: answer to where it came from with seal({}), an
  // empty datagram, and the sender is in time from then on. Its receiver has nothing to do but open() it.
  // Never larger than what it answers, and limited a second, so that nobody can use it to flood another.
  bool should_tell_time = false;
};

class gossip_sealer {
public:
  // INVALID_ARGUMENT: an option is out of its range; INTERNAL: OpenSSL lacks what is needed.
  static result<gossip_sealer> make(gossip_sealer_options options);

  ~gossip_sealer();
  gossip_sealer(gossip_sealer&&) noexcept;
  gossip_sealer& operator=(gossip_sealer&&) noexcept;

  // A datagram for any node of the cluster. Two calls never give the same one. It does not name its receiver:
  // a payload that is meant for one node only must say for which, as somebody may send it to another.
  // INVALID_ARGUMENT: larger than max_gossip_payload; RESOURCE_EXHAUSTED: the sequence numbers are used up,
  // and the node must be started anew; INTERNAL: OpenSSL failed. `now` is the monotonic clock's, here and
  // below, and never earlier than in the call before.
  result<std::vector<std::byte>> seal(std::span<const std::byte> payload, monotonic_time now);

  // Any bytes at all. Costs no cryptography before size, version, cluster, key and sequence number fit, and
  // no memory before the tag fits.
  std::variant<opened_gossip, refused_gossip> open(std::span<const std::byte> datagram, const endpoint& from,
                                                   monotonic_time now);

  // The ring, to change while running; see gossip_keyring. FAILED_PRECONDITION: a plain sealer has none.
  status add_key(gossip_key key);
  status use_key(const key_fingerprint& which);
  status remove_key(const key_fingerprint& which);
  // Empty for a plain sealer.
  std::vector<gossip_keyring::entry> keys() const;
  bool is_sealed() const noexcept;

  // `sender` of what this sealer sends.
  const std::array<std::byte, 16>& sender() const noexcept;
  gossip_counters counters() const noexcept;

private:
  struct parts;
  explicit gossip_sealer(std::unique_ptr<parts> made) noexcept;
  std::unique_ptr<parts> parts_; // null once moved from
};

} // namespace troupe
