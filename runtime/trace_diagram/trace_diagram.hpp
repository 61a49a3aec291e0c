// A part of a simulation's trace as a sequence diagram: nodes as lifelines, time downwards, messages as
// arrows from where they are sent to where they arrive. Pure.
//
// The files need nothing else: no script, no font, no other file. They follow the reader's choice of light or
// dark. All text of the trace is escaped.
#pragma once

#include "runtime/trace_diagram/trace_selection.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// What the selection leaves out, for people, a sentence each; empty when it is the whole trace.
std::vector<std::string> omissions(const selected_trace& trace);

// `title` stands above the diagram. An SVG 1.1 document.
std::string draw_svg(const selected_trace& trace, std::string_view title);

// The same as a page whose names of nodes stay in sight, with a switch for each kind of event.
std::string draw_html(const selected_trace& trace, std::string_view title);

} // namespace troupe
