// Pieces of SVG. Private to this component; pure.
#pragma once

#include "runtime/trace_diagram/diagram_layout.hpp"

#include <string>
#include <string_view>

namespace troupe {

// Text as XML 1.0 and HTML may contain it, in content and in attributes. What they cannot contain at all
// (control characters, bytes that are not UTF-8) becomes U+FFFD.
std::string markup_escape(std::string_view text);

// Rules for the classes that the functions below use, with the colours for dark surroundings.
std::string_view diagram_css() noexcept;

// The names of the nodes on their lifelines; 32 pixels high.
inline constexpr int heads_height = 32;
std::string heads_markup(const diagram_layout& layout);

// Lifelines, ticks, marks and arrows.
std::string body_markup(const diagram_layout& layout);

// What the shapes mean, one line of items from `x` on that breaks before `right`; sets `y` to where it ends.
std::string legend_markup(int x, int right, int& y);

} // namespace troupe
