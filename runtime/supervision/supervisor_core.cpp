#include "runtime/supervision/supervisor_core.hpp"

#include "runtime/probe/probe.hpp"

#include <utility>

namespace troupe {

supervisor_core::supervisor_core(supervisor_flags flags, random_source random)
  : flags_(flags), random_(std::move(random)), intensity_(flags.intensity, flags.period) {}

supervisor_actions supervisor_core::finish(monotonic_time now) {
  advance(now);
  return std::exchange(out_, {});
}

supervisor_actions supervisor_core::boot(monotonic_time now) {
  if (boot_called_ || stopping_) return finish(now);
  boot_called_ = true;
  for (auto& each : children_)
    wait_to_start(each, now, now);
  return finish(now);
}

// -- book-keeping

supervisor_core::entry* supervisor_core::owner_of(instance_id instance) {
  const auto found = instances_.find(instance);
  return found == instances_.end() ? nullptr : &*children_.find(found->second);
}

supervisor_core::entry& supervisor_core::insert(child_policy policy, start_cause cause) {
  last_child_ = last_child_.next();
  if (!simple()) names_.emplace(policy.name, last_child_);
  auto& added = *children_.emplace(last_child_, child{}).first;
  added.second.policy = std::move(policy);
  added.second.cause = cause;
  if (cause == start_cause::boot) ++boot_pending_;
  return added;
}

void supervisor_core::set_state(child& c, child_state state) {
  if (c.policy.significant) {
    if (c.state == child_state::stopped && state != child_state::stopped) ++significant_active_;
    if (c.state != child_state::stopped && state == child_state::stopped) --significant_active_;
  }
  c.state = state;
}

void supervisor_core::set_deadline(entry& e, monotonic_time when) {
  auto& [id, c] = e;
  if (c.deadline != monotonic_time::max()) deadlines_.erase({c.deadline, id});
  c.deadline = when;
  if (when != monotonic_time::max()) deadlines_.emplace(when, id);
}

void supervisor_core::drop_instance(entry& e) {
  auto& [id, c] = e;
  instances_.erase(c.instance);
  alive_.erase(id);
  c.instance = {};
  c.killed = false;
  c.stops_with_group = false;
  set_deadline(e, monotonic_time::max());
}

void supervisor_core::forget(child_id id) {
  auto found = children_.find(id);
  auto& c = found->second;
  settle_cause(c, aborted("child {} was forgotten before it ran", c.policy.name), id);
  set_state(c, child_state::stopped);
  set_deadline(*found, monotonic_time::max());
  if (!simple()) names_.erase(c.policy.name);
  children_.erase(found);
  emit(child_forgotten{id});
}

// The first start is over, well or not: whoever waits for it is answered, and further starts are restarts.
void supervisor_core::settle_cause(child& c, status outcome, child_id id) {
  if (c.cause == start_cause::boot) --boot_pending_;
  c.cause = start_cause::restart;
  if (auto starter = std::exchange(c.starter, std::nullopt)) answer(*starter, std::move(outcome), id);
}

// -- start

void supervisor_core::wait_to_start(entry& e, monotonic_time now, monotonic_time not_before) {
  auto& [id, c] = e;
  set_state(c, child_state::waiting);
  c.not_before = not_before;
  c.next = after_stop::stay;
  if (not_before > now)
    set_deadline(e, not_before);
  else if (!starts_in_turn(c))
    startable_.push_back(id);
}

void supervisor_core::begin_start(entry& e) {
  auto& [id, c] = e;
  last_instance_ = last_instance_.next();
  set_deadline(e, monotonic_time::max());
  set_state(c, child_state::starting);
  c.instance = last_instance_;
  c.start_failure.reset();
  ++c.starts;
  instances_.emplace(c.instance, id);
  alive_.insert(id);
  emit(start_instance{id, c.instance});
}

void supervisor_core::become_running(entry& e, monotonic_time now) {
  auto& [id, c] = e;
  set_state(c, child_state::running);
  set_deadline(e, monotonic_time::max());
  c.running_since = now;
  emit(child_ready{id, c.instance});
  settle_cause(c, {}, id);
}

supervisor_actions supervisor_core::launched(monotonic_time now, instance_id instance) {
  auto* e = owner_of(instance);
  if (e == nullptr || e->second.state != child_state::starting) return finish(now);
  const auto mode = e->second.policy.start;
  if (!mode.waits())
    become_running(*e, now);
  else if (mode.limit() != duration::max())
    set_deadline(*e, deadline::after(now, mode.limit()).when());
  return finish(now);
}

supervisor_actions supervisor_core::ready(monotonic_time now, instance_id instance) {
  auto* e = owner_of(instance);
  if (e != nullptr && e->second.state == child_state::starting && e->second.policy.start.waits())
    become_running(*e, now);
  return finish(now);
}

supervisor_actions supervisor_core::ignored(monotonic_time now, instance_id instance) {
  auto* e = owner_of(instance);
  if (e == nullptr) return finish(now);
  auto& [id, c] = *e;
  drop_instance(*e);
  if (c.state == child_state::stopping) {
    settle_stopped(*e, now, instance, {});
    return finish(now);
  }
  set_state(c, child_state::stopped);
  emit(child_down{id, instance, {exit_kind::normal, "there is nothing to run"}, std::nullopt, false});
  settle_cause(c, {}, id);
  if (c.policy.restart == restart_policy::temporary || simple()) forget(id);
  return finish(now);
}

supervisor_actions supervisor_core::launch_failed(monotonic_time now, instance_id instance, status why) {
  auto* e = owner_of(instance);
  if (e == nullptr) return finish(now);
  drop_instance(*e);
  if (e->second.state == child_state::stopping)
    settle_stopped(*e, now, instance, {exit_kind::abnormal, why.message()});
  else
    fail_start(*e, now, instance, std::move(why));
  return finish(now);
}

supervisor_actions supervisor_core::start_failed(monotonic_time now, instance_id instance, status why) {
  auto* e = owner_of(instance);
  if (e != nullptr && e->second.state == child_state::starting) {
    e->second.start_failure = std::move(why);
    if (!waits_for_its_turn_to_stop(e->second)) begin_stop(*e, now);
  }
  return finish(now);
}

// The child has no instance, and the attempt to start one failed.
void supervisor_core::fail_start(entry& e, monotonic_time now, instance_id was, status why) {
  auto& [id, c] = e;
  switch (c.cause) {
  case start_cause::boot: {
    set_state(c, child_state::stopped);
    emit(child_start_failed{id, was, why, std::nullopt});
    status cause{why.code(), "child " + c.policy.name + " did not start: " + why.message()};
    settle_cause(c, why, id);
    begin_exit(supervisor_exit_kind::start_failed, std::move(cause));
    break;
  }
  case start_cause::start_child:
    emit(child_start_failed{id, was, why, std::nullopt});
    settle_cause(c, std::move(why), id);
    forget(id);
    break;
  case start_cause::restart_child:
    set_state(c, child_state::stopped);
    emit(child_start_failed{id, was, why, std::nullopt});
    settle_cause(c, std::move(why), id);
    break;
  case start_cause::restart: {
    const auto place = out_.size();
    const auto retry_in = plan_restart(e, now, why.message());
    // Reported before what follows from it.
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(place),
                child_start_failed{id, was, std::move(why), retry_in});
    break;
  }
  }
}

