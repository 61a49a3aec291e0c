#include "runtime/trace_diagram/markup.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace troupe {

namespace {

// How many bytes the UTF-8 character at `at` has; 0 when there is none, or one that XML 1.0 has no place for.
std::size_t character_at(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(at);
  if (first < 0x80) return first >= 0x20 || first == '\n' || first == '\t' ? 1 : 0;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + size > text.size()) return 0;
  std::uint32_t code = first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
    code = code << 6U | (byte(at + i) & 0x3FU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  // Marks that change the direction of text would make it look like something else.
  const bool turns = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  if (overlong || surrogate || turns || code > 0x10FFFF || (code & 0xFFFEU) == 0xFFFEU) return 0;
  return size;
}

class writer {
public:
  template <class... A>
  void add(fmt::format_string<A...> format, A&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<A>(values)...);
    out_ += '\n';
  }
  void text(int x, int y, std::string_view kind, std::string_view anchor, std::string_view what) {
    add(R"(<text x="{}" y="{}" class="{}" text-anchor="{}">{}</text>)", x, y, kind, anchor,
        markup_escape(what));
  }
  void tooltip(std::string_view what) { add("<title>{}</title>", markup_escape(what)); }
  std::string take() { return std::move(out_); }

private:
  std::string out_;
};

std::string_view class_of(traced_kind kind) noexcept {
  switch (kind) {
  case traced_kind::deliver:
    return "deliver";
  case traced_kind::run:
    return "run";
  case traced_kind::timer:
    return "timer";
  case traced_kind::boot:
  case traced_kind::resume:
    return "life";
  case traced_kind::crash:
    return "crash";
  case traced_kind::pause:
    return "halt";
  case traced_kind::fault:
    return "fault";
  case traced_kind::log:
    return "log";
  default:
    return "other";
  }
}

void shape(writer& out, traced_kind kind, int x, int y) {
  const auto path = [&](std::string_view points) {
    out.add(R"svg(<path class="shape" transform="translate({} {})" d="{}"/>)svg", x, y, points);
  };
  switch (kind) {
  case traced_kind::deliver:
    out.add(R"(<circle class="shape" cx="{}" cy="{}" r="4"/>)", x, y);
    break;
  case traced_kind::timer:
    path("M0-5 5 0 0 5-5 0Z");
    break;
  case traced_kind::boot:
    path("M0-6 6 5-6 5Z");
    break;
  case traced_kind::crash:
    path("M-6-6 6 6M6-6-6 6");
    break;
  case traced_kind::pause:
    path("M-5-5H-1V5H-5ZM1-5H5V5H1Z");
    break;
  case traced_kind::resume:
    path("M-4-6 6 0-4 6Z");
    break;
  case traced_kind::fault:
    path("M1-7-5 2H-1L-2 7 5-2H1Z");
    break;
  case traced_kind::log:
    path("M-5-4H5V4H-5ZM-3-1H3M-3 1H1");
    break;
  default:
    path("M-3-3H3V3H-3Z");
    break;
  }
}

void add_mark(writer& out, const diagram_mark& mark) {
  out.add(R"(<g class="mark {}">)", class_of(mark.kind));
  out.tooltip(mark.tooltip);
  if (mark.across_to > mark.across_from)
    out.add(R"(<path class="across" d="M{} {}H{}"/>)", mark.across_from, mark.y, mark.across_to);
  for (const auto x : mark.struck)
    shape(out, mark.kind, x, mark.y);
  if (mark.struck.empty()) shape(out, mark.kind, mark.x, mark.y);
  out.text(mark.x + 10, mark.struck.empty() ? mark.y + 4 : mark.y - 5, "label", "start", mark.label);
  out.add("</g>");
}

std::string_view class_of(arrow_fate fate) noexcept {
  switch (fate) {
  case arrow_fate::arrived:
    return "arrived";
  case arrow_fate::again:
    return "again";
  case arrow_fate::lost:
    return "lost";
  case arrow_fate::unknown:
  case arrow_fate::earlier:
    return "open";
  }
  return "open";
}

