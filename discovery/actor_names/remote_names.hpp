// The names that other nodes have told of: an index over the registry's entries. Pure.
#pragma once

#include "discovery/registry/registry_snapshot.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

// The entry of an actor of this name, in the place of that number; `handle` are the bytes of the gate.
service_entry make_actor_entry(std::size_t number, std::string_view name, std::string_view handle);

class remote_names {
public:
  explicit remote_names(std::string own_node) : own_node_(std::move(own_node)) {}

  // Takes over a snapshot, and gives the names of which something has changed. Entries of this node, and
  // those that make no sense, are left out.
  std::set<std::string> update(const registry_snapshot& now);

  // The handles of a name, by node and number.
  std::vector<std::string> handles(std::string_view name) const;

private:
  using places_ptr = std::shared_ptr<const service_places>;

  void change(const service_place& place, const std::string& service, bool appears,
              std::set<std::string>& changed);

  const std::string own_node_;
  std::map<std::string, places_ptr, std::less<>> seen_; // the entries of each number
  std::map<std::string, std::map<std::pair<std::string, std::string>, std::string>, std::less<>> names_;
};

} // namespace troupe
