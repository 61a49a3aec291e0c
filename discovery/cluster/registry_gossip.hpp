// How the registry spreads: what is new is told as rumors, and now and then two members compare all they
// know.
//
//   spread(), on_message(), member_up(), tick()  -->  registry_gossip <--> registry
//                                                          |
//                                                          '--> take_sends()
//
// Rumors go out in datagrams, infection style: whoever hears something new tells it on. A comparison is
//   fingerprint -->            a dozen bytes; the same there: no answer, and that was all
//               <-- digest     how far each node is known there
//   what that lacks, -->       and how far those nodes are known here that are known better there
//               <-- what this lacks
// each in a datagram when it fits, otherwise in streams. Where no datagrams pass, nobody would hear of anything:
// so every other comparison takes a stream from begin to end. Pure: no clock, no network. For one thread at a
// time; `now` as in membership.
#pragma once

#include "discovery/cluster/registry_rumors.hpp"
#include "discovery/membership/membership_output.hpp"
#include "discovery/registry/registry.hpp"
#include "discovery/registry/registry_codec.hpp"
#include "runtime/environment/random_source.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

struct registry_gossip_settings {
  // A rumor goes out at most retransmit * ceil(log10(n + 1)) times from each member. 1 to 64.
  std::size_t retransmit = 4;
  duration gossip_interval = std::chrono::milliseconds{200}; // 1 ms to 1 min
  std::size_t gossip_fan_out = 3;                            // 1 to 64
  // How often this member compares all it knows with another one, at random around it. More often at first
  // when it meets members. 100 ms to 1 h.
  duration sync_interval = std::chrono::seconds{10};
  std::size_t packet_bytes = 1'400; // of a datagram before sealing; 1,400 to 65,000
  // Of one answer, in as many messages as it takes; the next comparison goes on. 64 KiB to 64 MiB.
  std::size_t sync_bytes = 1u << 20;
  std::size_t most_rumors = 4'096; // that wait; 1 to 1,000,000
  std::size_t most_early = 256;    // rumors kept of nodes that are no members yet; 0 to 100,000
  registry_limits limits;          // those of the registry

  // INVALID_ARGUMENT names the knob that is out of its range.
  status check() const;
};

// Since the start. Only rising.
struct registry_gossip_counters {
  std::uint64_t packets_sent = 0; // datagrams and messages of streams
  std::uint64_t bytes_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t packets_refused = 0; // no message of the registry, or not well formed
  std::uint64_t deltas_heard = 0;
  std::uint64_t deltas_new = 0;    // of those
  std::uint64_t deltas_early = 0;  // of nodes that were no members yet, kept
  std::uint64_t comparisons = 0;   // begun here
  std::uint64_t differences = 0;   // fingerprints of others that were not ours
  std::uint64_t digest_lines = 0;  // sent
  std::uint64_t deltas_lacked = 0; // sent to who lacked them

  friend bool operator==(const registry_gossip_counters&, const registry_gossip_counters&) = default;
};

class registry_gossip {
public:
  // The settings are those that check() accepts; the registry is used until the end of this. Draws from a
  // stream of `random` of its own.
  registry_gossip(registry_gossip_settings settings, registry& entries, const random_source& random);

  // -- what the membership says; tells the registry too

  // Is there, alive or suspected, or its address has changed.
  void member_up(monotonic_time now, std::string_view node, std::uint64_t process, const endpoint& where);
  // Has died or left.
  void member_down(std::string_view node, std::uint64_t process);

  // -- what this node has changed
  void spread(monotonic_time now, registry_delta delta);

  // A message as it came, unsealed; an answer by the same channel goes to `from`. INVALID_ARGUMENT: it was
  // refused, and counted.
  status on_message(monotonic_time now, const endpoint& from, gossip_channel channel,
                    std::span<const std::byte> bytes);

  void tick(monotonic_time now);
  // The end of time when there is nothing to wait for.
  monotonic_time next_tick() const noexcept;

  // Everything since it was last taken, in order.
  std::vector<gossip_send> take_sends() { return std::exchange(sends_, {}); }

  const registry_gossip_counters& counters() const noexcept { return counters_; }
  std::size_t rumors() const noexcept { return rumors_.size(); }

private:
  struct peer {
    std::uint64_t process = 0;
    endpoint where;
  };
  using peer_map = std::map<std::string, peer, std::less<>>;

  monotonic_time enter(monotonic_time now) noexcept { return now_ = std::max(now, now_); }
  void hear(registry_delta delta, bool tell_on);
  // By `channel` at least: what does not fit a datagram takes a stream.
  void answer_digest(gossip_channel channel, const endpoint& to,
                     std::span<const registry_digest_line> theirs);
  void send_digest(gossip_channel channel, const endpoint& to);
  // Of `pieces`, each a message, as few as they fit into.
  void send_pieces(gossip_channel channel, const endpoint& to,
                   const std::vector<std::vector<std::byte>>& pieces);
  void send(gossip_channel channel, const endpoint& to, std::string peer, std::vector<std::byte> bytes);
  void compare(gossip_channel channel, std::size_t with);
  void compare_soon();
  void run_rumors();
  void run_comparison();
  // The next of a round through all members in random order; null when there is none.
  const peer_map::value_type* next_peer();
  duration around(duration middle);

  const registry_gossip_settings settings_;
  registry& registry_;
  random_source random_;
  registry_rumors rumors_;
  std::deque<registry_delta> early_;
  peer_map peers_;
  std::vector<std::string> round_;
  std::size_t next_in_round_ = 0;
  std::vector<gossip_send> sends_;
  registry_gossip_counters counters_;

  bool by_stream_ = false; // the next comparison of its time

  monotonic_time now_ = monotonic_time::min();
  monotonic_time next_gossip_ = monotonic_time::min();
  monotonic_time next_sync_ = monotonic_time::max();
  monotonic_time next_check_ = monotonic_time::max(); // after the last rumor
  duration pause_;                                    // before the next comparison but one
  std::optional<endpoint> again_with_;                // who knew something else
};

} // namespace troupe
