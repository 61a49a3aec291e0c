// What the registry knows of one service on one node, and what nodes tell each other of it.
#pragma once

#include "runtime/core/status.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Whether a service takes calls.
enum class service_health : std::uint8_t {
  starting,  // not yet
  ready,     // yes
  unhealthy, // not now: its instances are away
  draining,  // the calls it has; new ones only when nobody else is there
};

std::string_view to_string(service_health health) noexcept;

// A service as its node describes it.
struct service_entry {
  std::string service; // as the contract names it: "shop.Orders"
  std::string version; // of the application
  std::uint32_t instances = 0;
  service_health health = service_health::starting;
  std::uint32_t load = 0; // requests that wait to be handled, roughly and some time ago
  std::map<std::string, std::string> metadata;

  bool operator==(const service_entry&) const = default;
};

// Limits of what one node may say; whatever exceeds them is refused whole.
struct registry_limits {
  // Named actors too. Withdrawn ones count: what others know of them must be overwritten.
  std::size_t services_per_node = 1024;
  std::size_t name_bytes = 255;
  std::size_t entry_bytes = 1024; // see size_of()
};

// How much of a datagram an entry takes at most.
std::size_t size_of(const service_entry& entry) noexcept;

// INVALID_ARGUMENT, naming the service and what is wrong: without a name, too long, too large.
status check(const service_entry& entry, const registry_limits& limits);

// An entry with the number of the change that made it: the node's changes are counted from 1 on.
struct numbered_entry {
  service_entry entry;
  std::uint64_t change = 0;
  bool withdrawn = false; // the node no longer plays it; only the name counts

  bool operator==(const numbered_entry&) const = default;
};

// A part of what one node says of itself: of all its changes in (since, until] what is not overwritten yet,
// in their order. (A delta of a delta-state CRDT: Almeida, Shoker, Baquero, "Delta State Replicated Data
// Types", 2018; the interval makes it a causal one, section 6.)
struct registry_delta {
  std::string node;
  std::uint64_t incarnation = 0; // of the node's process: a restart counts its changes anew
  std::uint64_t since = 0;
  std::uint64_t until = 0;
  std::vector<numbered_entry> entries;

  bool operator==(const registry_delta&) const = default;
};

// INVALID_ARGUMENT, naming the node and what is wrong: an empty interval, changes outside of it, out of order
// or twice, an entry that check() refuses.
status check(const registry_delta& delta, const registry_limits& limits);

// How far somebody knows a node: all of its changes up to this one.
struct registry_digest_line {
  std::string node;
  std::uint64_t incarnation = 0;
  std::uint64_t known = 0;

  bool operator==(const registry_digest_line&) const = default;
};

} // namespace troupe