// -- end

void supervisor_core::begin_stop(entry& e, monotonic_time now) {
  auto& [id, c] = e;
  const auto how = c.policy.shutdown;
  if (how.is_brutal_kill()) return begin_kill(e, now);
  set_state(c, child_state::stopping);
  set_deadline(e, how.is_infinity() ? monotonic_time::max() : deadline::after(now, how.patience()).when());
  emit(stop_instance{id, c.instance});
}

void supervisor_core::begin_kill(entry& e, monotonic_time now) {
  auto& [id, c] = e;
  set_state(c, child_state::stopping);
  c.killed = true;
  set_deadline(e, deadline::after(now, flags_.give_up_killed_after).when());
  emit(kill_instance{id, c.instance});
}

supervisor_actions supervisor_core::down(monotonic_time now, instance_id instance, child_exit exit) {
  auto* e = owner_of(instance);
  if (e == nullptr) return finish(now);
  auto& c = e->second;
  c.last_exit = exit;
  // A child that ends while its siblings are being stopped would have been stopped next.
  const bool as_asked = c.state == child_state::stopping || waits_for_its_turn_to_stop(c);
  drop_instance(*e);
  if (as_asked)
    settle_stopped(*e, now, instance, std::move(exit));
  else if (c.state == child_state::starting)
    fail_start(*e, now, instance,
               unavailable("it ended before it was ready ({}{}{})", to_string(exit.kind),
                           exit.reason.empty() ? "" : ": ", exit.reason));
  else
    terminated(*e, now, instance, std::move(exit));
  return finish(now);
}

