// Which node plays which service. Each node describes its own services and nobody else's; what it says
// spreads with the gossip as small deltas, and whoever missed some asks for them (push-pull): delta-state
// replication with one writer an entry, so two versions of an entry never conflict. Pure: no clock, no
// network, no lock.
#pragma once

#include "discovery/registry/registry_entry.hpp"
#include "discovery/registry/registry_snapshot.hpp"
#include "runtime/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// What watchers are told.
struct registry_change {
  enum class kind : std::uint8_t { appeared, changed, vanished };
  kind what = kind::appeared;
  service_place place; // vanished: as it was last

  bool operator==(const registry_change&) const = default;
};

// What was refused, for metrics.
struct registry_figures {
  std::uint64_t malformed = 0;    // check() refused the delta, or its node would have too many services
  std::uint64_t of_strangers = 0; // the delta is of a node that is no member, or of an earlier process of one
  std::uint64_t of_ourselves = 0; // somebody else told us our own services
  std::uint64_t with_gap = 0;     // used, but changes before it are missing: the next push-pull brings them
};

class registry {
public:
  registry(std::string node, std::uint64_t incarnation, registry_limits limits = {});

  // -- what this node plays

  // Adds a service, or says anew how it is. Gives the delta to spread; nothing when nothing changed.
  // INVALID_ARGUMENT: see check(); RESOURCE_EXHAUSTED: more services than the limits allow.
  result<std::optional<registry_delta>> publish(service_entry entry);

  // This node no longer plays it. Nothing when it did not.
  std::optional<registry_delta> withdraw(std::string_view service);

  // Sets the health of all that this node plays, e.g. to draining before it stops.
  std::optional<registry_delta> set_health(service_health health);

  // -- what the membership says

  // This node's process has another, larger number from now on. Gives all that it plays, to be told anew.
  std::optional<registry_delta> renumber(std::uint64_t incarnation);

  // A member is there, alive or suspected: its services may be called. A larger incarnation is a restart, and
  // what the earlier process played is gone; a smaller one is old news.
  void member_up(std::string_view node, std::uint64_t incarnation);

  // It died or left: its services go with it. Nothing happens when a later process of that name is there.
  void member_down(std::string_view node, std::uint64_t incarnation);

  // -- what other nodes say

  // Takes in a delta, from whomever. What is known already changes nothing, so deltas may come twice, late
  // and in any order. INVALID_ARGUMENT: it is malformed; nothing of it was used. A delta of a node that is no
  // member is left out: after the node is one, a push-pull brings it.
  status apply(const registry_delta& delta);

  // Whether apply() would learn something from it: it is of a member, and not all of it is known.
  bool is_news(const registry_delta& delta) const;

  // How far all nodes are known, this one included: what a push-pull begins with.
  std::vector<registry_digest_line> digest() const;

  // Of the digest, never 0: two registries of different fingerprints differ, and two of equal ones are equal
  // but for a chance of 2^-64.
  std::uint64_t fingerprint() const;

  // Of this digest the lines of nodes that this registry knows less of, as it knows them: asks for what is
  // lacking here, and no more.
  std::vector<registry_digest_line> behind(std::span<const registry_digest_line> theirs) const;

  // What whoever sent this digest lacks and this node knows, of at most so many bytes (see size_of()), but at
  // least one entry. When not all fits, the next call begins with another node, so that all have their turns;
  // the other side sees by its next digest what is still missing.
  std::vector<registry_delta> lacking(std::span<const registry_digest_line> theirs, std::size_t max_bytes);

  // -- readers

  // The same object as long as nothing changes. Made when it is asked for: after many deltas only once.
  registry_snapshot_ptr snapshot();

  // What happened since the last call, in order; to be called after each input, for they are kept until then.
  std::vector<registry_change> take_changes();

  const registry_figures& figures() const noexcept { return figures_; }

private:
  struct member {
    std::uint64_t incarnation = 0;
    std::uint64_t known = 0; // all changes up to this one
    // Intervals beyond a gap, by where they begin: once the gap is closed they need not be told again.
    std::map<std::uint64_t, std::uint64_t> ahead;
    std::map<std::string, numbered_entry, std::less<>> entries;
  };

  registry_delta change_own(std::vector<numbered_entry> entries);
  void store(const std::string& node, member& of, const numbered_entry& entry);
  void forget(const std::string& node, member& of);
  static bool has(const member& of, const registry_delta& delta);
  static void join_up(member& of);

  const std::string node_;
  const registry_limits limits_;
  std::map<std::string, member, std::less<>> members_;
  std::string next_to_tell_; // lacking() begins with it
  registry_snapshot_ptr snapshot_ = std::make_shared<const registry_snapshot>();
  std::set<std::string, std::less<>> outdated_; // services whose places the snapshot does not have yet
  std::vector<registry_change> changes_;
  registry_figures figures_;
};

} // namespace troupe
