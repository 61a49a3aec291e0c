// The points of a search that were reached before, each with the way to it. Private to this component.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace troupe {

// A point is a sequence of words that means the same future whenever it is the same. Compared in full: two
// points that merely have the same hash would hide a counterexample.
class configuration_set {
public:
  static constexpr std::uint32_t no_parent = 0xffff'ffff;

  configuration_set();
  configuration_set(const configuration_set&) = delete; // the table points here
  configuration_set& operator=(const configuration_set&) = delete;

  // Adds a point that was reached from `parent` by `operation`. Its number, or nothing when it is known.
  std::optional<std::uint32_t> insert(std::span<const std::uint32_t> words, std::uint32_t parent,
                                      std::uint32_t operation);

  std::size_t size() const noexcept { return entries_.size(); }

  // The operations on the way to a point, first to last.
  std::vector<std::uint32_t> way_to(std::uint32_t point) const;

private:
  struct entry {
    std::size_t hash;
    std::size_t offset;
    std::uint32_t length;
    std::uint32_t parent;
    std::uint32_t operation;
  };
  struct hash_of {
    const configuration_set* all;
    std::size_t operator()(std::uint32_t point) const noexcept { return all->entries_[point].hash; }
  };
  struct equal {
    const configuration_set* all;
    bool operator()(std::uint32_t a, std::uint32_t b) const noexcept;
  };

  std::vector<std::uint32_t> words_; // of all points, one after the other
  std::vector<entry> entries_;
  boost::unordered_flat_set<std::uint32_t, hash_of, equal> table_;
};

} // namespace troupe
