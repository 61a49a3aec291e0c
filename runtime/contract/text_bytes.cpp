#include "runtime/contract/text_values.hpp"

#include <array>
#include <cstring>

namespace troupe {

namespace {

constexpr std::string_view standard_alphabet =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto base64_values = [] {
  std::array<std::int8_t, 256> out{};
  out.fill(-1);
  for (std::size_t i = 0; i < standard_alphabet.size(); ++i)
    out[static_cast<unsigned char>(standard_alphabet[i])] = static_cast<std::int8_t>(i);
  out[static_cast<unsigned char>('-')] = 62;
  out[static_cast<unsigned char>('_')] = 63;
  return out;
}();

// The length of the valid sequence that starts at `at`, or 0. RFC 3629 section 4.
std::size_t utf8_sequence(const unsigned char* at, std::size_t left) noexcept {
  const auto follows = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xBF) {
    return i < left && at[i] >= low && at[i] <= high;
  };
  const auto lead = at[0];
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return follows(1) ? 2 : 0;
  if (lead < 0xF0) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (lead > 0xF4) return 0;
  const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
  return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
}

} // namespace

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    // Eight bytes of ASCII at a time; most text is nothing else.
    if (text.size() - at >= 8) {
      std::uint64_t word;
      std::memcpy(&word, bytes + at, 8);
      if ((word & 0x8080808080808080u) == 0) {
        at += 8;
        continue;
      }
    }
    const auto length = utf8_sequence(bytes + at, text.size() - at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

void append_utf8(std::uint32_t code_point, std::string& out) {
  const auto push = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xC0 | code_point >> 6);
    push(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    push(0xE0 | code_point >> 12);
    push(0x80 | (code_point >> 6 & 0x3F));
    push(0x80 | (code_point & 0x3F));
  } else {
    push(0xF0 | code_point >> 18);
    push(0x80 | (code_point >> 12 & 0x3F));
    push(0x80 | (code_point >> 6 & 0x3F));
    push(0x80 | (code_point & 0x3F));
  }
}

void append_base64(std::string_view bytes, std::string& out) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 2 < bytes.size(); i += 3) {
    const auto word = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (const int shift : {18, 12, 6, 0})
      out.push_back(standard_alphabet[word >> shift & 63]);
  }
  if (i + 1 == bytes.size()) {
    const auto word = byte(i) << 16;
    for (const int shift : {18, 12})
      out.push_back(standard_alphabet[word >> shift & 63]);
    out += "==";
  } else if (i + 2 == bytes.size()) {
    const auto word = byte(i) << 16 | byte(i + 1) << 8;
    for (const int shift : {18, 12, 6})
      out.push_back(standard_alphabet[word >> shift & 63]);
    out += '=';
  }
}

std::optional<std::string> decode_base64(std::string_view text) {
  const auto digits = text.substr(0, text.find_last_not_of('=') + 1);
  const auto padding = text.size() - digits.size();
  const auto remainder = digits.size() % 4;
  if (remainder == 1 || (padding != 0 && (padding > 2 || text.size() % 4 != 0))) return std::nullopt;
  std::string out;
  out.reserve(digits.size() / 4 * 3 + 2);
  std::uint32_t word = 0;
  int bits = 0;
  for (const char c : digits) {
    const int value = base64_values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    word = word << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(word >> bits & 0xFF));
    }
  }
  return out;
}

} // namespace troupe
