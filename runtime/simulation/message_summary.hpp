// What the trace says of a message in an actor's mailbox. Internal to the simulation.
#pragma once

#include "runtime/simulation/trace.hpp"

#include <caf/fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

struct message_summary {
  std::string_view name;     // of a call's method, or of the message's first type
  std::uint64_t content = 0; // hash: kind of frame, types, payload
  std::uint64_t size = 0;    // bytes of a call's payload
};

// Cheap: types, and of calls also the payload (when asked for). Never hashes an address.
message_summary summarize(caf::mailbox_element& element, bool hash_payloads);

// For people; long contents are cut.
std::string describe(caf::mailbox_element& element);

} // namespace troupe
