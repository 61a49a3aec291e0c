// What others ask of the supervisor: OTP's start_child, terminate_child, restart_child, delete_child,
// which_children and count_children.
#include "runtime/supervision/supervisor_core.hpp"

#include <utility>

namespace troupe {

void supervisor_core::answer(request_token token, status outcome, child_id id) {
  emit(request_answered{token, std::move(outcome), id});
}

bool supervisor_core::refuse_when_stopping(request_token token) {
  if (stopping_) answer(token, unavailable("the supervisor is stopping"));
  return stopping_;
}

supervisor_core::entry* supervisor_core::named(std::string_view name) {
  const auto found = names_.find(std::string{name});
  return found == names_.end() ? nullptr : &*children_.find(found->second);
}

void supervisor_core::defer(entry& e, request what) {
  if (e.second.deferred.size() >= flags_.max_waiting_requests)
    return answer(what.token, resource_exhausted("{} requests already wait for child {} to stop",
                                                 flags_.max_waiting_requests, e.second.policy.name));
  e.second.deferred.push_back(std::move(what));
}

void supervisor_core::run(monotonic_time now, request what) {
  switch (what.what) {
  case request::kind::start_child:
    return do_start_child(now, what.token, std::move(what.policy));
  case request::kind::restart_child:
    return do_restart_child(now, what.token, what.policy.name);
  case request::kind::delete_child:
    return do_delete_child(now, what.token, what.policy.name);
  }
}

void supervisor_core::run_deferred(monotonic_time now, std::vector<request> requests) {
  for (auto& each : requests)
    if (!refuse_when_stopping(each.token)) run(now, std::move(each));
}

// -- start

result<child_id> supervisor_core::add_child(child_policy policy) {
  if (boot_called_) return failed_precondition("the supervisor has been started; use start_child");
  if (auto wrong = check(policy, flags_); !wrong.ok()) return wrong;
  if (simple())
    return invalid_argument("child {} under simple_one_for_one: its children are added by start_child only",
                            policy.name);
  if (names_.contains(policy.name)) return already_exists("there are two children named {}", policy.name);
  if (children_.size() >= flags_.max_children)
    return resource_exhausted("more than {} children", flags_.max_children);
  return insert(std::move(policy), start_cause::boot).first;
}

supervisor_actions supervisor_core::start_child(monotonic_time now, request_token token,
                                                child_policy policy) {
  if (!refuse_when_stopping(token)) do_start_child(now, token, std::move(policy));
  return finish(now);
}

void supervisor_core::do_start_child(monotonic_time now, request_token token, child_policy policy) {
  if (auto wrong = check(policy, flags_); !wrong.ok()) return answer(token, std::move(wrong));
  if (auto* same = simple() ? nullptr : named(policy.name)) {
    auto& [id, c] = *same;
    if (c.state == child_state::stopping)
      return defer(*same, {request::kind::start_child, token, std::move(policy)});
    const bool lives = alive_.contains(id);
    return answer(token, already_exists("child {} is already {}", policy.name, lives ? "started" : "present"),
                  id);
  }
  if (children_.size() >= flags_.max_children)
    return answer(token, resource_exhausted("the supervisor already has {} children", children_.size()));
  auto& added = insert(std::move(policy), start_cause::start_child);
  added.second.starter = token;
  emit(child_added{added.first, token});
  wait_to_start(added, now, now);
}

supervisor_actions supervisor_core::restart_child(monotonic_time now, request_token token,
                                                  std::string_view name) {
  if (!refuse_when_stopping(token)) do_restart_child(now, token, name);
  return finish(now);
}

void supervisor_core::do_restart_child(monotonic_time now, request_token token, std::string_view name) {
  if (simple()) return answer(token, failed_precondition("restart_child is not for simple_one_for_one"));
  auto* found = named(name);
  if (found == nullptr) return answer(token, not_found("no child named {}", name));
  auto& [id, c] = *found;
  switch (c.state) {
  case child_state::stopped:
    c.cause = start_cause::restart_child;
    c.starter = token;
    return wait_to_start(*found, now, now);
  case child_state::waiting:
    return answer(token, failed_precondition("child {} is restarting", name), id);
  case child_state::starting:
  case child_state::running:
    return answer(token, failed_precondition("child {} is running", name), id);
  case child_state::stopping:
    return defer(*found, {request::kind::restart_child, token, child_policy{.name = std::string{name}}});
  }
}

// -- stop

supervisor_actions supervisor_core::terminate_child(monotonic_time now, request_token token,
                                                    std::string_view name) {
  if (refuse_when_stopping(token)) return finish(now);
  if (simple())
    answer(token, failed_precondition("a child of simple_one_for_one is terminated by its id, not by name"));
  else if (auto* found = named(name))
    do_terminate(now, token, *found);
  else
    answer(token, not_found("no child named {}", name));
  return finish(now);
}

supervisor_actions supervisor_core::terminate_child(monotonic_time now, request_token token, child_id id) {
  if (refuse_when_stopping(token)) return finish(now);
  if (const auto found = children_.find(id); found != children_.end())
    do_terminate(now, token, *found);
  else
    answer(token, not_found("no child with id {}", id.value()));
  return finish(now);
}

void supervisor_core::do_terminate(monotonic_time now, request_token token, entry& e) {
  auto& [id, c] = e;
  const auto next =
    c.policy.restart == restart_policy::temporary || simple() ? after_stop::forget : after_stop::stay;
  switch (c.state) {
  case child_state::stopped:
    return answer(token, {}, id);
  case child_state::waiting:
    set_deadline(e, monotonic_time::max());
    set_state(c, child_state::stopped);
    emit(child_down{id, {}, c.last_exit.value_or(child_exit{}), std::nullopt, true});
    settle_cause(c, aborted("child {} was stopped before it ran", c.policy.name), id);
    answer(token, {}, id);
    if (next == after_stop::forget) forget(id);
    return;
  case child_state::starting:
  case child_state::running:
    c.next = next;
    c.stoppers.push_back(token);
    // One that stops with its group keeps its turn.
    if (!waits_for_its_turn_to_stop(c)) begin_stop(e, now);
    return;
  case child_state::stopping:
    if (c.stoppers.size() >= flags_.max_waiting_requests)
      return answer(token, resource_exhausted("{} requests already wait for child {} to stop",
                                              c.stoppers.size(), c.policy.name));
    c.next = next;
    c.stoppers.push_back(token);
    return;
  }
}

supervisor_actions supervisor_core::delete_child(monotonic_time now, request_token token,
                                                 std::string_view name) {
  if (!refuse_when_stopping(token)) do_delete_child(now, token, name);
  return finish(now);
}

void supervisor_core::do_delete_child(monotonic_time, request_token token, std::string_view name) {
  if (simple()) return answer(token, failed_precondition("delete_child is not for simple_one_for_one"));
  auto* found = named(name);
  if (found == nullptr) return answer(token, not_found("no child named {}", name));
  auto& [id, c] = *found;
  switch (c.state) {
  case child_state::stopped:
    forget(id);
    return answer(token, {});
  case child_state::waiting:
    return answer(token, failed_precondition("child {} is restarting", name), id);
  case child_state::starting:
  case child_state::running:
    return answer(token, failed_precondition("child {} is running", name), id);
  case child_state::stopping:
    return defer(*found, {request::kind::delete_child, token, child_policy{.name = std::string{name}}});
  }
}

// -- questions

child_info supervisor_core::info_of(const entry& e) {
  const auto& [id, c] = e;
  return {id, c.policy, c.state, c.instance, c.starts > 0 ? c.starts - 1 : 0, c.last_exit};
}

std::vector<child_info> supervisor_core::which_children() const {
  std::vector<child_info> out;
  out.reserve(children_.size());
  for (const auto& each : children_)
    out.push_back(info_of(each));
  return out;
}

child_counts supervisor_core::count_children() const {
  child_counts out;
  out.specs = children_.size();
  out.active = alive_.size();
  for (const auto& [id, c] : children_)
    ++(c.policy.kind == child_kind::supervisor ? out.supervisors : out.workers);
  return out;
}

std::optional<child_info> supervisor_core::find(child_id id) const {
  const auto found = children_.find(id);
  return found == children_.end() ? std::nullopt : std::optional{info_of(*found)};
}

std::optional<child_info> supervisor_core::find(std::string_view name) const {
  const auto found = names_.find(std::string{name});
  return found == names_.end() ? std::nullopt : find(found->second);
}

std::optional<child_id> supervisor_core::child_of(instance_id instance) const {
  const auto found = instances_.find(instance);
  return found == instances_.end() ? std::nullopt : std::optional{found->second};
}

} // namespace troupe
