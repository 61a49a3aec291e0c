// A status as google.rpc.Status, the value of gRPC's "grpc-status-details-bin" trailer.
#pragma once

#include "runtime/core/status.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace google::rpc {
class Status;
} // namespace google::rpc

namespace troupe {

// Details become Any messages with the usual "type.googleapis.com/" prefix.
google::rpc::Status to_proto(const status& outcome);

// Unknown codes become UNKNOWN; a detail's type is what follows the last "/" of its URL. Code 0 is success,
// whatever else the message holds.
status from_proto(const google::rpc::Status& message);

// The serialized google.rpc.Status (binary; gRPC libraries apply base64 to "-bin" values themselves).
std::string serialize_status(const status& outcome);

// Nothing when the bytes are not a google.rpc.Status.
std::optional<status> parse_status(std::string_view bytes);

} // namespace troupe
