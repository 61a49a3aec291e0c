// What a message goes through on the way from one simulated node to another. Pure.
#pragma once

#include "runtime/core/deadline.hpp"

#include <cstdint>

namespace troupe {

// Of one direction between two nodes. The defaults change nothing: conditions are added to others.
struct link_conditions {
  // Every message takes `latency`, up to `jitter` more (uniform), and with probability `tail_chance` up to
  // `tail` more on top. Messages of different sizes and streams overtake each other accordingly; bytes of one
  // stream do not.
  duration latency{};
  duration jitter{};
  double tail_chance = 0;
  duration tail{};
  // Probability that a datagram is lost. Bytes of a stream are sent again instead, after TCP's retransmission
  // time-out (200 ms, doubled each further time), and hold up those behind them.
  double loss = 0;
  // Probability that a datagram arrives twice, the second time with a delay of its own.
  double duplication = 0;
  // Probability that a datagram is held back by up to 20 ms, so that later ones overtake it.
  double reordering = 0;
  // Probability, for each part that a stream sends, that the connection breaks (RST to both ends).
  double reset = 0;
  // What the direction carries; what is sent faster waits its turn. 0: unlimited.
  std::uint64_t bytes_per_second = 0;
  // Nothing arrives: datagrams are lost, streams send again and again.
  bool cut = false;
  // Nothing arrives, and nothing is lost: all of it arrives when this ends.
  bool clogged = false;

  bool operator==(const link_conditions&) const = default;
};

// Both at once: delays add up, chances combine as independent ones do, the narrower of two bandwidths counts.
link_conditions operator+(const link_conditions& a, const link_conditions& b) noexcept;

} // namespace troupe
