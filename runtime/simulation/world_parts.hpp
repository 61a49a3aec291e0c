// What the parts of a simulated world share. Internal to the simulation.
#pragma once

#include "runtime/environment/random_source.hpp"
#include "runtime/simulation/event_queue.hpp"
#include "runtime/simulation/machine.hpp"
#include "runtime/simulation/network_fabric.hpp"
#include "runtime/simulation/network_faults.hpp"
#include "runtime/simulation/trace.hpp"
#include "runtime/simulation/world_options.hpp"

#include <memory>
#include <vector>

namespace troupe {

struct world_parts {
  explicit world_parts(const world_options& given);

  // Since the world began.
  duration elapsed() const noexcept { return events.now().time_since_epoch(); }

  // Keeps the list of machines that can take a turn; to be called after whatever may change that.
  void update_ready(machine& of);

  const world_options options;
  const random_source random; // streams are split from it by purpose
  random_source order;        // who takes the next turn
  event_queue events;
  trace tracing;
  network_faults faults;
  network_fabric network;
  std::vector<machine*> ready;
  const loop_core* running = nullptr; // the event loop whose work runs
  std::vector<std::unique_ptr<machine>> machines;
};

} // namespace troupe
