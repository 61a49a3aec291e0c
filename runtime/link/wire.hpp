// Numbers and texts as the link writes them: varints (LEB128, seven bits a byte, lowest first, as
// protobuf's), texts behind their length, fixed numbers little endian. Internal to runtime/link.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace troupe::wire {

inline constexpr std::size_t longest_varint = 10;

constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

constexpr std::size_t text_size(std::size_t bytes) noexcept { return varint_size(bytes) + bytes; }

// Each writes at `at` and gives where it ended; the room is the caller's affair.
inline std::byte* put_byte(std::byte* at, std::uint8_t value) noexcept {
  *at = std::byte{value};
  return at + 1;
}

inline std::byte* put_varint(std::byte* at, std::uint64_t value) noexcept {
  while (value >= 0x80) {
    *at++ = static_cast<std::byte>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<std::byte>(value);
  return at;
}

template <class Number>
inline std::byte* put_fixed(std::byte* at, Number value) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(at, &value, sizeof value);
  } else {
    for (std::size_t i = 0; i < sizeof value; ++i)
      at[i] = static_cast<std::byte>(value >> (8 * i));
  }
  return at + sizeof value;
}

inline std::byte* put_bytes(std::byte* at, const void* from, std::size_t size) noexcept {
  if (size > 0) std::memcpy(at, from, size);
  return at + size;
}

inline std::byte* put_text(std::byte* at, std::string_view text) noexcept {
  return put_bytes(put_varint(at, text.size()), text.data(), text.size());
}

template <class Number>
inline Number get_fixed(const std::byte* at) noexcept {
  Number out = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&out, at, sizeof out);
  } else {
    for (std::size_t i = 0; i < sizeof out; ++i)
      out |= static_cast<Number>(std::to_integer<Number>(at[i]) << (8 * i));
  }
  return out;
}

// Reads from the front of some bytes. Each reading is false, with nothing promised of the rest, when there is
// not what was asked for.
class reader {
public:
  explicit reader(std::span<const std::byte> bytes) noexcept
    : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool byte(std::uint8_t& out) noexcept {
    if (at_ == end_) return false;
    out = std::to_integer<std::uint8_t>(*at_++);
    return true;
  }

  // Longer forms of a number than needed are taken, as protobuf does; more than 64 bits are not.
  bool varint(std::uint64_t& out) noexcept {
    if (at_ != end_ && std::to_integer<std::uint8_t>(*at_) < 0x80) {
      out = std::to_integer<std::uint8_t>(*at_++);
      return true;
    }
    return long_varint(out);
  }

  template <class Number>
  bool fixed(Number& out) noexcept {
    if (left() < sizeof(Number)) return false;
    out = get_fixed<Number>(at_);
    at_ += sizeof(Number);
    return true;
  }

  bool text(std::string_view& out, std::size_t longest) noexcept {
    std::uint64_t size = 0;
    if (!varint(size) || size > longest || size > left()) return false;
    out = {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(size)};
    at_ += size;
    return true;
  }

  std::span<const std::byte> rest() noexcept {
    const std::span out{at_, end_};
    at_ = end_;
    return out;
  }

  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  bool done() const noexcept { return at_ == end_; }

private:
  bool long_varint(std::uint64_t& out) noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 7 * longest_varint; shift += 7) {
      if (at_ == end_) return false;
      const auto next = std::to_integer<std::uint64_t>(*at_++);
      if (shift == 63 && next > 1) return false;
      value |= (next & 0x7F) << shift;
      if (next < 0x80) {
        out = value;
        return true;
      }
    }
    return false;
  }

  const std::byte* at_;
  const std::byte* end_;
};

} // namespace troupe::wire
