#include "actors/grpc_edge/inflater.hpp"

#include <climits>

#include <algorithm>
#include <zlib.h>

namespace troupe::grpc_detail {

namespace {

constexpr std::size_t step = 16 * 1024;
// The largest window, and zlib's sign for a gzip head.
constexpr int window_bits = 15;
constexpr int with_gzip_head = 16;

} // namespace

struct inflater::stream {
  z_stream zlib{};
  bool ready = false;
};

inflater::inflater(bool gzip, std::size_t limit) : stream_(new stream), limit_(limit) {
  stream_->ready = inflateInit2(&stream_->zlib, gzip ? window_bits + with_gzip_head : window_bits) == Z_OK;
}

inflater::~inflater() {
  if (stream_->ready) inflateEnd(&stream_->zlib);
}

status inflater::add(const std::uint8_t* bytes, std::size_t size) {
  if (!stream_->ready) return internal("no memory to unpack the request");
  auto& zlib = stream_->zlib;
  std::uint8_t chunk[step];
  while (size > 0 || zlib.avail_in > 0) {
    if (ended_) return internal("the compressed request goes on after its end");
    if (zlib.avail_in == 0) {
      auto part = std::min<std::size_t>(size, UINT_MAX);
      zlib.next_in = const_cast<Bytef*>(bytes);
      zlib.avail_in = static_cast<uInt>(part);
      bytes += part;
      size -= part;
    }
    // Goes on while there is output left in zlib, which may be with no input left.
    do {
      zlib.next_out = chunk;
      zlib.avail_out = step;
      auto outcome = inflate(&zlib, Z_NO_FLUSH);
      if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR)
        return internal("the request is not compressed as it claims");
      out_.append(reinterpret_cast<const char*>(chunk), step - zlib.avail_out);
      if (out_.size() > limit_)
        return resource_exhausted("the request unpacks to more than the limit of {} bytes", limit_);
      ended_ = outcome == Z_STREAM_END;
    } while (!ended_ && zlib.avail_out == 0);
  }
  return {};
}

result<std::string> inflater::finish() && {
  if (!ended_) return internal("the compressed request is cut off");
  return std::move(out_);
}

} // namespace troupe::grpc_detail
