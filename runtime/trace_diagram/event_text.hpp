// What a diagram says about events: short beside their marks, all of it in tooltips. Private to this
// component; pure.
#pragma once

#include "runtime/trace_diagram/traced_event.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Beside the mark of an event of one lane: "Orders.Place request", "power lost".
std::string event_label(const traced_event& event);

// Whether a word of `text` is `name`.
bool mentions(std::string_view text, std::string_view name) noexcept;

// Of a message that is sent: "bytes 312 B".
std::string message_label(const traced_event& sent);

// Several lines.
std::string event_tooltip(const traced_event& event);

// Of a message: what is known of its sending and of its end, either may be null.
std::string message_tooltip(const traced_event* sent, const traced_event* ended);

// "1.5 ms", of two or three significant digits.
std::string short_duration(duration span);

// "a, b, c", at most 40 of them.
std::string list_text(const std::vector<std::string>& names);

} // namespace troupe
