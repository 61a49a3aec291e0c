#include "runtime/trace_diagram/diagram_layout.hpp"

#include "runtime/trace_diagram/event_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace troupe {

namespace {

constexpr int bar_columns = 5;
constexpr int axis_width = 116 + 7 * bar_columns;
constexpr int top_margin = 16;
constexpr int bottom_margin = 24;
constexpr int labelled_row = 20;
constexpr int plain_row = 8;
constexpr int tick_distance = 14;
constexpr int longest_gap = 56;
// How far a message gets that its sender's side loses.
constexpr int lost_reach = 60;

int lane_width_of(std::size_t lanes) noexcept {
  if (lanes <= 3) return 280;
  if (lanes <= 6) return 220;
  return lanes <= 12 ? 180 : 150;
}

// The time between two events as a distance. Logarithmic: microseconds are to be seen beside minutes.
int gap_of(duration between) noexcept {
  if (between <= duration::zero()) return 0;
  const auto microseconds = static_cast<double>(between.count()) / 1'000.0;
  return std::min(longest_gap, static_cast<int>(std::lround(8.0 * std::log10(1.0 + microseconds))));
}

bool merges(const traced_event& a, const traced_event& b) {
  const bool kind = a.kind == traced_kind::run || a.kind == traced_kind::timer
                    || a.kind == traced_kind::deliver || a.kind == traced_kind::other;
  return kind && a.kind == b.kind && a.kind_name == b.kind_name && a.node == b.node && a.name == b.name
         && a.from == b.from && a.to == b.to && event_label(a) == event_label(b);
}

// One event, or several equal ones in a row.
struct row {
  const traced_event* first = nullptr;
  const traced_event* last = nullptr;
  std::size_t count = 1;
  int y = 0;
};

class layout_maker {
public:
  explicit layout_maker(const selected_trace& trace) : trace_(trace) {}

  diagram_layout make() {
    make_lanes();
    make_rows();
    for (const auto& each : trace_.faults_before)
      add_bar(each, 0);
    for (const auto& each : rows_)
      place(each);
    for (const auto& [id, sent] : under_way_)
      if (sent.arrivals == 0) leave_open(sent);
    make_spans();
    std::ranges::sort(out_.arrows, {}, [](const diagram_arrow& each) { return each.from_y; });
    return std::move(out_);
  }

private:
  // A message that was sent in this part of the trace.
  struct message {
    const row* from = nullptr;
    std::size_t arrivals = 0;
  };

  void make_lanes() {
    const auto count = trace_.nodes.size() + (trace_.other_nodes.empty() ? 0 : 1);
    const auto width = lane_width_of(count);
    auto x = axis_width + width * 2 / 5;
    for (const auto& each : trace_.nodes) {
      lane_of_.emplace(each.name, out_.lanes.size());
      out_.lanes.push_back({.title = each.name, .tooltip = each.name, .x = x});
      x += width;
    }
    if (!trace_.other_nodes.empty()) {
      out_.lanes.push_back({.title = std::to_string(trace_.other_nodes.size()) + " other"
                                     + (trace_.other_nodes.size() == 1 ? " node" : " nodes"),
                            .tooltip = list_text(trace_.other_nodes),
                            .x = x});
    }
    out_.axis_x = axis_width - 12;
    // The labels of the last lane want room, too.
    out_.width = axis_width + std::max<int>(1, static_cast<int>(count)) * width + 120;
  }

  void make_rows() {
    for (const auto& each : trace_.events)
      if (each.at.count() % 1000 != 0) digits_ = 9;
    auto y = top_margin;
    auto last_tick = -tick_distance;
    for (const auto& each : trace_.events) {
      if (!rows_.empty() && merges(*rows_.back().last, each)) {
        rows_.back().last = &each;
        ++rows_.back().count;
        continue;
      }
      const auto before = rows_.empty() ? each.at : rows_.back().last->at;
      y += gap_of(each.at - before);
      const bool fresh = rows_.empty() || each.at != rows_.back().last->at;
      y += needs_label(each) ? labelled_row : plain_row;
      if (trace_.around && out_.focus_y == 0 && each.at >= *trace_.around) out_.focus_y = y - 4;
      if (fresh) {
        const bool room = y - last_tick >= tick_distance;
        if (room) out_.ticks.push_back({y, tick_text(each.at)});
        if (room) last_tick = y;
      }
      rows_.push_back({&each, &each, 1, y});
    }
    if (trace_.around && out_.focus_y == 0) out_.focus_y = y + plain_row;
    out_.height = y + bottom_margin;
  }

  // All with the same number of digits.
  std::string tick_text(duration at) const {
    return fmt::format("{:.{}f}s", static_cast<double>(at.count()) * 1e-9, digits_);
  }

  // The label of a message stands where it is sent, if that is seen.
  bool needs_label(const traced_event& each) {
    if (each.kind == traced_kind::send) sent_here_.insert(each.id);
    const bool ends = each.kind == traced_kind::receive || each.kind == traced_kind::drop;
    return !ends || !sent_here_.contains(each.id);
  }

  std::size_t lane_of(std::string_view node) const {
    const auto found = lane_of_.find(node);
    return found != lane_of_.end() ? found->second : out_.lanes.size() - 1;
  }

  // The lifeline of a place in the network; nowhere when no such node was ever seen.
  int x_of(std::string_view node) const {
    if (node.empty() || node == "?" || out_.lanes.empty()) return out_.width - 8;
    return out_.lanes[lane_of(node)].x;
  }

  void place(const row& at) {
    switch (at.first->kind) {
    case traced_kind::send:
      if (at.first->id != 0) {
        under_way_.insert_or_assign(at.first->id, message{&at});
        return;
      }
      return mark(at);
    case traced_kind::receive:
    case traced_kind::drop:
      return arrive(at);
    default:
      return mark(at);
    }
  }

