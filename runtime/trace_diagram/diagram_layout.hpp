// Where everything in a diagram stands, in pixels. Private to this component; pure.
#pragma once

#include "runtime/trace_diagram/trace_selection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

// A stretch of a lifeline.
struct diagram_span {
  node_condition condition = node_condition::up;
  int top = 0;
  int bottom = 0;
};

struct diagram_lane {
  std::string title;
  std::string tooltip;
  int x = 0; // of the lifeline
  std::vector<diagram_span> spans;
};

// An event that happens on one lane, or (faults and logs of the world) across several.
struct diagram_mark {
  traced_kind kind = traced_kind::other;
  // Of a mark on several lanes: where its line begins and ends, and the lanes with a symbol.
  int across_from = 0;
  int across_to = 0;
  std::vector<int> struck;
  int x = 0;
  int y = 0;
  std::string label;
  std::string tooltip;
};

// How long a fault lasts, in the margin.
struct diagram_bar {
  int x = 0;
  int top = 0;
  int bottom = 0;
  std::string tooltip;
};

enum class arrow_fate : std::uint8_t {
  arrived,
  again, // another copy of a message that has arrived
  lost,
  unknown, // its end is not in this part of the trace
  earlier, // its beginning is not
};

struct diagram_arrow {
  arrow_fate fate = arrow_fate::arrived;
  int from_x = 0;
  int from_y = 0;
  int to_x = 0;
  int to_y = 0;
  std::string label; // empty: another arrow of the message has it
  std::string tooltip;
};

struct diagram_tick {
  int y = 0;
  std::string label;
};

struct diagram_layout {
  int width = 0;
  int height = 0;  // of the lifelines
  int axis_x = 0;  // right end of the ticks' labels
  int focus_y = 0; // of the moment that was asked for; 0: none
  std::vector<diagram_lane> lanes;
  std::vector<diagram_tick> ticks;
  std::vector<diagram_mark> marks;
  std::vector<diagram_bar> bars;
  std::vector<diagram_arrow> arrows;
};

diagram_layout lay_out(const selected_trace& trace);

} // namespace troupe
