#include "runtime/supervision/types.hpp"

namespace troupe {

status check(const supervisor_flags& flags) {
  if (flags.period <= duration::zero())
    return invalid_argument("the period of the restart intensity must be above 0");
  if (flags.give_up_killed_after <= duration::zero())
    return invalid_argument("give_up_killed_after must be above 0");
  if (flags.max_children == 0) return invalid_argument("max_children must be at least 1");
  const auto& backoff = flags.backoff;
  if (!backoff.is_none()) {
    if (backoff.min <= duration::zero()) return invalid_argument("the shortest backoff must be above 0");
    if (backoff.max < backoff.min)
      return invalid_argument("the longest backoff must not be shorter than the shortest");
    if (backoff.jitter_percent > 100)
      return invalid_argument("the jitter of the backoff must be 0 to 100 percent");
    if (backoff.healthy_after <= duration::zero())
      return invalid_argument("healthy_after of the backoff must be above 0");
  }
  return {};
}

status check(const child_policy& child, const supervisor_flags& flags) {
  if (child.name.empty()) return invalid_argument("a child must have a name");
  if (child.significant && flags.shutdown == auto_shutdown::never)
    return invalid_argument(
      "child {} is significant, but its supervisor's auto_shutdown is never; choose any_significant "
      "or all_significant",
      child.name);
  if (child.significant && child.restart == restart_policy::permanent)
    return invalid_argument("child {} is significant and permanent; make it transient or temporary",
                            child.name);
  return {};
}

std::string_view to_string(restart_strategy value) noexcept {
  switch (value) {
  case restart_strategy::one_for_one:
    return "one_for_one";
  case restart_strategy::one_for_all:
    return "one_for_all";
  case restart_strategy::rest_for_one:
    return "rest_for_one";
  case restart_strategy::simple_one_for_one:
    return "simple_one_for_one";
  }
  return "?";
}

std::string_view to_string(restart_policy value) noexcept {
  switch (value) {
  case restart_policy::permanent:
    return "permanent";
  case restart_policy::transient:
    return "transient";
  case restart_policy::temporary:
    return "temporary";
  }
  return "?";
}

std::string_view to_string(auto_shutdown value) noexcept {
  switch (value) {
  case auto_shutdown::never:
    return "never";
  case auto_shutdown::any_significant:
    return "any_significant";
  case auto_shutdown::all_significant:
    return "all_significant";
  }
  return "?";
}

std::string_view to_string(child_kind value) noexcept {
  return value == child_kind::worker ? "worker" : "supervisor";
}

std::string_view to_string(exit_kind value) noexcept {
  switch (value) {
  case exit_kind::normal:
    return "normal";
  case exit_kind::shutdown:
    return "shutdown";
  case exit_kind::abnormal:
    return "abnormal";
  case exit_kind::killed:
    return "killed";
  }
  return "?";
}

std::string_view to_string(supervisor_exit_kind value) noexcept {
  switch (value) {
  case supervisor_exit_kind::shutdown:
    return "shutdown";
  case supervisor_exit_kind::intensity_exceeded:
    return "intensity_exceeded";
  case supervisor_exit_kind::start_failed:
    return "start_failed";
  case supervisor_exit_kind::auto_shutdown:
    return "auto_shutdown";
  case supervisor_exit_kind::killed:
    return "killed";
  }
  return "?";
}

std::string_view to_string(child_state value) noexcept {
  switch (value) {
  case child_state::stopped:
    return "stopped";
  case child_state::waiting:
    return "waiting";
  case child_state::starting:
    return "starting";
  case child_state::running:
    return "running";
  case child_state::stopping:
    return "stopping";
  }
  return "?";
}

} // namespace troupe
