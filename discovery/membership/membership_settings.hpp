// The knobs of membership, with their defaults and ranges.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/status.hpp"

#include <chrono>
#include <cstddef>

namespace troupe {

// The names of the papers are in brackets: SWIM is Das et al. 2002, Lifeguard arXiv 1707.00788.
struct membership_settings {
  // One member is probed in each [SWIM 3.1: protocol period T'; Lifeguard: BaseProbeInterval]. 10 ms to 10
  // min.
  duration protocol_period = std::chrono::seconds{1};
  // How long the answer to a direct probe may take before others are asked to try [BaseProbeTimeout]. Above
  // zero and less than the protocol period.
  duration probe_timeout = std::chrono::milliseconds{500};
  // How many others are asked [SWIM 3.1: k]. 0 to 32.
  std::size_t indirect_probes = 3;
  // Also tries a stream when the direct probe had no answer, for networks that block UDP.
  bool probe_by_stream = true;

  // Shortest suspicion: alpha * max(1, log10(n)) periods; longest: beta times that [Lifeguard IV-B]. alpha
  // 0.1 to 100, beta 1 to 100.
  double suspicion_alpha = 5;
  double suspicion_beta = 6;
  // As many independent suspicions bring the time-out from the longest to the shortest [K]. 0 to 32.
  std::size_t suspicion_confirmations = 3;
  // Not of the papers: some of those who hear of a suspicion probe the suspect next, so that who is dead is
  // confirmed, and who is not is heard, within a period or two.
  bool verify_suspicions = true;
  // Local health: probe interval and time-out grow up to (this + 1) times [Lifeguard IV-A: S]. 0 (off, and no
  // nacks) to 64.
  std::size_t max_local_health = 8;
  // Helpers say that they had no answer either [Lifeguard IV-A: nack], after this share of the probe
  // time-out.
  double nack_after = 0.8;
  // Who is accused hears it with the first word that is said to it [Lifeguard IV-C].
  bool buddy_system = true;
  // Not of the papers: an accusation is doubted. A death is believed only after a suspicion of one's own, and
  // nothing of what strangers say of others. Off: SWIM's Confirm counts at once, as the papers have it.
  bool doubted_death = true;

  // A rumor goes out at most retransmit * ceil(log10(n + 1)) times from each member [SWIM 4.1: lambda]. 1
  // to 64.
  std::size_t retransmit = 4;
  duration gossip_interval = std::chrono::milliseconds{200};
  std::size_t gossip_fan_out = 3; // 1 to 64
  // Tables are compared with that of one random member this often, and what differs is exchanged.
  duration push_pull_interval = std::chrono::seconds{30};

  // A dead member is tried after reconnect_first, then at twice the interval each time, until the whole
  // cluster together tries each dead member (and each seed that is no member) about once every
  // reconnect_last; without end.
  duration reconnect_first = std::chrono::seconds{1};
  duration reconnect_last = std::chrono::seconds{8};
  std::size_t reconnect_burst = 8; // at most so many a gossip interval
  // The dead and those who left are told to others for so long; the dead are still tried after that.
  duration reclaim_after = std::chrono::hours{1};
  std::size_t most_dead_kept = 1'024;
  // How long a leaving member stays to spread the word and to answer.
  duration leave_linger = std::chrono::seconds{3};

  std::size_t packet_bytes = 1'400;        // of a datagram before sealing; 1,400 to 65,000
  std::size_t stream_bytes = 8u << 20;     // of an exchanged table
  std::size_t most_members = 10'000;       // further ones are refused and counted
  std::size_t most_relayed_probes = 1'024; // probes made for others at one time

  // INVALID_ARGUMENT names the knob that is out of its range.
  status check() const;
};

} // namespace troupe
