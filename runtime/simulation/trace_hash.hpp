// The rolling hash that says whether two runs did the same. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace troupe {

// Word by word: multiplication spreads a change upward, the shift brings it down again. Not for secrets, and
// not against adversaries; two runs that differ agree by chance once in 2^64.
class trace_hash {
public:
  void add(std::uint64_t word) noexcept {
    state_ = (state_ ^ word) * 0x9E3779B97F4A7C15U;
    state_ ^= state_ >> 32;
  }

  // The same on machines of either byte order only for text; binary content is hashed as it lies in memory.
  void add(std::string_view text) noexcept {
    auto left = text.size();
    const auto* at = text.data();
    add(left);
    for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t), at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, sizeof word);
      add(word);
    }
    if (left == 0) return;
    std::uint64_t word = 0;
    std::memcpy(&word, at, left);
    add(word);
  }

  void add(std::span<const std::byte> bytes) noexcept {
    add(std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  std::uint64_t value() const noexcept { return state_; }

private:
  std::uint64_t state_ = 0xCBF29CE484222325U;
};

} // namespace troupe
