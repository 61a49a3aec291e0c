// Content negotiation of RFC 9110, 12.5, without I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace troupe {

// The offered media type (lower case, without parameters: "application/json") that the value of an Accept
// field prefers: the highest quality wins, among equals the one offered first. The most specific range that
// matches a type decides its quality; parameters other than q are ignored. An empty value accepts everything.
// Nothing when no offer is acceptable. Elements that are not media ranges are skipped.
std::optional<std::size_t> negotiate_media_type(std::string_view accept,
                                                std::span<const std::string_view> offered);

// The quality (0 to 1000) that a value of Accept gives to one media type; 0 when it is not acceptable.
int media_type_quality(std::string_view accept, std::string_view type);

// Whether the value of an Accept-Encoding field prefers `coding` to no coding at all. An empty value does
// not.
bool prefers_coding(std::string_view accept_encoding, std::string_view coding);

// A Content-Type taken apart. Nothing when it is not "type/subtype" with well-formed parameters.
struct media_type {
  std::string_view type;    // "application/json", in the sender's case
  std::string_view charset; // without quotes; empty when there is none
};
std::optional<media_type> parse_media_type(std::string_view content_type);

// Equality as for field names, media types and tokens: ASCII letters of either case are equal.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// `text` without spaces and tabs around it.
std::string_view trimmed(std::string_view text) noexcept;

// Takes the first element of a comma-separated list off its front; commas in quoted strings do not separate.
// Empty elements are returned as such. Nothing at the end of the list.
std::optional<std::string_view> next_list_element(std::string_view& list) noexcept;

} // namespace troupe
