// What a node lends to its services. One object a node, made by the host (or by a test), outliving every
// actor.
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/call/directory.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace troupe {

// How severe a line of the log is; runtime/telemetry has the same scale.
enum class log_severity : std::uint8_t { trace, debug, info, warn, error, critical };

struct node_services {
  troupe::directory* directory = nullptr;

  // A number of the node's random stream, for jitter. Thread-safe.
  std::function<std::uint64_t()> random;

  // A line of the node's log. Thread-safe, never blocks. `component` is the name of the service.
  std::function<void(log_severity, std::string_view component, std::string_view message,
                     const trace_context&)>
    log;

  // The time-out of a call that neither its caller's deadline nor the caller limits.
  duration default_call_timeout = std::chrono::seconds{30};
};

} // namespace troupe
