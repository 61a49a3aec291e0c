#include "runtime/linearizability/configuration_set.hpp"

#include <boost/container_hash/hash.hpp>

#include <algorithm>

namespace troupe {

configuration_set::configuration_set() : table_(0, hash_of{this}, equal{this}) {}

bool configuration_set::equal::operator()(std::uint32_t a, std::uint32_t b) const noexcept {
  const auto& x = all->entries_[a];
  const auto& y = all->entries_[b];
  const auto* const words = all->words_.data();
  return x.length == y.length && std::equal(words + x.offset, words + x.offset + x.length, words + y.offset);
}

std::optional<std::uint32_t> configuration_set::insert(std::span<const std::uint32_t> words,
                                                       std::uint32_t parent, std::uint32_t operation) {
  // Put in place first, because that is where the table looks; taken back when it was known.
  const auto point = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({boost::hash_range(words.begin(), words.end()), words_.size(),
                      static_cast<std::uint32_t>(words.size()), parent, operation});
  words_.insert(words_.end(), words.begin(), words.end());
  if (table_.insert(point).second) return point;
  words_.resize(entries_.back().offset);
  entries_.pop_back();
  return std::nullopt;
}

std::vector<std::uint32_t> configuration_set::way_to(std::uint32_t point) const {
  std::vector<std::uint32_t> out;
  for (; entries_[point].parent != no_parent; point = entries_[point].parent)
    out.push_back(entries_[point].operation);
  std::reverse(out.begin(), out.end());
  return out;
}

} // namespace troupe
