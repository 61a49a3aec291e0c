#include "runtime/environment/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace troupe {
namespace {

constexpr ip_address::bytes_type mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

} // namespace

std::optional<ip_address> ip_address::parse(std::string_view text) {
  // inet_pton wants a terminated string; the longest valid text is far shorter than this.
  std::array<char, INET6_ADDRSTRLEN + 1> buffer{};
  if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), buffer.begin());
  bytes_type bytes = mapped_prefix;
  if (inet_pton(AF_INET, buffer.data(), bytes.data() + 12) == 1) return ip_address{bytes};
  if (inet_pton(AF_INET6, buffer.data(), bytes.data()) == 1) return ip_address{bytes};
  return std::nullopt;
}

bool ip_address::is_v4() const noexcept {
  return std::equal(bytes_.begin(), bytes_.begin() + 12, mapped_prefix.begin());
}

bool ip_address::is_loopback() const noexcept {
  if (is_v4()) return bytes_[12] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) && bytes_[15] == 1;
}

bool ip_address::is_any() const noexcept {
  const auto from = bytes_.begin() + (is_v4() ? 12 : 0);
  return std::all_of(from, bytes_.end(), [](auto b) { return b == 0; });
}

std::string ip_address::to_string() const {
  if (is_v4()) return fmt::format("{}.{}.{}.{}", bytes_[12], bytes_[13], bytes_[14], bytes_[15]);
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
  return buffer.data();
}

std::optional<endpoint> endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  // Without brackets "::1:80" would be an address and a port to one reader and an address to another.
  const bool v6 = host.find(':') != std::string_view::npos;
  if (v6 != brackets) return std::nullopt;
  const auto address = ip_address::parse(host);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (!address || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return endpoint{*address, port};
}

std::string endpoint::to_string() const {
  return address.is_v4() ? fmt::format("{}:{}", address.to_string(), port)
                         : fmt::format("[{}]:{}", address.to_string(), port);
}

} // namespace troupe
