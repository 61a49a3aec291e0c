// The generators behind random_source: small, fast, and the same on every machine and standard library, which
// the distributions of <random> are not. Not for secrets: keys and tokens come from OpenSSL.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace troupe {

// SplitMix64 (Steele, Lea, Flood 2014): turns one word into as many well-mixed ones as a larger generator
// needs.
class splitmix64 {
public:
  constexpr explicit splitmix64(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

private:
  std::uint64_t state_;
};

// xoshiro256** 1.0 (Blackman, Vigna 2018): period 2^256 - 1.
class xoshiro256 {
public:
  constexpr explicit xoshiro256(std::uint64_t seed) noexcept {
    splitmix64 mixer{seed};
    for (auto& word : state_)
      word = mixer.next();
  }

  // Continues from a given state, not all zero.
  constexpr explicit xoshiro256(const std::array<std::uint64_t, 4>& state) noexcept : state_(state) {}

  constexpr std::uint64_t next() noexcept {
    const std::uint64_t out = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return out;
  }

private:
  std::array<std::uint64_t, 4> state_{};
};

} // namespace troupe
