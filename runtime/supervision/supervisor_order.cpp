// The children's order: who is stopped and started in which turn, and how the supervisor itself ends.
#include "runtime/supervision/supervisor_core.hpp"

#include <algorithm>
#include <iterator>

namespace troupe {

// The child has no instance and is to be restarted. How long it will wait, or nothing when the supervisor
// gives up.
std::optional<duration> supervisor_core::plan_restart(entry& e, monotonic_time now, std::string_view reason) {
  auto& c = e.second;
  if (!intensity_.allow(now)) {
    set_state(c, child_state::stopped);
    begin_exit(supervisor_exit_kind::intensity_exceeded,
               unavailable("child {} ended once more after {} restarts within {} s: {}", c.policy.name,
                           flags_.intensity,
                           std::chrono::duration_cast<std::chrono::seconds>(flags_.period).count(), reason));
    return std::nullopt;
  }
  const auto wait = c.backoff.next(flags_.backoff, random_());
  if (restarts_groups())
    restart_group(e, now, now + wait);
  else
    wait_to_start(e, now, now + wait);
  return wait;
}

// Under one_for_all and rest_for_one: everything from the failed child (or from the first one) on is stopped,
// then started again. As in OTP this includes children that had been stopped by request or had ended
// normally.
void supervisor_core::restart_group(entry& failed, monotonic_time now, monotonic_time not_before) {
  const auto from =
    flags_.strategy == restart_strategy::one_for_all ? children_.begin() : children_.find(failed.first);
  for (auto at = from; at != children_.end(); ++at) {
    auto& [id, c] = *at;
    c.not_before = std::max(c.not_before, not_before); // its own backoff is not cut short
    if (alive_.contains(id)) {
      c.stops_with_group = true;
      c.next = c.policy.restart == restart_policy::temporary ? after_stop::forget : after_stop::start_again;
      group_stops_ = true;
    } else {
      wait_to_start(*at, now, c.not_before);
    }
  }
}

void supervisor_core::advance(monotonic_time now) {
  if (ended_ || !(boot_called_ || stopping_)) return;
  if (stopping_) return stop_all(now);
  if (group_stops_ && stop_group(now)) return;
  while (!startable_.empty()) {
    const auto found = children_.find(startable_.front());
    startable_.pop_front();
    if (found != children_.end() && found->second.state == child_state::waiting
        && found->second.not_before <= now)
      begin_start(*found);
  }
  if (restarts_groups() || !booted_) start_in_order(now);
  if (!booted_ && boot_pending_ == 0) {
    booted_ = true;
    emit(supervisor_ready{});
  }
}

// Stops the last of the children that stop together; the next one follows when it is down. False when none is
// left.
bool supervisor_core::stop_group(monotonic_time now) {
  for (auto at = alive_.rbegin(); at != alive_.rend(); ++at) {
    auto& e = *children_.find(*at);
    if (!e.second.stops_with_group) continue;
    if (e.second.state != child_state::stopping) begin_stop(e, now);
    return true;
  }
  group_stops_ = false;
  return false;
}

// Starts the first child that waits, if all before it are running or are not meant to.
void supervisor_core::start_in_order(monotonic_time now) {
  for (auto& e : children_) {
    auto& c = e.second;
    switch (c.state) {
    case child_state::stopped:
    case child_state::running:
      continue;
    case child_state::stopping:
      if (c.next != after_stop::start_again && !c.start_failure) continue; // it was asked to stay away
      return;
    case child_state::starting:
      return;
    case child_state::waiting:
      if (c.not_before <= now && starts_in_turn(c)) begin_start(e);
      return;
    }
  }
}

void supervisor_core::stop_all(monotonic_time now) {
  if (simple()) {
    // OTP: they are shut down in parallel, in no defined order.
    for (auto id : alive_) {
      auto& e = *children_.find(id);
      if (e.second.state != child_state::stopping) begin_stop(e, now);
    }
  } else if (!alive_.empty()) {
    auto& last = *children_.find(*alive_.rbegin());
    if (last.second.state != child_state::stopping) begin_stop(last, now);
  }
  if (!alive_.empty()) return;
  ended_ = true;
  emit(supervisor_ended{exit_});
}

supervisor_actions supervisor_core::shutdown(monotonic_time now) {
  begin_exit(supervisor_exit_kind::shutdown, {});
  return finish(now);
}

// From here on nothing is started any more; the children that live are stopped by stop_all().
void supervisor_core::begin_exit(supervisor_exit_kind kind, status cause) {
  if (stopping_) return;
  stopping_ = true;
  exit_ = {kind, std::move(cause)};
  group_stops_ = false;
  emit(supervisor_stopping{exit_});
  const auto refusal = unavailable("the supervisor is stopping");
  for (auto& e : children_) {
    auto& [id, c] = e;
    c.stops_with_group = false;
    for (auto& each : std::exchange(c.deferred, {}))
      answer(each.token, refusal);
    if (c.state == child_state::waiting) {
      set_deadline(e, monotonic_time::max());
      set_state(c, child_state::stopped);
      emit(child_down{id, {}, c.last_exit.value_or(child_exit{}), std::nullopt, true});
    }
    settle_cause(c, refusal, id);
  }
}

} // namespace troupe
