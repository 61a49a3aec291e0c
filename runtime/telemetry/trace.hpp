// W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1): the traceparent header and the ids in
// it. Pure. The type trace_context is call metadata (runtime/call/call.hpp), because it travels with every
// call.
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/environment/random_source.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

// Reads a traceparent header: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" (sections 3.2.1
// to 3.2.2). Of a version higher than 00 the parts known here are used (section 4.1). Nothing for anything
// malformed: upper-case digits, ids of zeros only, version ff; the caller then starts a trace of its own.
std::optional<trace_context> parse_traceparent(std::string_view header) noexcept;

// The header for a valid context, version 00; empty for an invalid one. The only flag is "sampled".
std::string format_traceparent(const trace_context& context);

// The first span of a new trace.
trace_context new_trace(random_source& random, bool sampled) noexcept;

// A span below `parent` in the same trace, sampled like it. Of an invalid parent: a new trace, not sampled.
trace_context child_of(const trace_context& parent, random_source& random) noexcept;

// The ids as lower-case hexadecimal digits: 32 and 16 of them.
std::string trace_id_text(const trace_context& context);
std::string span_id_text(const trace_context& context);

} // namespace troupe
