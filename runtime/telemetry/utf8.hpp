// Well-formed UTF-8 (RFC 3629), for what goes into logs and metrics whatever it was made of. Internal, pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

// How many bytes the character at the front of a text that is not empty has; 0 when it is not UTF-8: overlong
// forms, surrogates and values above U+10FFFF are not.
std::size_t utf8_character_size(std::string_view text) noexcept;

// The text with each byte that is not part of a character replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

inline constexpr std::string_view utf8_replacement = "\xEF\xBF\xBD"; // U+FFFD

} // namespace troupe
