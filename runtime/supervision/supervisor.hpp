// Supervisors as actors: trees of children that are started in order, restarted when they fail, and stopped
// in reverse.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/supervision/child_spec.hpp"
#include "runtime/supervision/types.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace troupe {

enum class supervision_event_kind : std::uint8_t {
  supervisor_ready,    // every child of the first start runs
  supervisor_stopping, // why: what made it
  supervisor_ended,
  child_started,
  child_ended,   // by itself
  child_stopped, // because the supervisor stopped it
  child_start_failed,
  child_killed,   // it did not stop in time, or is to be killed
  child_given_up, // it did not end although it was killed
  hook_failed,    // a hook of a child_spec threw
};
std::string_view to_string(supervision_event_kind value) noexcept;

// One thing that happened in a tree, for logs and metrics.
struct supervision_event {
  supervision_event_kind kind;
  std::string path;        // of the child, or of the supervisor itself
  caf::actor_id actor = 0; // 0 when there was none
  std::uint64_t restarts = 0;
  bool failure = false; // worth a warning
  std::string reason;   // may be empty
  std::optional<duration>
    restart_in; // after child_ended, child_stopped and child_start_failed: the planned restart
};

// "root/shop/orders ended (abnormal: out of paper); it restarts in 200 ms"
std::string to_string(const supervision_event& event);

// What a supervisor needs of the world around it. All functions may be empty, and are called inside the
// supervisor or the supervisors below it, maybe from several threads at a time; they must not block or throw.
struct supervisor_environment {
  std::function<std::uint64_t()> random;             // uniform 64 bits, for jitter; empty: no jitter
  std::function<void(const supervision_event&)> log; // from the whole tree
  std::function<void()> on_ready;                    // the root is ready
  // The root has ended; all its children have. Called once, as its last action.
  std::function<void(const supervisor_exit&)> on_exit;
};

// Spawns the root of a tree; it starts its children right away. INVALID_ARGUMENT for a spec that breaks a
// rule (see check() in types.hpp; names that are empty or not unique), here or in a supervisor below. The
// caller keeps the actor and ends the tree with stop_supervisor().
result<caf::actor> spawn_supervisor(caf::actor_system& system, supervisor_spec spec,
                                    supervisor_environment environment);

// A supervisor as a child of another one: stopped without a time limit, and ready when all its children are.
// A spec that breaks a rule is refused where the tree is spawned, or by start_child.
child_spec supervisor_child(supervisor_spec spec, restart_policy restart = restart_policy::permanent);

// INVALID_ARGUMENT that says what is wrong with a spec, or with a spec below it.
status check(const supervisor_spec& spec);
status check(const child_spec& child, const supervisor_flags& flags);

// Asks a supervisor to stop its children in reverse start order and to end. Returns at once; see on_exit.
// Thread-safe.
void stop_supervisor(const caf::actor& supervisor);

} // namespace troupe
