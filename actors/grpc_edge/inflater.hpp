// Unpacks a compressed message (RFC 1950 zlib, which gRPC calls "deflate", or RFC 1952 gzip) up to a limit.
// Pure.
#pragma once

#include "runtime/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace troupe::grpc_detail {

class inflater {
public:
  // gzip, or else zlib; `limit` is how many bytes may come out.
  inflater(bool gzip, std::size_t limit);
  ~inflater();

  // The next of the packed bytes. INTERNAL when they are not what they claim to be; RESOURCE_EXHAUSTED above
  // the limit.
  status add(const std::uint8_t* bytes, std::size_t size);

  // All that was unpacked; INTERNAL when the end is missing.
  result<std::string> finish() &&;

private:
  struct stream;
  std::unique_ptr<stream> stream_;
  std::size_t limit_;
  std::string out_;
  bool ended_ = false;
};

} // namespace troupe::grpc_detail
