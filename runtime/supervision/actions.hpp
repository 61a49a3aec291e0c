// What the supervisor's core asks its adaptor to do, in this order.
#pragma once

#include "runtime/supervision/types.hpp"

#include <optional>
#include <variant>
#include <vector>

namespace troupe {

// Start the child and answer with launched(), ignored() or launch_failed(): before the next action of another
// kind of event, that is before anything is read from a mailbox or a clock.
struct start_instance {
  child_id child;
  instance_id instance;
};

// Ask the instance to stop, unless it could not be launched; as OTP's exit(Child, shutdown).
struct stop_instance {
  child_id child;
  instance_id instance;
};

// End the instance without asking, unless it could not be launched; as OTP's exit(Child, kill).
struct kill_instance {
  child_id child;
  instance_id instance;
};

// Watch the instance no longer: it did not end although it was killed. A child_down follows.
struct abandon_instance {
  child_id child;
  instance_id instance;
};

// The child was accepted from a start_child() request; what the request brought with it belongs to `child`
// from now on.
struct child_added {
  child_id child;
  request_token token;
};

// The child is running.
struct child_ready {
  child_id child;
  instance_id instance;
};

// The child runs no more. With instance 0, a planned restart was called off.
struct child_down {
  child_id child;
  instance_id instance;
  child_exit exit;
  std::optional<duration> restart_in; // nothing: no restart is planned
  bool asked = false;                 // the supervisor had stopped or killed it
};

// The child could not be started. Its instance, if there was one, has ended.
struct child_start_failed {
  child_id child;
  instance_id instance;
  status why;
  std::optional<duration> retry_in; // nothing: no further attempt is planned
};

// The supervisor has no such child any more.
struct child_forgotten {
  child_id child;
};

// The outcome of a request. `child` is the child concerned, 0 when there is none.
struct request_answered {
  request_token token;
  status outcome;
  child_id child;
};

// All children of the first start have been started.
struct supervisor_ready {};

// The supervisor begins to stop its children; it will end.
struct supervisor_stopping {
  supervisor_exit why;
};

// No child is left; the supervisor ends. The last action there is.
struct supervisor_ended {
  supervisor_exit why;
};

using supervisor_action =
  std::variant<start_instance, stop_instance, kill_instance, abandon_instance, child_added, child_ready,
               child_down, child_start_failed, child_forgotten, request_answered, supervisor_ready,
               supervisor_stopping, supervisor_ended>;
using supervisor_actions = std::vector<supervisor_action>;

} // namespace troupe
