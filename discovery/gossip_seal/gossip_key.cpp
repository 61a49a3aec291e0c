#include "discovery/gossip_seal/gossip_key.hpp"

#include "discovery/gossip_seal/gossip_cipher.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdint>

namespace troupe {

namespace {

constexpr std::size_t text_size = 44;
constexpr std::string_view advice = "`openssl rand -base64 32` makes one";

// -1 for what is no digit of base64.
int value_of(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

int hex_value_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

status wrong_size(std::string_view text) {
  if (text.empty()) return invalid_argument("a gossip key is empty; {}", advice);
  if (text.size() == 2 * gossip_secret::size
      && std::all_of(text.begin(), text.end(), [](char c) { return hex_value_of(c) >= 0; }))
    return invalid_argument("a gossip key is in hexadecimal, and base64 is wanted; {}", advice);
  return invalid_argument("a gossip key is 32 bytes in base64, which are {} characters; this one has {}; {}",
                          text_size, text.size(), advice);
}

status wrong_character(std::string_view text, std::size_t at) {
  switch (text[at]) {
  case ' ':
  case '\t':
  case '\r':
  case '\n':
    return invalid_argument("a gossip key has a space or a line's end at character {}", at + 1);
  case '-':
  case '_':
    return invalid_argument("a gossip key is in base64url: write \"+\" for \"-\" and \"/\" for \"_\"");
  case '=':
    return invalid_argument(
      "a gossip key ends too early, with \"=\" at character {}: it is shorter than 32 bytes", at + 1);
  default:
    return invalid_argument("a gossip key has something at character {} that is not base64; {}", at + 1,
                            advice);
  }
}

} // namespace

gossip_secret::~gossip_secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

bool operator==(const gossip_secret& a, const gossip_secret& b) noexcept {
  return CRYPTO_memcmp(a.bytes_.data(), b.bytes_.data(), gossip_secret::size) == 0;
}

std::string key_fingerprint::to_string() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const auto byte : bytes) {
    out += digits[std::to_integer<std::size_t>(byte >> 4)];
    out += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return out;
}

std::optional<key_fingerprint> key_fingerprint::parse(std::string_view text) {
  key_fingerprint out;
  if (text.size() != 2 * out.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const int high = hex_value_of(text[2 * i]);
    const int low = hex_value_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.bytes[i] = static_cast<std::byte>(high * 16 + low);
  }
  return out;
}

result<gossip_key> gossip_key::parse(std::string_view text) {
  // What an editor or a shell adds is told as what it is, not as a wrong number of characters.
  if (text.size() > text_size && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    return wrong_character(text, text.size() - 1);
  if (text.size() != text_size) return wrong_size(text);
  gossip_key out;
  const auto bytes = out.secret_.bytes();
  std::uint32_t bits = 0;
  int held = 0;
  std::size_t filled = 0;
  for (std::size_t at = 0; at + 1 < text_size; ++at) {
    const int value = value_of(text[at]);
    if (value < 0) return wrong_character(text, at);
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[filled++] = static_cast<std::byte>(bits >> held & 0xFF);
  }
  if (text.back() != '=') {
    if (value_of(text.back()) >= 0)
      return invalid_argument("a gossip key is 33 bytes, as it does not end with \"=\", and must be 32; {}",
                              advice);
    return wrong_character(text, text_size - 1);
  }
  // 43 digits have two bits more than 32 bytes (RFC 4648 section 3.5): two texts of one key would look like
  // two keys.
  if ((bits & 3) != 0)
    return invalid_argument("a gossip key was altered: the last bits of its base64 are not zero; {}", advice);
  if (std::all_of(bytes.begin(), bytes.end(), [&](std::byte b) { return b == bytes[0]; }))
    return invalid_argument("a gossip key is 32 times the same byte, which is not random; {}", advice);
  auto name = fingerprint_of(out.secret_);
  if (!name) return name.error();
  out.fingerprint_ = *name;
  return out;
}

} // namespace troupe
