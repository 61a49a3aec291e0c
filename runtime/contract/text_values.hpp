// Values as text, the way the proto3 JSON mapping writes them; JSON, query strings and paths share these.
// All functions are pure. Parsers give nothing for text that is not exactly one value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// The position of the first byte that is not part of valid UTF-8 (RFC 3629: no surrogates, nothing overlong);
// std::string_view::npos when all of it is valid.
std::size_t find_invalid_utf8(std::string_view text) noexcept;
inline bool is_utf8(std::string_view text) noexcept {
  return find_invalid_utf8(text) == std::string_view::npos;
}

// Appends a code point (at most 0x10FFFF, no surrogate) in UTF-8.
void append_utf8(std::uint32_t code_point, std::string& out);

enum class number_error : std::uint8_t {
  none,
  malformed,    // not a JSON number (RFC 8259 section 6)
  not_integral, // has a fraction that is not zero
  out_of_range, // does not fit the type
};

// Whether the text is a number as JSON spells it.
bool is_number(std::string_view text) noexcept;

// Numbers as in JSON. Integers may be written as 1.0 or 1e3, as the mapping allows. `out` is set on success
// only.
number_error parse_number(std::string_view text, std::int32_t& out) noexcept;
number_error parse_number(std::string_view text, std::uint32_t& out) noexcept;
number_error parse_number(std::string_view text, std::int64_t& out) noexcept;
number_error parse_number(std::string_view text, std::uint64_t& out) noexcept;
// Also "NaN", "Infinity" and "-Infinity" when `names` is set.
number_error parse_number(std::string_view text, double& out, bool names) noexcept;
number_error parse_number(std::string_view text, float& out, bool names) noexcept;

// The shortest text that reads back as the same value; "NaN", "Infinity", "-Infinity" without quotes.
void append_number(double value, std::string& out);
void append_number(float value, std::string& out);

// Standard base64 with padding.
void append_base64(std::string_view bytes, std::string& out);
// Standard or URL-safe alphabet (RFC 4648 sections 4 and 5), padding optional but right where present.
std::optional<std::string> decode_base64(std::string_view text);

struct seconds_and_nanos {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  bool operator==(const seconds_and_nanos&) const = default;
};

// google.protobuf.Timestamp: RFC 3339, years 0001 to 9999, at most nine digits of a second, "Z" or an offset.
std::optional<seconds_and_nanos> parse_timestamp(std::string_view text);
// False, with nothing appended, when the value is out of range. Uses 0, 3, 6 or 9 digits and "Z".
bool append_timestamp(seconds_and_nanos value, std::string& out);

// google.protobuf.Duration: "1.5s", at most 315,576,000,000 seconds either way.
std::optional<seconds_and_nanos> parse_json_duration(std::string_view text);
// False, with nothing appended, when the value is out of range or its parts differ in sign.
bool append_duration(seconds_and_nanos value, std::string& out);

// google.protobuf.FieldMask: "userName,address.city" is {"user_name", "address.city"}. Nothing when a path
// has "_" or a character no field name has.
std::optional<std::vector<std::string>> parse_field_mask(std::string_view text);
// Appends one path in lowerCamelCase. False when it would not read back as the same path.
bool append_field_mask_path(std::string_view path, std::string& out);

} // namespace troupe
