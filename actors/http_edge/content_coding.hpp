// The gzip content coding (RFC 9110, 8.4.1.3), without I/O.
#pragma once

#include "runtime/core/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

// Whether compressing a response of this media type is worth a try: text and structured data, not what is
// compressed already.
bool worth_compressing(std::string_view content_type);

// Compresses with state that is kept between calls, because setting it up costs more than a small body.
// For one thread.
class gzip_encoder {
public:
  gzip_encoder();
  ~gzip_encoder();

  // `out` receives the compressed form of `plain`. False when it would not be smaller, or memory is short.
  bool encode(std::string_view plain, std::string& out);

private:
  struct state;
  std::unique_ptr<state> state_;
};

// The plain form of a gzip body of one or more members. RESOURCE_EXHAUSTED when it would have more than
// `limit` bytes, found out without producing them; INVALID_ARGUMENT when it is damaged, cut short or followed
// by something else.
result<std::string> gzip_decode(std::string_view coded, std::uint64_t limit);

} // namespace troupe
