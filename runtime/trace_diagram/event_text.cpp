#include "runtime/trace_diagram/event_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace troupe {

namespace {

constexpr std::size_t longest_label = 44;
constexpr std::size_t longest_list = 40;

std::string shortened(std::string_view text, std::size_t longest) {
  // A label is one line.
  std::string out{text.substr(0, text.find('\n'))};
  if (out.size() <= longest) return out;
  auto end = longest;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U)
    --end;
  out.resize(end);
  return out + "...";
}

// "shop.Orders.Place" -> "Orders.Place": packages repeat themselves. A file or a number is left as it is.
std::string_view without_package(std::string_view name) noexcept {
  if (name.find_first_of(" /:(<") != std::string_view::npos) return name;
  const auto last = name.rfind('.');
  if (last == std::string_view::npos || last == 0) return name;
  const auto before = name.rfind('.', last - 1);
  return before == std::string_view::npos ? name : name.substr(before + 1);
}

// A line of a log without the time at its beginning: the diagram has one of its own.
std::string_view without_calendar(std::string_view line) noexcept {
  const auto end = line.find(' ');
  const auto first = line.substr(0, end);
  const bool is_time = first.size() >= 20 && first[4] == '-' && first[10] == 'T' && first.back() == 'Z';
  return is_time && end != line.npos ? line.substr(end + 1) : line;
}

// With one space where there are several.
std::string one_spaced(std::string_view text) {
  std::string out;
  for (const char each : text)
    if (each != ' ' || (!out.empty() && out.back() != ' ')) out += each;
  return out;
}

// What a frame of a call is, which the world writes in front of its content.
std::string_view frame_kind_of(std::string_view detail) noexcept {
  static constexpr std::array<std::string_view, 6> kinds{"request", "item",   "half_close",
                                                         "credit",  "cancel", "answer"};
  const auto word = detail.substr(0, detail.find(' '));
  return std::ranges::find(kinds, word) != kinds.end() ? word : std::string_view{};
}

} // namespace

std::string event_label(const traced_event& event) {
  switch (event.kind) {
  case traced_kind::deliver: {
    auto out = std::string{without_package(event.name)};
    if (const auto kind = frame_kind_of(event.detail); !kind.empty()) out += " " + std::string{kind};
    return shortened(out.empty() ? "message" : out, longest_label);
  }
  case traced_kind::run:
    return shortened(event.name.empty() ? "work" : event.name, longest_label);
  case traced_kind::timer:
    return shortened(event.name.empty() ? "timer" : event.name, longest_label);
  case traced_kind::log:
    return shortened(event.detail.empty() ? event.name : without_calendar(event.detail), 2 * longest_label);
  case traced_kind::boot:
  case traced_kind::crash:
  case traced_kind::pause:
  case traced_kind::resume:
    return shortened(event.detail.empty() ? event.kind_name : event.kind_name + ": " + event.detail,
                     longest_label);
  default:
    break;
  }
  auto out = event.kind == traced_kind::fault ? std::string{} : event.kind_name;
  if (!event.name.empty()) out += (out.empty() ? "" : " ") + event.name;
  // Of a fault of a plan: its detail is a line of a timeline, and says when it begins and its name once more.
  const bool planned = event.kind == traced_kind::fault && mentions(event.detail, event.name);
  const auto from = planned ? event.detail.find(event.name) + event.name.size() : 0;
  const auto detail = one_spaced(std::string_view{event.detail}.substr(from));
  if (!detail.empty()) out += (out.empty() || detail.front() == ' ' ? "" : " ") + detail;
  if (const auto end = end_of_fault(event)) {
    if (out.ends_with('\n')) out.pop_back();
    out += ", for " + short_duration(*end - event.at);
  }
  return shortened(out.empty() ? event.kind_name : out, 2 * longest_label);
}

bool mentions(std::string_view text, std::string_view name) noexcept {
  constexpr std::string_view between = " ,|\n";
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find_first_of(between, begin), text.size());
    if (text.substr(begin, end - begin) == name) return true;
    begin = end + 1;
  }
  return false;
}

std::string message_label(const traced_event& sent) {
  std::string_view name = sent.name;
  if (name.starts_with("stream.")) name.remove_prefix(7);
  auto out = shortened(name, longest_label);
  if (sent.bytes != 0) out += fmt::format("{}{} B", out.empty() ? "" : " ", sent.bytes);
  return out;
}

std::string event_tooltip(const traced_event& event) {
  auto out = fmt::format("{} at {}", event.kind_name, virtual_time_text(event.at));
  if (!event.node.empty()) out += " on " + event.node;
  if (!event.name.empty()) out += "\n" + event.name;
  if (!event.from.empty()) out += "\nfrom " + event.from;
  if (!event.to.empty()) out += "\nto " + event.to;
  if (event.id != 0) out += fmt::format("\nnumber {}", event.id);
  if (event.bytes != 0) out += fmt::format("\n{} bytes", event.bytes);
  if (!event.detail.empty()) out += "\n" + event.detail;
  return out;
}

std::string message_tooltip(const traced_event* sent, const traced_event* ended) {
  const auto& any = sent ? *sent : *ended;
  const bool named_by_loss = !sent && ended->kind == traced_kind::drop;
  auto out = fmt::format("{} #{}", named_by_loss || any.name.empty() ? "message" : any.name, any.id);
  out += fmt::format("\n{} -> {}", any.from, any.to);
  if (any.bytes != 0) out += fmt::format("\n{} bytes", any.bytes);
  if (sent) out += "\nsent at " + virtual_time_text(sent->at);
  if (ended) {
    out += ended->kind == traced_kind::drop
             ? fmt::format("\nlost at {}: {}", virtual_time_text(ended->at), ended->name)
             : "\nreceived at " + virtual_time_text(ended->at);
    if (sent) out += ", after " + short_duration(ended->at - sent->at);
    if (!sent) out += "\nit was sent before this part of the trace";
  } else {
    out += "\nits end is not in this part of the trace";
  }
  for (const auto* each : {sent, ended})
    if (each && !each->detail.empty()) out += "\n" + each->detail;
  return out;
}

std::string short_duration(duration span) {
  const auto nanoseconds = static_cast<double>(span.count());
  static constexpr std::array<std::pair<double, std::string_view>, 3> units{
    {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}}};
  for (const auto& [size, name] : units)
    if (nanoseconds >= size) return fmt::format("{:.4g} {}", nanoseconds / size, name);
  return fmt::format("{} ns", span.count());
}

std::string list_text(const std::vector<std::string>& names) {
  const auto shown = std::min(names.size(), longest_list);
  auto out =
    fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
  return out;
}

} // namespace troupe
