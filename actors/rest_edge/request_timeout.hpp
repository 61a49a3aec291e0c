// How long a client is willing to wait, as its request says, without I/O.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/result.hpp"

#include <optional>
#include <string_view>

namespace troupe {

// The value of Request-Timeout or X-Request-Timeout: seconds with an optional fraction ("2", "0.25"), or a
// number with one of the units h, m, s, ms, us ("5s", "250ms"). At most nine digits before the point.
// INVALID_ARGUMENT for anything else, and for zero.
result<duration> parse_request_timeout(std::string_view text);

// The value of grpc-timeout (gRPC over HTTP/2, "Requests"): at most eight digits and one of the units H, M,
// S, m (milliseconds), u, n.
result<duration> parse_grpc_timeout(std::string_view text);

} // namespace troupe
