// Any bytes, in any pieces, give the same requests or the same refusal, within the limits.
#include "actors/http_edge/request_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace troupe;

constexpr int most_requests = 8;

// What a connection would see: each request, then how it ended.
std::string transcript(std::string_view bytes, std::size_t piece) {
  http_limits limits;
  limits.target_bytes = 64;
  limits.header_bytes = 512;
  limits.header_count = 8;
  limits.body_bytes = 256;
  request_parser parser{limits};
  http_request request;
  std::string out, buffer;
  int requests = 0;
  bool begun = false;
  while (requests < most_requests) {
    if (!begun) {
      request.clear();
      parser.begin(request);
      begun = true;
    }
    std::string_view left = buffer;
    auto step = parser.advance(left);
    buffer.erase(0, buffer.size() - left.size());
    if (request.body().size() > limits.body_bytes) std::abort();
    if (buffer.size() > limits.header_bytes + piece + 2) std::abort(); // a connection's buffer would overflow
    if (step == request_parser::step::failed) {
      if (parser.failure_status() < 400 || parser.failure_status() > 505 || parser.failure_text().empty())
        std::abort();
      // Which of several faults is seen first may depend on the pieces; that there is one may not.
      return out + "failed";
    }
    if (step == request_parser::step::head && request.fields().size() > limits.header_count) std::abort();
    if (step == request_parser::step::done) {
      ++requests;
      begun = false;
      out.append(request.method())
        .append(" ")
        .append(request.path())
        .append("?")
        .append(request.query())
        .append("\n");
      for (const auto& field : request.fields())
        out.append(field.name).append(":").append(field.value).append("\n");
      out.append(request.body()).append("\n");
    }
    if (step == request_parser::step::more) {
      if (bytes.empty()) return out + "more";
      buffer += bytes.substr(0, piece);
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
  }
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  auto whole = transcript(bytes, 4096);
  auto bytewise = transcript(bytes, 1);
  auto pieces = transcript(bytes, 7);
  // Whether a head is too long may depend on the pieces it comes in; what is accepted may not.
  auto comparable = [](const std::string& a, const std::string& b) {
    return a == b || a.ends_with("failed") || b.ends_with("failed");
  };
  if (!comparable(whole, bytewise) || !comparable(whole, pieces)) std::abort();
  return 0;
}
