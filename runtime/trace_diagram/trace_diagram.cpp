#include "runtime/trace_diagram/trace_diagram.hpp"

#include "runtime/trace_diagram/diagram_layout.hpp"
#include "runtime/trace_diagram/event_text.hpp"
#include "runtime/trace_diagram/markup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace troupe {

namespace {

constexpr int least_width = 760;
constexpr std::string_view scale_note = "Time runs downwards in the order of events; the distance between "
                                        "two grows with the logarithm of the time between.";

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// What the diagram shows, and what it does not.
std::vector<std::string> notes_of(const selected_trace& trace) {
  std::vector<std::string> out;
  if (trace.events.empty()) {
    out.emplace_back("No event of the trace is shown.");
  } else {
    out.push_back(fmt::format("{} from {} to {}.", counted(trace.events.size(), "event"),
                              virtual_time_text(trace.events.front().at),
                              virtual_time_text(trace.events.back().at)));
  }
  std::ranges::move(omissions(trace), std::back_inserter(out));
  return out;
}

constexpr std::string_view page_css = R"css(:root { color-scheme: light dark; }
body { margin: 0; background: #ffffff; color: #1f2328; font: 14px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header, fieldset { margin: 12px 16px 0; max-width: 900px; }
h1 { font-size: 17px; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 2px 0; }
fieldset { border: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 16px; }
legend { float: left; padding: 0; margin-right: 4px; }
.legend { display: block; margin: 8px 16px; max-width: calc(100vw - 32px); height: auto; }
.heads { display: block; position: sticky; top: 0; background: #ffffff; z-index: 1; border-bottom: 1px solid #d0d7de; }
.diagram { display: block; }
body:has(#messages:not(:checked)) .diagram .message, body:has(#actors:not(:checked)) .diagram .deliver,
body:has(#loops:not(:checked)) .diagram .run, body:has(#timers:not(:checked)) .diagram .timer,
body:has(#faults:not(:checked)) .diagram .fault, body:has(#logs:not(:checked)) .diagram .log { display: none; }
@media (prefers-color-scheme: dark) { body, .heads { background: #0d1117; color: #e6edf3; } .heads { border-color: #30363d; } }
)css";

} // namespace

std::vector<std::string> omissions(const selected_trace& trace) {
  std::vector<std::string> out;
  if (trace.earlier + trace.later != 0)
    out.push_back(fmt::format("Left out: {} before and {} after these.", counted(trace.earlier, "event"),
                              counted(trace.later, "event")));
  if (trace.hidden != 0)
    out.push_back(
      fmt::format("Hidden by choice of nodes, kinds or sizes: {}.", counted(trace.hidden, "event")));
  if (!trace.other_nodes.empty())
    out.push_back(fmt::format("Without a lifeline of their own: {}.", list_text(trace.other_nodes)));
  return out;
}

std::string draw_svg(const selected_trace& trace, std::string_view title) {
  const auto layout = lay_out(trace);
  const auto width = std::max(layout.width, least_width);
  std::string top = fmt::format(R"(<text x="16" y="26" class="heading">{}</text>)", markup_escape(title));
  auto y = 46;
  auto notes = notes_of(trace);
  notes.emplace_back(scale_note);
  for (const auto& each : notes) {
    top += fmt::format(R"(<text x="16" y="{}" class="note">{}</text>)", y, markup_escape(each));
    y += 18;
  }
  y += 4;
  top += legend_markup(16, width - 8, y);
  y += 20;
  const auto height = y + heads_height + layout.height + heads_height + 8;
  const auto heads = heads_markup(layout);
  std::string out = R"(<?xml version="1.0" encoding="UTF-8"?>)";
  out += fmt::format("\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
                     "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<title>{2}</title>\n<style>\n{3}</style>\n"
                     "<rect class=\"page\" width=\"{0}\" height=\"{1}\"/>\n",
                     width, height, markup_escape(title), diagram_css());
  out += top;
  out += fmt::format("<g transform=\"translate(0 {})\">\n{}</g>\n", y, heads);
  out += fmt::format("<g transform=\"translate(0 {})\">\n{}</g>\n", y + heads_height, body_markup(layout));
  // A long diagram is read from its end, too.
  out += fmt::format("<g transform=\"translate(0 {})\">\n{}</g>\n", y + heads_height + layout.height, heads);
  return out + "</svg>\n";
}

std::string draw_html(const selected_trace& trace, std::string_view title) {
  const auto layout = lay_out(trace);
  const auto name = markup_escape(title);
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                    "'unsafe-inline'\">\n";
  out += fmt::format("<title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>\n",
                     name, diagram_css(), page_css, name);
  for (const auto& each : notes_of(trace))
    out += fmt::format("<p>{}</p>\n", markup_escape(each));
  out += fmt::format("<p>{}</p>\n</header>\n<fieldset>\n<legend>Show</legend>\n", scale_note);
  for (const auto* each : {"messages", "actors", "loops", "timers", "faults", "logs"})
    out += fmt::format("<label><input type=\"checkbox\" id=\"{0}\" checked> {0}</label>\n", each);
  out += "</fieldset>\n";
  auto legend_end = 12;
  constexpr int legend_width = 900;
  const auto legend = legend_markup(0, legend_width, legend_end);
  out +=
    fmt::format("<svg class=\"legend\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n{2}</svg>\n",
                legend_width, legend_end + 14, legend);
  out += fmt::format("<svg class=\"heads\" width=\"{}\" height=\"{}\">\n{}</svg>\n", layout.width,
                     heads_height, heads_markup(layout));
  out += fmt::format("<svg class=\"diagram\" width=\"{}\" height=\"{}\" role=\"img\" "
                     "aria-label=\"sequence diagram\">\n{}</svg>\n",
                     layout.width, layout.height, body_markup(layout));
  return out + "</body>\n</html>\n";
}

} // namespace troupe
