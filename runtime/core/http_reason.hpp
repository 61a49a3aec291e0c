// The words that belong to the numbers of HTTP.
#pragma once

#include <string_view>

namespace troupe {

// The reason phrase of RFC 9110, section 15, and the IANA status code registry ("Not Found"); "Unknown" for a
// number without one.
std::string_view http_reason(int status) noexcept;

} // namespace troupe