void arrow_end(writer& out, const diagram_arrow& arrow, int from_x, int from_y) {
  const auto x = arrow.to_x;
  const auto y = arrow.to_y;
  if (arrow.fate == arrow_fate::lost) {
    out.add(R"(<path class="end cross" d="M{} {}l10 10m0 -10l-10 10"/>)", x - 5, y - 5);
    return;
  }
  if (arrow.fate == arrow_fate::unknown) {
    out.add(R"(<circle class="end ring" cx="{}" cy="{}" r="3"/>)", x, y);
    return;
  }
  // Along the line, so that a steep arrow has a steep head.
  const double dx = x - from_x;
  const double dy = y - from_y;
  const auto length = std::max(1.0, std::hypot(dx, dy));
  const double ux = dx / length;
  const double uy = dy / length;
  out.add(R"(<path class="end head" d="M{} {}L{:.1f} {:.1f}L{:.1f} {:.1f}Z"/>)", x, y, x - 9 * ux - 4 * uy,
          y - 9 * uy + 4 * ux, x - 9 * ux + 4 * uy, y - 9 * uy - 4 * ux);
}

// What was sent before this part of the trace comes from somewhere on the way.
int line_start(const diagram_arrow& arrow) noexcept {
  if (arrow.fate != arrow_fate::earlier) return arrow.from_x;
  return arrow.to_x - (arrow.to_x - arrow.from_x) * 2 / 5;
}

void add_arrow(writer& out, const diagram_arrow& arrow) {
  const auto from_x = line_start(arrow);
  const bool to_itself = arrow.from_x == arrow.to_x;
  const auto line = to_itself ? fmt::format("M{} {}C{} {} {} {} {} {}", from_x, arrow.from_y, from_x - 44,
                                            arrow.from_y, from_x - 44, arrow.to_y, arrow.to_x, arrow.to_y)
                              : fmt::format("M{} {}L{} {}", from_x, arrow.from_y, arrow.to_x, arrow.to_y);
  out.add(R"(<g class="message {}">)", class_of(arrow.fate));
  if (!arrow.tooltip.empty()) out.tooltip(arrow.tooltip);
  out.add(R"(<path class="hit" d="{}"/>)", line);
  out.add(R"(<path class="line" d="{}"/>)", line);
  arrow_end(out, arrow, to_itself ? arrow.to_x - 20 : from_x, to_itself ? arrow.to_y : arrow.from_y);
  out.add("</g>");
}

// After all arrows, so that none crosses it.
void add_arrow_label(writer& out, const diagram_arrow& arrow) {
  if (arrow.label.empty()) return;
  const bool right = arrow.to_x > arrow.from_x;
  const auto y = (arrow.fate == arrow_fate::earlier ? arrow.to_y - 5 : arrow.from_y) - 3;
  out.add(R"(<g class="message {}">)", class_of(arrow.fate));
  out.tooltip(arrow.tooltip);
  out.text(line_start(arrow) + (right ? 10 : -10), y, "label", right ? "start" : "end", arrow.label);
  out.add("</g>");
}

void add_lane(writer& out, const diagram_lane& lane) {
  for (const auto& span : lane.spans) {
    if (span.condition == node_condition::up)
      out.add(R"(<path class="lifeline" d="M{} {}V{}"/>)", lane.x, span.top, span.bottom);
    else if (span.condition == node_condition::paused)
      out.add(
        R"(<rect class="paused" x="{}" y="{}" width="8" height="{}"><title>{} is paused</title></rect>)",
        lane.x - 4, span.top, span.bottom - span.top, markup_escape(lane.title));
    else
      out.add(R"(<path class="down" d="M{} {}V{}"><title>{} is off</title></path>)", lane.x, span.top,
              span.bottom, markup_escape(lane.title));
  }
}

} // namespace

