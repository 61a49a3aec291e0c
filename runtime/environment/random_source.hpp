// Randomness that can be repeated: one seed decides everything that is drawn in a node.
//
//   environment.random (const: it can only be split)
//      |- split("membership")      each component, and each thread of it, draws from a stream of its own,
//      |- split("http_edge", 0)    so that one more draw here changes nothing there, and nothing is shared
//      '- split("http_edge", 1)    between threads
#pragma once

#include "runtime/environment/xoshiro.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace troupe {

// Not for secrets. Drawing is for one thread at a time; split() is const and thread-safe.
class random_source {
public:
  explicit random_source(std::uint64_t seed) noexcept : seed_(seed), generator_(seed) {}

  // The seed that repeats this source.
  std::uint64_t seed() const noexcept { return seed_; }

  // A source of its own, decided by this one's seed, the name and the index alone: not by what was drawn
  // before. The same name and index give the same stream, so each user takes its own.
  random_source split(std::string_view name, std::uint64_t index = 0) const noexcept;

  // 64 random bits.
  std::uint64_t next() noexcept { return generator_.next(); }

  // Uniform in [0, bound), without bias. A bound of 0 gives 0.
  std::uint64_t below(std::uint64_t bound) noexcept;

  // Uniform in [low, high]. Precondition: low <= high; otherwise gives low.
  std::int64_t between(std::int64_t low, std::int64_t high) noexcept;

  // Uniform in [0, 1), in steps of 2^-53.
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  // True with the given probability: never for 0 or less (or NaN), always for 1 or more.
  bool chance(double probability) noexcept { return uniform() < probability; }

  // Fills `out` with random bytes; the same on machines of either byte order.
  void fill(std::span<std::byte> out) noexcept;

  // Puts the elements of a vector, array or span in a random order, each equally likely.
  template <class Elements>
  void shuffle(Elements&& elements) noexcept {
    for (std::size_t left = elements.size(); left > 1; --left) {
      std::swap(elements[left - 1], elements[static_cast<std::size_t>(below(left))]);
    }
  }

private:
  std::uint64_t seed_;
  xoshiro256 generator_;
};

} // namespace troupe
