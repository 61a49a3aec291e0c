// What a node knows of its cluster at one moment. Immutable, so that any number of threads may read one.
#pragma once

#include "discovery/gossip_seal/gossip_keyring.hpp"
#include "discovery/membership/member_record.hpp"
#include "discovery/registry/registry_snapshot.hpp"
#include "discovery/split_brain/split_brain_resolver.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Where a node stands on its way in and out of a cluster.
enum class cluster_phase : std::uint8_t {
  joining, // has met no other node yet
  member,
  leaving,
  left,
  refused, // an older process of its name is alive: it must not run
};

std::string_view to_string(cluster_phase phase) noexcept;

struct cluster_view {
  std::uint64_t number = 0; // of changes before it
  cluster_phase phase = cluster_phase::joining;
  member_record self;
  std::vector<member_record> members; // by name, this node included, the dead and those who left too
  registry_snapshot_ptr services;     // never null
  std::size_t local_health_score = 0; // 0: this node has no doubts about itself
  // What the split-brain policy decided last; nothing: nothing yet.
  std::optional<split_brain_decision> decision;
  std::size_t seeds = 0; // known at present

  // Null when there is none of that name.
  const member_record* find(std::string_view name) const noexcept;
  // Alive or suspect, this node included.
  std::size_t living() const noexcept;
};

using cluster_view_ptr = std::shared_ptr<const cluster_view>;

} // namespace troupe
