// The part of a trace that a diagram shows. It is fed line by line, because a full trace has millions. Pure.
#pragma once

#include "runtime/trace_diagram/traced_event.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct trace_selection_options {
  // Events to show, 1 to most_selected_events.
  std::size_t events = 200;
  // Those around this moment, half of them before it. Nothing: the last ones.
  std::optional<duration> around;
  // Only what concerns these nodes. Empty: all.
  std::vector<std::string> nodes;
  // Kinds that are not shown, as the lines name them. Boots, crashes, pauses and resumptions always are.
  std::vector<std::string> hidden_kinds;
  // Messages of the network with fewer bytes are not shown: heartbeats are small and many.
  std::uint64_t least_bytes = 0;
};

inline constexpr std::size_t most_selected_events = 5'000;
// Columns of a diagram; further nodes share one.
inline constexpr std::size_t most_selected_nodes = 32;

enum class node_condition : std::uint8_t { unknown, up, down, paused };

struct selected_node {
  std::string name;
  // When the selection begins; unknown when nothing was said of it before.
  node_condition before = node_condition::unknown;
};

struct selected_trace {
  std::vector<selected_node> nodes;
  // Nodes of the trace that have no column.
  std::vector<std::string> other_nodes;
  std::vector<traced_event> events; // in the order of the trace
  // The sending of messages that arrive in the selection and were sent before it, by id.
  std::map<std::uint64_t, traced_event> sent_before;
  // Faults that began before the selection and go on in it, oldest first.
  std::vector<traced_event> faults_before;
  std::optional<duration> around;
  // What is not shown.
  std::uint64_t earlier = 0;
  std::uint64_t later = 0;
  std::uint64_t hidden = 0; // of other nodes or hidden kinds, or too small
};

class trace_selection {
public:
  // Values out of range are moved into it.
  explicit trace_selection(trace_selection_options options);

  // The next event of the trace.
  void add(traced_event what);

  // NOT_FOUND when a node that was asked for is not in the trace. Ends the selection.
  result<selected_trace> finish();

private:
  // What an event that is not shown says about those that are.
  void let_go(traced_event&& what);
  void meet(std::string_view node);
  bool wanted(const traced_event& what) const;
  bool wants_node(std::string_view node) const;

  trace_selection_options options_;
  std::deque<traced_event> kept_;
  std::size_t kept_after_ = 0;     // of those kept, how many are later than `around`
  std::vector<std::string> names_; // in the order of their first appearance
  std::map<std::string, node_condition, std::less<>> conditions_;
  // Bounded: the oldest is forgotten first.
  std::map<std::uint64_t, traced_event> sent_;
  std::deque<std::uint64_t> sent_order_;
  selected_trace out_;
};

} // namespace troupe
