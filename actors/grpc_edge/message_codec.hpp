// Protobuf messages in gRPC's byte buffers, without an intermediate copy.
#pragma once

#include "runtime/contract/service_info.hpp"

#include <grpcpp/support/byte_buffer.h>

#include <cstddef>

namespace troupe::grpc_detail {

// Fills `into` with the buffer's bytes; false when they are not one message of its type.
bool parse_message(const grpc::ByteBuffer& bytes, google::protobuf::Message& into);

// The size a message has on the wire before compression.
std::size_t encoded_size(const google::protobuf::Message& message);

// `size` is what encoded_size() said. False when the message cannot be serialized.
bool encode_message(const google::protobuf::Message& message, std::size_t size, grpc::ByteBuffer& into);

} // namespace troupe::grpc_detail
