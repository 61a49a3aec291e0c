#include "runtime/environment/random_source.hpp"

namespace troupe {

random_source random_source::split(std::string_view name, std::uint64_t index) const noexcept {
  // FNV-1a over the name gives one word; two rounds of mixing keep neighbouring seeds and indexes unrelated.
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  const std::uint64_t by_name = splitmix64{seed_ ^ hash}.next();
  return random_source{splitmix64{by_name + index}.next()};
}

std::uint64_t random_source::below(std::uint64_t bound) noexcept {
  // Lemire's multiplication method (ACM TOMACS 2019): the high word is the answer; the low word tells,
  // rarely, that this draw belongs to the incomplete last interval and must be repeated.
  __extension__ using wide = unsigned __int128;
  wide product = static_cast<wide>(next()) * bound;
  auto low = static_cast<std::uint64_t>(product);
  if (low < bound) {
    const std::uint64_t incomplete = (0 - bound) % bound;
    while (low < incomplete) {
      product = static_cast<wide>(next()) * bound;
      low = static_cast<std::uint64_t>(product);
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

std::int64_t random_source::between(std::int64_t low, std::int64_t high) noexcept {
  if (low >= high) return low;
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  const std::uint64_t offset = span == 0 ? next() : below(span); // 0: all 2^64 values
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

void random_source::fill(std::span<std::byte> out) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) word = next();
    out[i] = static_cast<std::byte>(word & 0xFF);
    word >>= 8;
  }
}

} // namespace troupe