std::string markup_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto size = character_at(text, at);
    if (size == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    switch (text[at]) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out.append(text, at, size);
    }
    at += size;
  }
  return out;
}

std::string heads_markup(const diagram_layout& layout) {
  writer out;
  for (const auto& lane : layout.lanes) {
    // About what the name takes; a long one is cut by its box.
    const auto width = std::clamp(static_cast<int>(lane.title.size()) * 8 + 20, 48, 136);
    auto title = lane.title;
    if (title.size() > 14) title = title.substr(0, 12) + "..";
    out.add("<g class=\"head\">");
    out.tooltip(lane.tooltip);
    out.add(R"(<rect x="{}" y="2" width="{}" height="26" rx="6"/>)", lane.x - width / 2, width);
    out.text(lane.x, 20, "name", "middle", title);
    out.add("</g>");
  }
  return out.take();
}

std::string body_markup(const diagram_layout& layout) {
  writer out;
  for (const auto& tick : layout.ticks) {
    out.text(layout.axis_x, tick.y + 4, "tick", "end", tick.label);
    out.add(R"(<path class="grid" d="M{} {}H{}"/>)", layout.axis_x + 4, tick.y, layout.width);
  }
  for (const auto& bar : layout.bars)
    out.add(R"(<rect class="bar" x="{}" y="{}" width="5" height="{}"><title>{}</title></rect>)", bar.x,
            bar.top, std::max(2, bar.bottom - bar.top), markup_escape(bar.tooltip));
  for (const auto& lane : layout.lanes)
    add_lane(out, lane);
  if (layout.focus_y != 0)
    out.add(R"(<path class="focus" d="M0 {}H{}"><title>The moment that was asked for</title></path>)",
            layout.focus_y, layout.width);
  for (const auto& arrow : layout.arrows)
    add_arrow(out, arrow);
  for (const auto& arrow : layout.arrows)
    add_arrow_label(out, arrow);
  for (const auto& mark : layout.marks)
    add_mark(out, mark);
  return out.take();
}

std::string legend_markup(int x, int right, int& y) {
  struct item {
    std::string_view text;
    traced_kind kind = traced_kind::other;
    arrow_fate fate = arrow_fate::arrived;
    bool arrow = false;
  };
  static constexpr item items[] = {
    {.text = "message", .fate = arrow_fate::arrived, .arrow = true},
    {.text = "a second copy", .fate = arrow_fate::again, .arrow = true},
    {.text = "lost", .fate = arrow_fate::lost, .arrow = true},
    {.text = "end not in this part", .fate = arrow_fate::unknown, .arrow = true},
    {.text = "an actor takes a message", .kind = traced_kind::deliver},
    {.text = "work of an event loop", .kind = traced_kind::run},
    {.text = "timer", .kind = traced_kind::timer},
    {.text = "boot", .kind = traced_kind::boot},
    {.text = "crash", .kind = traced_kind::crash},
    {.text = "pause", .kind = traced_kind::pause},
    {.text = "resume", .kind = traced_kind::resume},
    {.text = "fault (lasts as long as its bar at the left)", .kind = traced_kind::fault},
    {.text = "log line", .kind = traced_kind::log},
  };
  writer out;
  auto at = x;
  for (const auto& each : items) {
    const auto width = (each.arrow ? 52 : 22) + static_cast<int>(each.text.size()) * 7 + 14;
    if (at + width > right && at > x) {
      at = x;
      y += 20;
    }
    if (each.arrow) {
      add_arrow(out, {.fate = each.fate, .from_x = at, .from_y = y, .to_x = at + 40, .to_y = y});
    } else {
      out.add(R"(<g class="mark {}">)", class_of(each.kind));
      shape(out, each.kind, at + 8, y);
      out.add("</g>");
    }
    out.text(at + (each.arrow ? 50 : 20), y + 4, "key", "start", each.text);
    at += width;
  }
  return out.take();
}

} // namespace troupe
