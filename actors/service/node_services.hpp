// What a node lends to its services. One object a node, made by the host (or by a test), outliving every
// actor.
#pragma once

#include "runtime/call/directory.hpp"
#include "runtime/core/deadline.hpp"

#include <caf/actor.hpp>

#include <chrono>
#include <functional>

namespace troupe {

class actor_names;
class clock;
class logging;
class random_source;

struct node_services {
  troupe::directory* directory = nullptr;

  // The root of the node's randomness; each actor takes a stream of its own. Null: every draw yields 0.
  const random_source* random = nullptr;

  // CAF actors by name, in the whole cluster. Null: there are none.
  actor_names* names = nullptr;

  // Tells services the date. Null: it is always the beginning of 1970.
  const troupe::clock* clock = nullptr;

  // The log of the node. Null: nothing is logged.
  logging* logs = nullptr;

  // Is told of each visitor, so that a node that stops can end those that are left. May be empty.
  std::function<void(const caf::actor&)> on_visitor;

  // The time-out of a call that neither its caller's deadline nor the caller limits.
  duration default_call_timeout = std::chrono::seconds{30};
};

} // namespace troupe
