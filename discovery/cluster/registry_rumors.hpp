// What is still to be told of the registry: deltas, each a bounded number of times, the least told first.
// Entries that a later delta of their node overwrites are left out of the earlier ones. Pure. Internal to
// this component.
#pragma once

#include "discovery/registry/registry_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

// At least what a delta takes on the wire.
std::size_t size_of(const registry_delta& delta) noexcept;

// The delta in parts of at most `most_bytes` each, as far as single entries allow; together they say the
// same.
std::vector<registry_delta> split(registry_delta delta, std::size_t most_bytes);

class registry_rumors {
public:
  // Beyond `most` the one that was told most often is forgotten: the next push-pull brings it.
  explicit registry_rumors(std::size_t most) noexcept : most_(most) {}

  // Told from the beginning. Rumors of an earlier process of the node are dropped; one of an earlier process
  // than is known here is not taken.
  void put(registry_delta delta);

  // All of a node's up to this process.
  void drop(std::string_view node, std::uint64_t incarnation);

  // A message of at most `room` bytes; counts what is in it, and forgets what was told `limit` times. Empty
  // when nothing fits.
  std::vector<std::byte> fill(std::size_t room, std::size_t limit);

  bool empty() const noexcept { return order_.empty(); }
  std::size_t size() const noexcept { return order_.size(); }

private:
  // How often it was told, then the newest first.
  using rank = std::pair<std::size_t, std::uint64_t>;
  struct rumor {
    registry_delta delta;
    std::vector<std::byte> bytes;
    rank at;
  };
  using rumors_of_node = std::map<std::uint64_t, rumor>; // by `until`

  void erase(const rank& at);

  const std::size_t most_;
  std::map<std::string, rumors_of_node, std::less<>> nodes_;
  std::map<rank, std::pair<std::string, std::uint64_t>> order_;
  std::uint64_t next_ = UINT64_MAX;
};

} // namespace troupe
