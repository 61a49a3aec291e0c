// What decides a simulated world.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/environment/clock.hpp"
#include "runtime/simulation/trace.hpp"
#include "runtime/simulation_disk/simulated_disk.hpp"

#include <cstddef>
#include <cstdint>

namespace troupe {

struct world_options {
  // Everything random follows from it.
  std::uint64_t seed = 1;
  // Whether chance decides which of those that could act acts next. Otherwise: in turn.
  bool random_order = true;
  trace_options trace;
  // What the calendar of a node shows when the world begins, within `calendar_spread` of it: 2026-01-01 by
  // default.
  wall_time calendar{std::chrono::seconds{1'767'225'600}};
  duration calendar_spread = std::chrono::milliseconds{50};
  // Bytes of one direction of a stream that its sender's and its receiver's machines hold together, 1 to 1
  // GiB.
  std::size_t stream_buffer = 256 * 1024;
  // Probability that bytes which arrived together are handed over in more than one piece.
  double stream_splitting = 0.125;
  // After this long without an acknowledgement TCP gives a connection up.
  duration stream_patience = std::chrono::minutes{15};
  // Of every node's disk. Its callbacks are set by the world.
  simulated_disk_options disk;
  // More turns at one moment than this mean that nothing will ever come to rest: the world throws
  // world_stuck.
  std::uint64_t max_turns_at_once = 10'000'000;
};

} // namespace troupe
