// Percent-encoding of URIs (RFC 3986 section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

// Decodes every escape. Nothing when one is malformed ("%", "%4", "%zz").
std::optional<std::string> percent_decode(std::string_view text);

// Decodes every escape but "%2F" and "%2f", which stay as they are written (a path variable of several
// segments, where a decoded "/" would look like a separator).
std::optional<std::string> percent_decode_keeping_slashes(std::string_view text);

// Decodes one side of a query parameter: "+" is a space as in application/x-www-form-urlencoded.
std::optional<std::string> percent_decode_query(std::string_view text);

// Whether `encoded` decodes to exactly `plain`, without decoding into memory. False for a malformed escape.
bool decodes_to(std::string_view encoded, std::string_view plain) noexcept;

// Encodes everything but the unreserved characters (RFC 3986 section 2.3).
std::string percent_encode(std::string_view text);

} // namespace troupe
