// Where the edge listens, and with which certificates.
#pragma once

#include "actors/grpc_edge/grpc_edge.hpp"

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

namespace troupe::grpc_detail {

// "127.0.0.1:8080", "[::1]:8080". INVALID_ARGUMENT for anything but an IP address or "localhost", and for
// plain text on an address beyond loopback that was not allowed.
result<std::string> listening_address(const grpc_edge_options& options);

// INVALID_ARGUMENT, naming what is wrong, for certificates or keys that do not parse or do not belong
// together: gRPC itself would only say that it could not bind.
result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(const grpc_edge_options& options);

} // namespace troupe::grpc_detail
