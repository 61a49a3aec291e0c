// Protobuf messages in gRPC's byte buffers, without an intermediate copy.
#pragma once

#include "runtime/contract/service_info.hpp"
#include "runtime/core/status.hpp"

#include <grpcpp/support/byte_buffer.h>

#include <cstddef>

namespace troupe::grpc_detail {

// Fills `into` with the message in the buffer, which may be compressed.
// - INTERNAL: the bytes are not one message of its type, or not compressed as they claim;
// - RESOURCE_EXHAUSTED: it has more than `limit` bytes. A compressed message is unpacked no further than
// that, which is
//   why the edge does it itself: gRPC unpacks all of it first.
status decode_message(const grpc::ByteBuffer& bytes, std::size_t limit, google::protobuf::Message& into);

// The size a message has on the wire before compression.
std::size_t encoded_size(const google::protobuf::Message& message);

// `size` is what encoded_size() said. False when the message cannot be serialized.
bool encode_message(const google::protobuf::Message& message, std::size_t size, grpc::ByteBuffer& into);

} // namespace troupe::grpc_detail
