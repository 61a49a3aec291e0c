// What decides a simulated cluster.
#pragma once

#include "actors/host/node.hpp"
#include "runtime/probe_book/probe_book.hpp"
#include "runtime/simulation/fault_plan.hpp"
#include "runtime/simulation/world_options.hpp"
#include "runtime/telemetry/log_record.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>

namespace troupe {

struct simulation_options {
  // Nodes that services are installed on, 1 to 100; they are called node-0, node-1, ... and have these
  // numbers.
  unsigned nodes = 3;
  // Nodes without services, for the test's own work, 1 to 100: client-0, ... with the numbers that follow.
  // They are connected to the others; chaos never crashes, pauses or slows them.
  unsigned clients = 1;

  // Decides everything that chance decides.
  std::uint64_t seed = 1;

  // Of each node. Names, peers and the link's addresses are replaced.
  node_options node;
  // Whether each node keeps a connection to each other one (but clients not to clients).
  bool connected = true;
  // Whether the nodes find each other, and who plays what, by discovery, as `node.discovery` says (its
  // addresses and seeds are replaced: the first three nodes are the seeds); else they are told. Clients are
  // members too.
  bool discovery = false;

  // Whoever watches over processes starts one again that has ended by itself, after so long: because modules
  // had to be restarted more often than the restart intensity allows. Nothing: it stays off.
  std::optional<duration> restart_after = std::chrono::seconds{1};

  // The least severe log lines that are kept, and how many of them.
  log_level level = log_level::info;
  std::size_t log_lines = 1000;

  // What happens in place of all that chaos() would plan; times since chaos() is called for the first time.
  std::optional<fault_plan> faults;

  // The world itself. The seed is replaced.
  world_options world;
  // Rare paths, planted bugs. The seed is replaced.
  probe_book_options probes;
};

// The simulation cannot go on, or what it was asked to look at is not so: a node did not start, a property
// that must always hold does not, time ran out.
class simulation_failed : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace troupe
