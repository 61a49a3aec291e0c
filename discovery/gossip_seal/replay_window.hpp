// Which sequence numbers of a sender have been seen: the sliding window of RFC 6479, a ring of words in which
// moving on clears words instead of shifting bits. Pure. Internal to this component.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace troupe {

class replay_window {
  static constexpr std::size_t word_bits = 64;
  static constexpr std::size_t words = 32;

public:
  // A number is known for sure while it is less than this behind the newest. A sender counts everything it
  // sends, to whomever: so much may it send in all while one datagram is overtaken, before that one is taken
  // for a replay.
  static constexpr std::uint64_t size = (words - 1) * word_bits;

  // Whether a number was never seen. False for 0, and for one that is `size` or more behind the newest.
  bool is_new(std::uint64_t sequence) const noexcept {
    if (sequence == 0) return false;
    if (sequence > newest_) return true;
    if (newest_ - sequence >= size) return false;
    return (seen_[word_of(sequence) % words] & bit_of(sequence)) == 0;
  }

  // Precondition: is_new(sequence).
  void mark(std::uint64_t sequence) noexcept {
    if (sequence > newest_) {
      const auto passed = std::min<std::uint64_t>(word_of(sequence) - word_of(newest_), words);
      for (std::uint64_t i = 0; i < passed; ++i)
        seen_[(word_of(sequence) - i) % words] = 0;
      newest_ = sequence;
    }
    seen_[word_of(sequence) % words] |= bit_of(sequence);
  }

  std::uint64_t newest() const noexcept { return newest_; }

private:
  static constexpr std::uint64_t word_of(std::uint64_t sequence) noexcept { return sequence / word_bits; }
  static constexpr std::uint64_t bit_of(std::uint64_t sequence) noexcept {
    return std::uint64_t{1} << sequence % word_bits;
  }

  std::array<std::uint64_t, words> seen_{};
  std::uint64_t newest_ = 0;
};

} // namespace troupe