  void mark(const row& at) {
    const auto& event = *at.first;
    diagram_mark made{.kind = event.kind, .y = at.y, .label = event_label(event)};
    if (at.count > 1) made.label += " x" + std::to_string(at.count);
    made.tooltip = event_tooltip(event);
    if (at.count > 1)
      made.tooltip += "\n" + std::to_string(at.count) + " times, until " + virtual_time_text(at.last->at);
    made.x = x_of(event.node);
    if (event.node.empty()) spread(made, event);
    out_.marks.push_back(std::move(made));
    add_bar(event, at.y);
  }

  // Across the lanes that the event names, or all.
  void spread(diagram_mark& made, const traced_event& event) {
    for (std::size_t lane = 0; lane < trace_.nodes.size(); ++lane)
      if (mentions(event.detail, trace_.nodes[lane].name)) made.struck.push_back(out_.lanes[lane].x);
    const bool all = made.struck.empty();
    made.across_from = all ? axis_width : made.struck.front();
    made.across_to = all ? out_.width : made.struck.back();
    made.x = made.across_from;
    if (all) made.struck.push_back(made.x);
  }

  void add_bar(const traced_event& event, int top) {
    const auto end = end_of_fault(event);
    if (!end || *end <= event.at) return;
    diagram_bar made{.top = top, .bottom = out_.height, .tooltip = event_tooltip(event)};
    for (const auto& each : rows_)
      if (each.first->at >= *end) {
        made.bottom = each.y;
        break;
      }
    // The first column that is free; what finds none shares the last.
    std::size_t column = 0;
    while (column + 1 < columns_.size() && columns_[column] > top)
      ++column;
    columns_[column] = std::max(columns_[column], made.bottom);
    made.x = 4 + static_cast<int>(column) * 7;
    out_.bars.push_back(std::move(made));
  }

  void arrive(const row& at) {
    const auto& event = *at.first;
    diagram_arrow made;
    made.from_x = x_of(node_of_place(event.from));
    made.to_x = x_of(node_of_place(event.to));
    made.to_y = at.y;
    const bool lost = event.kind == traced_kind::drop;
    const traced_event* sent = nullptr;
    if (const auto found = under_way_.find(event.id); found != under_way_.end()) {
      auto& of = found->second;
      sent = of.from->first;
      made.from_y = of.from->y;
      made.fate = lost ? arrow_fate::lost : of.arrivals == 0 ? arrow_fate::arrived : arrow_fate::again;
      if (of.arrivals++ == 0) made.label = message_label(*sent);
      if (lost) made.label += (made.label.empty() ? "" : ": ") + event.name;
    } else {
      if (const auto before = trace_.sent_before.find(event.id); before != trace_.sent_before.end())
        sent = &before->second;
      made.fate = lost ? arrow_fate::lost : arrow_fate::earlier;
      made.from_y = std::max(0, at.y - 5);
      made.label = message_label(sent ? *sent : event);
      if (lost && sent) made.label += ": " + event.name;
      if (lost && !sent) made.label = event.name;
    }
    // What a node loses before it is on the way ends between the two.
    if (lost && event.node == node_of_place(event.from)) {
      made.to_x = made.from_x + (made.to_x > made.from_x ? lost_reach : -lost_reach);
      made.to_y = std::max(made.to_y, made.from_y + 10);
    }
    made.tooltip = message_tooltip(sent, &event);
    out_.arrows.push_back(std::move(made));
  }

  void leave_open(const message& sent) {
    const auto& event = *sent.from->first;
    diagram_arrow made{.fate = arrow_fate::unknown};
    made.from_x = x_of(node_of_place(event.from));
    made.from_y = sent.from->y;
    made.to_x = made.from_x + (x_of(node_of_place(event.to)) - made.from_x) * 2 / 5;
    made.to_y = made.from_y + 6;
    made.label = message_label(event);
    made.tooltip = message_tooltip(&event, nullptr);
    out_.arrows.push_back(std::move(made));
  }

  static node_condition condition_before(traced_kind first_change) noexcept {
    if (first_change == traced_kind::boot) return node_condition::down;
    return first_change == traced_kind::resume ? node_condition::paused : node_condition::up;
  }

  void make_spans() {
    for (std::size_t lane = 0; lane < out_.lanes.size(); ++lane) {
      const bool own = lane < trace_.nodes.size();
      auto condition = own ? trace_.nodes[lane].before : node_condition::up;
      auto top = 0;
      auto& spans = out_.lanes[lane].spans;
      for (const auto& each : rows_) {
        if (!own || each.first->node != trace_.nodes[lane].name) continue;
        auto next = node_condition::up;
        switch (each.first->kind) {
        case traced_kind::boot:
        case traced_kind::resume:
          break;
        case traced_kind::crash:
          next = node_condition::down;
          break;
        case traced_kind::pause:
          next = node_condition::paused;
          break;
        default:
          continue;
        }
        if (condition == node_condition::unknown) condition = condition_before(each.first->kind);
        spans.push_back({condition, top, each.y});
        condition = next;
        top = each.y;
      }
      if (condition == node_condition::unknown) condition = node_condition::up;
      spans.push_back({condition, top, out_.height});
    }
  }

  const selected_trace& trace_;
  diagram_layout out_;
  std::vector<row> rows_;
  std::map<std::string, std::size_t, std::less<>> lane_of_;
  std::map<std::uint64_t, message> under_way_;
  std::set<std::uint64_t> sent_here_;
  int digits_ = 6;
  std::array<int, bar_columns> columns_{}; // where the lowest bar of each ends
};

} // namespace

diagram_layout lay_out(const selected_trace& trace) { return layout_maker{trace}.make(); }

} // namespace troupe
