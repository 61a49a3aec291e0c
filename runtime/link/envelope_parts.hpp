// The parts that several kinds of frames have: headers, statuses, metadata. Internal to runtime/link.
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/core/status.hpp"
#include "runtime/link/wire.hpp"

#include <cstddef>
#include <string_view>

namespace troupe::wire {

// Readings give null, or what is wrong with the bytes.
using complaint = const char*;

// count, then each header's name and value.
std::size_t headers_size(const header_list& headers) noexcept;
std::byte* put_headers(std::byte* at, const header_list& headers) noexcept;
complaint read_headers(reader& in, header_list& into);

// Flags (1: identity, 2: idempotency key, 4: trace, 8: the trace is sampled, 16: headers), then what they
// say.
bool has_content(const call_metadata& metadata) noexcept;
std::size_t metadata_size(const call_metadata& metadata) noexcept;
std::byte* put_metadata(std::byte* at, const call_metadata& metadata) noexcept;
complaint read_metadata(reader& in, call_metadata& into);

// Code (0 to 16), message, count of details, each one's type and value. Made shorter where a status is larger
// than frames may carry: its message first, then its last details.
class status_part {
public:
  // `instead_of_ok`: the code under which OK is sent where it makes no sense.
  status_part(const status& from, status_code instead_of_ok) noexcept;
  std::size_t size() const noexcept { return size_; }
  std::byte* put(std::byte* at) const noexcept;

private:
  const status& from_;
  status_code code_;
  std::string_view message_;
  std::size_t details_ = 0;
  std::size_t size_ = 0;
};
// A code of a later version is UNKNOWN.
complaint read_status(reader& in, status& into, bool may_be_ok);

} // namespace troupe::wire
