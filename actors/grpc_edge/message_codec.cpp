#include "actors/grpc_edge/message_codec.hpp"

#include "actors/grpc_edge/inflater.hpp"

#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>
#include <grpcpp/support/slice.h>

#include <string>
#include <vector>

namespace grpc::internal {

// ByteBuffer's own opening for those who must see the buffer of gRPC's core: only that knows whether, and
// how, the message is compressed.
class GrpcByteBufferPeer {
public:
  static grpc_compression_algorithm compression(const ByteBuffer& buffer) {
    const auto* core = const_cast<ByteBuffer&>(buffer).c_buffer();
    return core == nullptr ? GRPC_COMPRESS_NONE : core->data.raw.compression;
  }
};

} // namespace grpc::internal

namespace troupe::grpc_detail {

namespace {

// One slice for all but large messages: gRPC writes a slice as it is.
constexpr std::size_t one_slice_limit = 64 * 1024;

// Compressed bytes with the coding that the client named.
result<std::string> unpack_message(const grpc::ByteBuffer& bytes, grpc_compression_algorithm coding,
                                   std::size_t limit) {
  std::vector<grpc::Slice> slices;
  if (!bytes.Dump(&slices).ok()) return internal("the request is empty");
  inflater unpacked{coding == GRPC_COMPRESS_GZIP, limit};
  for (const auto& slice : slices)
    if (auto problem = unpacked.add(slice.begin(), slice.size()); !problem.ok()) return problem;
  return std::move(unpacked).finish();
}

} // namespace

status decode_message(const grpc::ByteBuffer& bytes, std::size_t limit, google::protobuf::Message& into) {
  auto coding = grpc::internal::GrpcByteBufferPeer::compression(bytes);
  auto parsed = false;
  if (coding == GRPC_COMPRESS_NONE) {
    // The reader walks the buffer; it changes neither the buffer nor its slices.
    grpc::ProtoBufferReader reader{const_cast<grpc::ByteBuffer*>(&bytes)};
    parsed = reader.status().ok() && into.ParseFromZeroCopyStream(&reader);
  } else {
    auto unpacked = unpack_message(bytes, coding, limit);
    if (!unpacked) return unpacked.error();
    parsed = into.ParseFromString(*unpacked);
  }
  if (!parsed) return internal("the request is not a {}", into.GetTypeName());
  return {};
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
