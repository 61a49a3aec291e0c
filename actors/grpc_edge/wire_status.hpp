// A status as gRPC sends it: code, message, and the details as google.rpc.Status in
// "grpc-status-details-bin". Pure.
#pragma once

#include "runtime/core/status.hpp"

#include <grpcpp/support/status.h>

#include <cstddef>

namespace troupe::grpc_detail {

// Clients refuse trailers above 8 KiB by default, and then see only that; so the message and the details
// together are kept below this many bytes on the wire: details go first, then the message's end.
inline constexpr std::size_t status_budget = 6 * 1024;

grpc::Status to_wire(const status& outcome);

} // namespace troupe::grpc_detail
