// What goes wrong in a simulated world, and when: a list that can be made from a seed, printed, kept as JSON,
// shortened and executed (fault_run.hpp). Pure.
//
// An event says by itself everything about what it does, so that taking one out of a plan leaves the others
// as they were.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

enum class fault_kind : std::uint8_t {
  // Nodes. Those named, each; at the end of the span it ends.
  crash, // power off; booted again at the end
  kill,  // the process ends, the machine lives; booted again at the end
  pause, // as by SIGSTOP
  slow,  // each turn takes `amount`
  // Links. Between each of `nodes` and each of `others`, both ways unless said otherwise.
  partition,
  partition_one_way,  // from nodes to others
  partition_flapping, // there for `amount`, gone for `amount`, and so on
  clog,               // what is sent waits until the end
  swizzle, // the links of each of `nodes` are clogged one after the other, and freed in another order
  narrow,  // `number` bytes a second
  delay,   // up to `amount` more, evenly
  tail,    // up to `amount` more with probability `chance`
  loss,    // with probability `chance`, as are the next
  duplication,
  reordering,
  reset, // of connections, for each part of a stream
  // Clocks of nodes.
  clock_jump, // the calendar goes by `amount` (negative: back), and back again at the end if there is one
  clock_rate, // it gains `number` microseconds a second
  // Disks of nodes: probability `chance` of each operation; runtime/simulation_disk/disk_faults.hpp describes
  // them.
  disk_read_error,
  disk_write_error,
  disk_sync_failure,
  disk_lost_sync,
  disk_bit_rot,
  disk_stall, // of up to `amount`
  disk_full,
};

inline constexpr std::size_t fault_kind_count = 25;

// "crash", "partition_one_way", "disk_full", ...
std::string_view to_string(fault_kind kind) noexcept;

struct fault_event {
  duration at{};   // since the plan began, at least 0
  duration span{}; // at least 0; how long it lasts
  fault_kind kind = fault_kind::crash;
  std::vector<std::string> nodes;  // names; empty: all
  std::vector<std::string> others; // links: the other ends; empty: all
  double chance = 0;               // 0 to 1
  duration amount{};
  std::int64_t number = 0;
  std::uint64_t seed = 0; // of what chance decides in it: the order of a swizzle

  bool operator==(const fault_event&) const = default;
};

struct fault_plan {
  std::vector<fault_event> events; // in any order

  bool operator==(const fault_plan&) const = default;
};

// Events of a plan, at most. Longer plans are refused.
inline constexpr std::size_t max_fault_events = 100'000;

// INVALID_ARGUMENT, naming the event and the field that is out of its range or missing.
status validate(const fault_plan& plan);

// A timeline for people, one line an event, by time: "    12.5s  for 3s      partition a, b | c".
std::string to_text(const fault_plan& plan);

// {"events": [{"at": "12.5s", "for": "3s", "kind": "partition", "nodes": ["a"], "others": ["b"]}, ...]}: of
// each event those fields that its kind uses. Reading back what was written gives an equal plan.
std::string to_json(const fault_plan& plan);

// INVALID_ARGUMENT: not JSON, an unknown or missing field, a value of the wrong type or out of its range.
result<fault_plan> fault_plan_from_json(std::string_view text);

enum class fault_profile : std::uint8_t {
  none,
  // What a cluster meets in a bad week, in minutes: one node at a time crashes, restarts or stands still, or
  // a minority is cut off; late and lost messages, clocks that are a little off, slow disks.
  everyday,
  // Everything there is, often, and several at once: all nodes may be off, disks fail.
  // Not bit rot and not disks that lie about syncs, which no program on one disk survives: plan those by
  // hand.
  everything,
};

// "none", "everyday", "everything".
std::string_view to_string(fault_profile profile) noexcept;
std::optional<fault_profile> fault_profile_from_name(std::string_view name) noexcept;

// Draws a plan whose events are over by `horizon`: the same for the same arguments. Each kind draws from a
// stream of its own.
fault_plan plan_faults(fault_profile profile, std::uint64_t seed, std::span<const std::string> nodes,
                       duration horizon);

} // namespace troupe