// The child ended by itself while it was running.
void supervisor_core::terminated(entry& e, monotonic_time now, instance_id was, child_exit exit) {
  auto& [id, c] = e;
  c.backoff.ran_for(flags_.backoff, now - c.running_since);
  const bool again = c.policy.restart == restart_policy::permanent
                     || (c.policy.restart == restart_policy::transient && exit.is_abnormal());
  if (again) {
    const auto place = out_.size();
    const auto restart_in = plan_restart(e, now, exit.reason.empty() ? to_string(exit.kind) : exit.reason);
    out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(place),
                child_down{id, was, std::move(exit), restart_in, false});
    return;
  }
  const bool significant = c.policy.significant;
  set_state(c, child_state::stopped);
  emit(child_down{id, was, std::move(exit), std::nullopt, false});
  if (c.policy.restart == restart_policy::temporary || simple()) forget(id);
  if (significant
      && (flags_.shutdown == auto_shutdown::any_significant
          || (flags_.shutdown == auto_shutdown::all_significant && significant_active_ == 0)))
    begin_exit(supervisor_exit_kind::auto_shutdown, {});
}

// The child that the supervisor stopped, or was about to stop, is down.
void supervisor_core::settle_stopped(entry& e, monotonic_time now, instance_id was, child_exit exit) {
  auto& [id, c] = e;
  auto deferred = std::exchange(c.deferred, {});
  auto stoppers = std::exchange(c.stoppers, {});
  if (c.start_failure && stoppers.empty() && !stopping_) {
    fail_start(e, now, was, *std::exchange(c.start_failure, std::nullopt));
    return run_deferred(now, std::move(deferred));
  }
  const auto next = stopping_ ? after_stop::stay : std::exchange(c.next, after_stop::stay);
  if (next == after_stop::start_again) {
    emit(
      child_down{id, was, std::move(exit), c.not_before > now ? c.not_before - now : duration::zero(), true});
    wait_to_start(e, now, c.not_before);
  } else {
    set_state(c, child_state::stopped);
    emit(child_down{id, was, std::move(exit), std::nullopt, true});
    settle_cause(c, aborted("child {} was stopped before it ran", c.policy.name), id);
  }
  for (auto stopper : stoppers)
    answer(stopper, {}, id);
  if (next == after_stop::forget) forget(id);
  run_deferred(now, std::move(deferred));
}

// -- time

monotonic_time supervisor_core::next_wakeup() const noexcept {
  return deadlines_.empty() ? monotonic_time::max() : deadlines_.begin()->first;
}

supervisor_actions supervisor_core::tick(monotonic_time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    auto& e = *children_.find(deadlines_.begin()->second);
    auto& [id, c] = e;
    set_deadline(e, monotonic_time::max());
    if (c.state == child_state::waiting) {
      if (!starts_in_turn(c)) startable_.push_back(id);
    } else if (c.state == child_state::starting) {
      if (waits_for_its_turn_to_stop(c)) continue;
      c.start_failure = deadline_exceeded("it was not ready in time");
      begin_kill(e, now);
    } else if (c.state == child_state::stopping && !c.killed) {
      if (!TROUPE_PLANTED_BUG("supervision.never_kills")) begin_kill(e, now); // waits for ever
    } else if (c.state == child_state::stopping) {
      const auto was = c.instance;
      child_exit exit{exit_kind::killed, "it did not end although it was killed; the supervisor gave it up"};
      c.last_exit = exit;
      emit(abandon_instance{id, was});
      drop_instance(e);
      settle_stopped(e, now, was, std::move(exit));
    }
  }
  return finish(now);
}

} // namespace troupe
