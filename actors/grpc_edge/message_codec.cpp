#include "actors/grpc_edge/message_codec.hpp"

#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>
#include <grpcpp/support/slice.h>

namespace troupe::grpc_detail {

namespace {

// One slice for all but large messages: gRPC writes a slice as it is.
constexpr std::size_t one_slice_limit = 64 * 1024;

} // namespace

bool parse_message(const grpc::ByteBuffer& bytes, google::protobuf::Message& into) {
  // The reader walks the buffer; it changes neither the buffer nor its slices.
  grpc::ProtoBufferReader reader{const_cast<grpc::ByteBuffer*>(&bytes)};
  if (!reader.status().ok()) return false;
  return into.ParseFromZeroCopyStream(&reader);
}

std::size_t encoded_size(const google::protobuf::Message& message) { return message.ByteSizeLong(); }

bool encode_message(const google::protobuf::Message& message, std::size_t size, grpc::ByteBuffer& into) {
  if (!message.IsInitialized()) return false;
  if (size <= one_slice_limit) {
    grpc::Slice slice{size};
    auto* begin = const_cast<std::uint8_t*>(slice.begin());
    if (message.SerializeWithCachedSizesToArray(begin) != slice.end()) return false;
    grpc::ByteBuffer filled{&slice, 1};
    into.Swap(&filled);
    return true;
  }
  // The writer fills a buffer that it creates itself.
  into.Clear();
  grpc::ProtoBufferWriter writer{&into, static_cast<int>(one_slice_limit), static_cast<int>(size)};
  return message.SerializeToZeroCopyStream(&writer);
}

} // namespace troupe::grpc_detail
