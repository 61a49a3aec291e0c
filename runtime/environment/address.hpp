// Addresses of hosts and of sockets, as plain values: comparable, hashable, parsed and printed without a
// look-up.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

// An IPv4 or IPv6 address. IPv4 is held as the IPv4-mapped IPv6 address ::ffff:a.b.c.d (RFC 4291
// section 2.5.5.2) and printed in dotted form, so that the two spellings of one address are equal. No zone
// (fe80::1%eth0).
class ip_address {
public:
  using bytes_type = std::array<std::uint8_t, 16>;

  // "::", any address.
  constexpr ip_address() noexcept = default;
  constexpr explicit ip_address(const bytes_type& bytes) noexcept : bytes_(bytes) {}
  static constexpr ip_address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) noexcept {
    return ip_address{bytes_type{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d}};
  }
  static constexpr ip_address loopback() noexcept { return v4(127, 0, 0, 1); }
  static constexpr ip_address any_v4() noexcept { return v4(0, 0, 0, 0); }

  // "10.0.0.7", "2001:db8::7"; nothing for any other text.
  static std::optional<ip_address> parse(std::string_view text);

  // The network order bytes of IPv6.
  constexpr const bytes_type& bytes() const noexcept { return bytes_; }
  bool is_v4() const noexcept;
  // 127.0.0.0/8 or ::1.
  bool is_loopback() const noexcept;
  // 0.0.0.0 or ::, which a socket binds to for all interfaces.
  bool is_any() const noexcept;

  // Dotted for IPv4; for IPv6 the shortest form of RFC 5952.
  std::string to_string() const;

  friend constexpr bool operator==(const ip_address&, const ip_address&) = default;
  friend constexpr auto operator<=>(const ip_address&, const ip_address&) = default;

private:
  bytes_type bytes_{};
};

// An address and a port.
struct endpoint {
  ip_address address;
  std::uint16_t port = 0;

  // "10.0.0.7:4369", "[2001:db8::7]:4369"; nothing for any other text, a missing port among them.
  static std::optional<endpoint> parse(std::string_view text);
  std::string to_string() const;

  friend constexpr bool operator==(const endpoint&, const endpoint&) = default;
  friend constexpr auto operator<=>(const endpoint&, const endpoint&) = default;
};

} // namespace troupe

template <>
struct std::hash<troupe::ip_address> {
  std::size_t operator()(const troupe::ip_address& a) const noexcept {
    const auto& b = a.bytes();
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(b.data()), b.size()});
  }
};

template <>
struct std::hash<troupe::endpoint> {
  std::size_t operator()(const troupe::endpoint& e) const noexcept {
    return std::hash<troupe::ip_address>{}(e.address) * 65599 + e.port;
  }
};
