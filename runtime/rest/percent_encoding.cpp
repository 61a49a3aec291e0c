#include "runtime/rest/percent_encoding.hpp"

#include <cstddef>

namespace troupe {

namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte of the escape at `at`, or -1.
int escaped_byte(std::string_view text, std::size_t at) noexcept {
  if (text.size() - at < 3) return -1;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

template <bool KeepSlashes, bool PlusIsSpace>
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int byte = escaped_byte(text, i);
      if (byte < 0) return std::nullopt;
      if (KeepSlashes && byte == '/')
        out.append(text.substr(i, 3));
      else
        out.push_back(static_cast<char>(byte));
      i += 2;
    } else if (PlusIsSpace && text[i] == '+') {
      out.push_back(' ');
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

} // namespace

std::optional<std::string> percent_decode(std::string_view text) { return decode<false, false>(text); }

std::optional<std::string> percent_decode_keeping_slashes(std::string_view text) {
  return decode<true, false>(text);
}

std::optional<std::string> percent_decode_query(std::string_view text) { return decode<false, true>(text); }

bool decodes_to(std::string_view encoded, std::string_view plain) noexcept {
  std::size_t matched = 0;
  for (std::size_t i = 0; i < encoded.size(); ++i, ++matched) {
    if (matched == plain.size()) return false;
    int byte = static_cast<unsigned char>(encoded[i]);
    if (encoded[i] == '%') {
      byte = escaped_byte(encoded, i);
      if (byte < 0) return false;
      i += 2;
    }
    if (byte != static_cast<unsigned char>(plain[matched])) return false;
  }
  return matched == plain.size();
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                            || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  return out;
}

} // namespace troupe
