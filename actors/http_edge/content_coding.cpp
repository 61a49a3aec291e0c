#include "actors/http_edge/content_coding.hpp"

#include "actors/http_edge/negotiation.hpp"

#include <algorithm>
#include <array>
#include <zlib.h>

namespace troupe {

namespace {

constexpr int window_bits_gzip = 15 + 16;
// JSON compresses nearly as well at 4 as at 6, in half the time.
constexpr int level = 4;

Bytef* bytes(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }

} // namespace

bool worth_compressing(std::string_view content_type) {
  auto parsed = parse_media_type(content_type);
  if (!parsed) return false;
  auto type = parsed->type;
  return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml")
         || type == "application/json" || type == "application/xml" || type == "application/javascript"
         || type == "application/x-protobuf" || type == "application/openmetrics-text";
}

struct gzip_encoder::state {
  z_stream stream{};
  bool ready = false;
};

gzip_encoder::gzip_encoder() : state_(std::make_unique<state>()) {}

gzip_encoder::~gzip_encoder() {
  if (state_->ready) deflateEnd(&state_->stream);
}

bool gzip_encoder::encode(std::string_view plain, std::string& out) {
  auto& stream = state_->stream;
  if (plain.size() > UINT32_MAX / 2) return false;
  if (!state_->ready) {
    if (deflateInit2(&stream, level, Z_DEFLATED, window_bits_gzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      return false;
    state_->ready = true;
  } else if (deflateReset(&stream) != Z_OK) {
    return false;
  }
  // No room for more than the plain form: a result that would be longer does not fit, and is not wanted.
  out.resize(plain.size());
  stream.next_in = bytes(plain);
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = bytes(out);
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return false;
  out.resize(out.size() - stream.avail_out);
  return true;
}

result<std::string> gzip_decode(std::string_view coded, std::uint64_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits_gzip) != Z_OK)
    return resource_exhausted("no memory to decompress the body");
  struct closer {
    z_stream& stream;
    ~closer() { inflateEnd(&stream); }
  } closes{stream};
  stream.next_in = bytes(coded);
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(coded.size(), UINT32_MAX));
  std::string out;
  std::array<char, 16 * 1024> block;
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = block.size();
    int outcome = inflate(&stream, Z_NO_FLUSH);
    if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR)
      return invalid_argument("the body is not valid gzip: {}", stream.msg ? stream.msg : "damaged data");
    auto made = block.size() - stream.avail_out;
    if (out.size() + made > limit)
      return resource_exhausted("the decompressed body has more than {} bytes", limit);
    out.append(block.data(), made);
    if (outcome == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      // RFC 1952, 2.2: a gzip file is a series of members.
      if (inflateReset(&stream) != Z_OK) return invalid_argument("the body is not valid gzip");
    } else if (made == 0 && (stream.avail_in == 0 || outcome == Z_BUF_ERROR)) {
      return invalid_argument("the gzip body is cut short");
    }
  }
}

} // namespace troupe
