// The conditions of all links of a simulated network: a baseline everywhere, and faults on top that come and
// go independently of each other. Pure.
#pragma once

#include "runtime/core/strong_type.hpp"
#include "runtime/simulation/link_conditions.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace troupe {

// Nodes by simulated_node::index(). Empty means: all nodes, those that are added later included.
using node_set = std::vector<std::uint32_t>;

// The directions from any node of `from` to any other node of `to`. A node's way to itself is never faulty.
struct link_selection {
  node_set from;
  node_set to;
  bool both_ways = true;

  bool contains(std::uint32_t a, std::uint32_t b) const noexcept;
};

// Names a fault that was added.
using fault_id = strong_type<std::uint64_t, struct fault_id_tag>;

class network_faults {
public:
  // A network in one data centre: 100 us and up to 100 us more.
  network_faults();

  // What every link has. Replaces the baseline of before.
  void set_baseline(const link_conditions& everywhere);
  const link_conditions& baseline() const noexcept { return baseline_; }

  // Adds conditions to links, until they are removed. Any number may cover the same link.
  fault_id add(link_selection where, const link_conditions& what);
  // No effect when it was removed before.
  void remove(fault_id which);
  // Removes all faults; the baseline stays.
  void clear();

  // -- the usual ones, to be removed alike

  // No way between a node of `a` and a node of `b`, in either direction.
  fault_id partition(node_set a, node_set b);
  // No way from `from` to `to`; the other way is open.
  fault_id partition_one_way(node_set from, node_set to);
  // No way between `node` and all others.
  fault_id isolate(std::uint32_t node);
  // What is sent between them waits until this is removed.
  fault_id clog(node_set a, node_set b);

  // What a message from one node to another goes through now. The reference is valid until the next change.
  const link_conditions& between(std::uint32_t from, std::uint32_t to) const;

  // Called after every change, for whoever holds back messages. One listener.
  void on_change(std::function<void()> listener) { changed_ = std::move(listener); }

private:
  struct fault {
    link_selection where;
    link_conditions what;
  };

  void changed();

  link_conditions baseline_;
  std::map<fault_id, fault> faults_;
  fault_id last_{0};
  std::function<void()> changed_;
  // Sums of baseline and faults, computed when first asked for: rows by sender, columns by receiver.
  struct known_sum {
    bool known = false;
    link_conditions sum;
  };
  mutable std::vector<std::vector<known_sum>> sums_;
  static const link_conditions to_itself_;
};

} // namespace troupe
