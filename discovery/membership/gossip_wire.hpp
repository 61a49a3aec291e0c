// Numbers and texts as gossip writes them: varints (seven bits a byte, lowest first, shortest form only),
// texts behind their length. Internal to discovery/membership.
#pragma once

#include "runtime/environment/address.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gossip_wire {

using buffer = std::vector<std::byte>;

inline void put_byte(buffer& to, std::uint8_t value) { to.push_back(std::byte{value}); }

inline void put_varint(buffer& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    to.push_back(static_cast<std::byte>(value | 0x80));
  to.push_back(static_cast<std::byte>(value));
}

// Eight bytes, the highest first.
inline void put_fixed(buffer& to, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8)
    put_byte(to, static_cast<std::uint8_t>(value >> shift));
}

inline void put_bytes(buffer& to, std::span<const std::byte> bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

inline void put_text(buffer& to, std::string_view text) {
  put_varint(to, text.size());
  put_bytes(to, std::as_bytes(std::span{text}));
}

// 4 and four bytes, or 6 and sixteen; the port highest byte first.
inline void put_endpoint(buffer& to, const endpoint& value) {
  const auto& bytes = value.address.bytes();
  const std::size_t skip = value.address.is_v4() ? 12 : 0;
  put_byte(to, skip != 0 ? 4 : 6);
  put_bytes(to, std::as_bytes(std::span{bytes}.subspan(skip)));
  put_byte(to, static_cast<std::uint8_t>(value.port >> 8));
  put_byte(to, static_cast<std::uint8_t>(value.port));
}

// Each reading is false, with nothing promised of the rest, when there is not what was asked for.
class reader {
public:
  explicit reader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  bool byte(std::uint8_t& out) noexcept {
    if (bytes_.empty()) return false;
    out = std::to_integer<std::uint8_t>(bytes_.front());
    bytes_ = bytes_.subspan(1);
    return true;
  }

  bool fixed(std::uint64_t& out) noexcept {
    if (bytes_.size() < 8) return false;
    out = 0;
    for (const auto one : bytes_.first(8))
      out = out << 8 | std::to_integer<std::uint64_t>(one);
    bytes_ = bytes_.subspan(8);
    return true;
  }

  bool varint(std::uint64_t& out) noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      std::uint8_t next = 0;
      if (!byte(next) || (shift == 63 && next > 1) || (shift > 0 && next == 0)) return false;
      value |= std::uint64_t{next & 0x7Fu} << shift;
      if (next < 0x80) {
        out = value;
        return true;
      }
    }
    return false;
  }

  bool part(std::span<const std::byte>& out, std::size_t longest) noexcept {
    std::uint64_t size = 0;
    if (!varint(size) || size > longest || size > bytes_.size()) return false;
    out = bytes_.first(static_cast<std::size_t>(size));
    bytes_ = bytes_.subspan(static_cast<std::size_t>(size));
    return true;
  }

  bool text(std::string& out, std::size_t longest) {
    std::span<const std::byte> bytes;
    if (!part(bytes, longest)) return false;
    out.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return true;
  }

  bool address(endpoint& out) noexcept {
    std::uint8_t family = 0;
    if (!byte(family) || (family != 4 && family != 6)) return false;
    const std::size_t size = family == 4 ? 4 : 16;
    if (bytes_.size() < size + 2) return false;
    auto bytes = ip_address::any_v4().bytes();
    std::memcpy(bytes.data() + (16 - size), bytes_.data(), size);
    out.address = ip_address{bytes};
    out.port = static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes_[size]) << 8
                                          | std::to_integer<unsigned>(bytes_[size + 1]));
    bytes_ = bytes_.subspan(size + 2);
    return family == 4 || !out.address.is_v4();
  }

  std::span<const std::byte> rest() noexcept {
    const auto out = bytes_;
    bytes_ = {};
    return out;
  }

  bool done() const noexcept { return bytes_.empty(); }

private:
  std::span<const std::byte> bytes_;
};

} // namespace troupe::gossip_wire
