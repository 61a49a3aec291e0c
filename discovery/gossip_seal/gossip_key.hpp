// A secret that all nodes of a cluster share, and the name by which people may speak of it.
#pragma once

#include "runtime/core/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe {

// 32 bytes that are overwritten when they are destroyed. A copy is a second secret with its own end; moving
// copies.
class gossip_secret {
public:
  static constexpr std::size_t size = 32;

  gossip_secret() noexcept = default;
  ~gossip_secret();
  gossip_secret(const gossip_secret&) noexcept = default;
  gossip_secret& operator=(const gossip_secret&) noexcept = default;

  std::span<const std::byte, size> bytes() const noexcept { return bytes_; }
  std::span<std::byte, size> bytes() noexcept { return bytes_; }

  // Takes as long for any two secrets.
  friend bool operator==(const gossip_secret& a, const gossip_secret& b) noexcept;
  // A secret in a log is none.
  friend std::ostream& operator<<(std::ostream&, const gossip_secret&) = delete;

private:
  std::array<std::byte, size> bytes_{};
};

// What names a key in lists, in commands and in datagrams, and tells nothing of it: the first 8 bytes of
// HKDF-Expand (RFC 5869 section 2.3, SHA-256) of the key, with a purpose of its own.
struct key_fingerprint {
  std::array<std::byte, 8> bytes{};

  // "1f09a3b2c4d5e6f7"
  std::string to_string() const;
  // The same text, in either case; nothing for any other.
  static std::optional<key_fingerprint> parse(std::string_view text);

  friend constexpr bool operator==(const key_fingerprint&, const key_fingerprint&) = default;
  friend constexpr auto operator<=>(const key_fingerprint&, const key_fingerprint&) = default;
};

// For one thread at a time, as everything of this component. Never printed: it has a fingerprint for that.
class gossip_key {
public:
  // Of 32 bytes in base64 (RFC 4648 section 4: 44 characters, the last one "="), as `openssl rand -base64 32`
  // prints them, without the line's end. INVALID_ARGUMENT says what is wrong, and never repeats any of the
  // text. The bytes must be random: a password, or its hash, is none. That 32 equal bytes are refused catches
  // no more than the key of an example. INTERNAL: OpenSSL has no HKDF. Wiping `text` is up to the caller.
  static result<gossip_key> parse(std::string_view text);

  const gossip_secret& secret() const noexcept { return secret_; }
  const key_fingerprint& fingerprint() const noexcept { return fingerprint_; }

  friend bool operator==(const gossip_key& a, const gossip_key& b) noexcept { return a.secret_ == b.secret_; }
  friend std::ostream& operator<<(std::ostream&, const gossip_key&) = delete;

private:
  gossip_key() noexcept = default;

  gossip_secret secret_;
  key_fingerprint fingerprint_;
};

} // namespace troupe
