// What a supervisor needs to know of a child that is an actor.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/supervision/types.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

struct supervisor_environment;
struct supervisor_spec;

// What a child's start function gets.
struct child_context {
  caf::actor_system& system;
  caf::actor supervisor; // where the child reports that it is ready (messages.hpp)
  std::string path;      // "root/shop/orders": the names from the root supervisor down to the child
  child_id id;
  std::uint64_t restarts = 0; // 0 at the first start
  const supervisor_environment& environment;
};

// Starts an instance: spawns an actor and returns it at once. A null handle says that there is nothing to
// run, which is no error (OTP's `ignore`); a status that it could not be started; an exception that escapes
// counts as a status. Runs inside the supervisor, so it must not block. The actor must be new, of this node,
// and neither detached nor blocking. It may be linked to the supervisor; the supervisor does not die with it.
using child_start = std::function<result<caf::actor>(child_context&)>;

struct child_spec {
  // As in child_policy.
  std::string name;
  child_start start;
  restart_policy restart = restart_policy::permanent;
  shutdown_policy shutdown = shutdown_policy::within(std::chrono::seconds{5});
  start_mode mode = start_mode::at_once();
  bool significant = false;
  child_kind kind = child_kind::worker;

  // Optional hooks, called inside the supervisor; they must not block or throw. They let a stable reference
  // follow the child: an instance runs now, and: none does. After on_down(true, why) the next instance
  // follows soon (within supervisor_spec::restart_is_soon), so callers may wait; after on_down(false, why)
  // not soon, or never. on_down may be called several times in a row, also without an instance in between.
  std::function<void(const caf::actor&)> on_attached = {};
  std::function<void(bool will_restart_soon, const std::string& why)> on_down = {};

  // Set by supervisor_child(), so that a tree is checked as a whole before any of it starts.
  std::shared_ptr<const supervisor_spec> supervisor = nullptr;

  child_policy policy() const { return {name, restart, shutdown, mode, significant, kind}; }
};

struct supervisor_spec {
  std::string name; // not empty
  supervisor_flags flags = {};
  std::vector<child_spec> children = {}; // started in this order; empty for simple_one_for_one
  duration restart_is_soon = std::chrono::milliseconds{500};
};

} // namespace troupe
