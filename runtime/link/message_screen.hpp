// What of a peer's bytes CAF's deserializer may see. It follows messages inside messages, and values inside
// values, as deep as they go, on the thread's stack; and groups reach out to wherever they say. Pure.
// Internal to this component.
#pragma once

#include "runtime/core/status.hpp"
#include "runtime/link/envelope.hpp"

namespace troupe {

// Messages that one message may hold, those inside those included (an error has one too).
inline constexpr std::size_t most_inner_messages = 100;

// INVALID_ARGUMENT: a message with types that do not pass between nodes (caf::config_value, caf::group), or
// with too many others in it. Errors on the safe side: text that looks like the names of such types is taken
// for them.
status screen_message(byte_view payload);

} // namespace troupe
