#include "runtime/supervision/supervisor_actor.hpp"

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <utility>

namespace troupe {

namespace {

supervisor_flags without_jitter_unless_random(supervisor_flags flags,
                                              const supervisor_environment& environment) {
  if (!environment.random) flags.backoff.jitter_percent = 0;
  return flags;
}

std::string text_of(const child_exit& exit) {
  std::string out{to_string(exit.kind)};
  if (!exit.reason.empty()) out += ": " + exit.reason;
  return out;
}

} // namespace

supervisor_actor::supervisor_actor(caf::actor_config& config, supervisor_spec spec,
                                   supervisor_environment environment, std::string path, caf::actor parent)
  : caf::event_based_actor(config), spec_(std::move(spec)), environment_(std::move(environment)),
    path_(std::move(path)), parent_(std::move(parent)),
    core_(
      without_jitter_unless_random(spec_.flags, environment_),
      environment_.random ? environment_.random : [] { return std::uint64_t{0}; }) {}

caf::behavior supervisor_actor::make_behavior() {
  set_down_handler([this](caf::down_msg& what) { instance_ended(what.source, what.reason); });
  // OTP: a supervisor traps exits and obeys only its parent. stop_supervisor() sends without a sender, and
  // CAF then names the receiver as the source.
  set_exit_handler([this](caf::exit_msg& what) {
    if (what.source == address() || (parent_ && what.source == parent_.address()))
      perform(core_.shutdown(now()));
  });
  set_exception_handler([](std::exception_ptr& what) { return exception_exit(what); });
  set_default_handler(caf::print_and_drop);
  for (auto& each : spec_.children) {
    if (auto added = core_.add_child(each.policy())) known_.emplace(*added, known_child{std::move(each)});
  }
  spec_.children.clear();
  send(this, supervisor_boot{});
  return {
    [this](const supervisor_boot&) { perform(core_.boot(now())); },
    [this](const supervisor_wakeup& due) {
      if (due.when == timer_) timer_ = monotonic_time::max();
      perform(core_.tick(now()));
    },
    [this](const child_is_ready&) { perform(core_.ready(now(), sender_instance())); },
    [this](const child_cannot_start& what) {
      perform(core_.start_failed(now(), sender_instance(), what.why));
    },
    [this](start_child_request& what) -> caf::result<child_reply> {
      child_promise promise = make_response_promise<child_reply>();
      if (auto wrong = check(what.spec, spec_.flags); !wrong.ok())
        return promise.deliver(child_reply{wrong, {}, {}});
      const auto token = token_for(promise);
      auto policy = what.spec.policy();
      arriving_.emplace(token, std::move(what.spec));
      perform(core_.start_child(now(), token, std::move(policy)));
      return promise;
    },
    [this](const terminate_child_request& what) -> caf::result<child_reply> {
      child_promise promise = make_response_promise<child_reply>();
      const auto token = token_for(promise);
      perform(what.id == child_id{} ? core_.terminate_child(now(), token, what.name)
                                    : core_.terminate_child(now(), token, what.id));
      return promise;
    },
    [this](const restart_child_request& what) -> caf::result<child_reply> {
      child_promise promise = make_response_promise<child_reply>();
      perform(core_.restart_child(now(), token_for(promise), what.name));
      return promise;
    },
    [this](const delete_child_request& what) -> caf::result<child_reply> {
      child_promise promise = make_response_promise<child_reply>();
      perform(core_.delete_child(now(), token_for(promise), what.name));
      return promise;
    },
    [this](const which_children_request&) { return list_children(); },
    [this](const count_children_request&) { return core_.count_children(); },
    [this](const tree_request& what) { return answer_tree(what); },
  };
}

// However this actor ends, no child outlives it: OTP's links do the same.
void supervisor_actor::on_exit() {
  supervisor_exit why{supervisor_exit_kind::killed, cancelled("supervisor {} was killed", path_)};
  if (exit_) why = *exit_;
  for (auto& [instance, live] : live_) {
    demonitor(live.actor);
    live.actor->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                        caf::make_message(caf::exit_msg{address(), caf::exit_reason::kill}), context());
    call_down_hook(live.child, std::nullopt, "its supervisor was killed");
  }
  live_.clear();
  by_address_.clear();
  known_.clear();
  for (auto& [token, promise] : promises_)
    promise.deliver(child_reply{unavailable("supervisor {} has ended", path_), {}, {}});
  promises_.clear();
  arriving_.clear();
  log_self(supervision_event_kind::supervisor_ended,
           why.kind != supervisor_exit_kind::shutdown && !why.cause.ok(),
           why.cause.ok() ? std::string{to_string(why.kind)} : why.cause.message());
  const bool is_root = !parent_;
  parent_ = nullptr;
  if (is_root && environment_.on_exit) environment_.on_exit(why);
}

// -- the world: time, senders, log

monotonic_time supervisor_actor::now() { return clock().now(); }

void supervisor_actor::set_timer() {
  const auto next = core_.next_wakeup();
  // A later timer that was set before does no harm when it fires.
  if (core_.ended() || next >= timer_) return;
  timer_ = next;
  clock().schedule_message(
    next, ctrl(), caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, supervisor_wakeup{next}));
}

instance_id supervisor_actor::sender_instance() {
  const auto found = by_address_.find(caf::actor_cast<caf::actor_addr>(current_sender()));
  return found == by_address_.end() ? instance_id{} : found->second;
}

void supervisor_actor::instance_ended(const caf::actor_addr& who, const caf::error& reason) {
  const auto found = by_address_.find(who);
  if (found == by_address_.end()) return;
  const auto instance = found->second;
  by_address_.erase(found);
  perform(core_.down(now(), instance, exit_of(reason)));
}

void supervisor_actor::log_child(supervision_event_kind kind, child_id child, instance_id instance,
                                 bool failure, std::string reason, std::optional<duration> restart_in) {
  if (!environment_.log) return;
  supervision_event event{kind, path_ + "/", 0, 0, failure, std::move(reason), restart_in};
  if (const auto found = known_.find(child); found != known_.end()) {
    event.path += found->second.spec.name;
    event.restarts = found->second.starts > 0 ? found->second.starts - 1 : 0;
  }
  if (const auto found = live_.find(instance); found != live_.end()) event.actor = found->second.actor.id();
  environment_.log(event);
}

void supervisor_actor::log_self(supervision_event_kind kind, bool failure, std::string reason) {
  if (environment_.log) environment_.log({kind, path_, id(), 0, failure, std::move(reason), std::nullopt});
}

template <class Function>
void supervisor_actor::guarded(const known_child& child, Function&& hook) {
  try {
    hook();
  } catch (...) {
    if (environment_.log)
      environment_.log({supervision_event_kind::hook_failed, path_ + "/" + child.spec.name, 0, 0, true,
                        exit_of(exception_exit(std::current_exception())).reason, std::nullopt});
  }
}

void supervisor_actor::call_down_hook(child_id child, const std::optional<duration>& restart_in,
                                      const std::string& why) {
  const auto found = known_.find(child);
  if (found == known_.end() || !found->second.spec.on_down) return;
  guarded(found->second,
          [&] { found->second.spec.on_down(restart_in && *restart_in <= spec_.restart_is_soon, why); });
}

// -- actions

void supervisor_actor::perform(supervisor_actions actions) {
  for (auto& each : actions)
    pending_.push_back(std::move(each));
  if (performing_) return;
  performing_ = true;
  while (!pending_.empty()) {
    const auto next = std::move(pending_.front());
    pending_.pop_front();
    std::visit([this](const auto& what) { perform(what); }, next);
  }
  performing_ = false;
  set_timer();
}

void supervisor_actor::perform(const start_instance& what) {
  const auto found = known_.find(what.child);
  auto& [spec, starts] = found->second;
  child_context context{system(),   caf::actor{this}, path_ + "/" + spec.name,
                        what.child, starts++,         environment_};
  auto started = [&]() -> result<caf::actor> {
    try {
      return spec.start(context);
    } catch (const std::exception& e) {
      return internal("its start function threw: {}", e.what());
    } catch (...) {
      return internal("its start function threw what is no std::exception");
    }
  }();
  if (!started) return perform(core_.launch_failed(now(), what.instance, started.error()));
  if (!*started) return perform(core_.ignored(now(), what.instance));
  const auto address = started->address();
  if (!by_address_.emplace(address, what.instance).second)
    return perform(core_.launch_failed(now(), what.instance,
                                       internal("its start function returned an actor that is "
                                                "already a child")));
  live_.emplace(what.instance, live_instance{what.child, *started});
  monitor(*started);
  perform(core_.launched(now(), what.instance));
}

void supervisor_actor::perform(const stop_instance& what) {
  // Ordinary priority: what the child was sent before comes first.
  if (const auto found = live_.find(what.instance); found != live_.end())
    send_exit(found->second.actor, caf::exit_reason::user_shutdown);
}

void supervisor_actor::perform(const kill_instance& what) {
  const auto found = live_.find(what.instance);
  if (found == live_.end()) return;
  const auto& spec = known_.at(what.child).spec;
  log_child(supervision_event_kind::child_killed, what.child, what.instance, !spec.shutdown.is_brutal_kill(),
            {});
  found->second.actor->enqueue(ctrl(), caf::make_message_id(caf::message_priority::high),
                               caf::make_message(caf::exit_msg{address(), caf::exit_reason::kill}),
                               context());
}

void supervisor_actor::perform(const abandon_instance& what) {
  const auto found = live_.find(what.instance);
  if (found == live_.end()) return;
  log_child(supervision_event_kind::child_given_up, what.child, what.instance, true,
            "it did not end although it was killed");
  demonitor(found->second.actor);
  by_address_.erase(found->second.actor.address());
}

void supervisor_actor::perform(const child_added& what) {
  const auto found = arriving_.find(what.token);
  known_.emplace(what.child, known_child{std::move(found->second)});
  arriving_.erase(found);
}

// Hooks come before the log, so that who reads of an event finds its effect.
void supervisor_actor::perform(const child_ready& what) {
  const auto& child = known_.at(what.child);
  const auto actor = actor_of(what.instance);
  if (child.spec.on_attached && actor) guarded(child, [&] { child.spec.on_attached(actor); });
  log_child(supervision_event_kind::child_started, what.child, what.instance, false, {});
}

void supervisor_actor::perform(const child_down& what) {
  call_down_hook(what.child, what.restart_in, text_of(what.exit));
  const auto& spec = known_.at(what.child).spec;
  const bool failure = what.asked
                         ? what.exit.kind == exit_kind::abnormal
                             || (what.exit.kind == exit_kind::killed && !spec.shutdown.is_brutal_kill())
                         : what.exit.is_abnormal() || what.restart_in;
  if (what.instance != instance_id{})
    log_child(what.asked ? supervision_event_kind::child_stopped : supervision_event_kind::child_ended,
              what.child, what.instance, failure, text_of(what.exit), what.restart_in);
  live_.erase(what.instance);
}

void supervisor_actor::perform(const child_start_failed& what) {
  call_down_hook(what.child, what.retry_in, what.why.message());
  log_child(supervision_event_kind::child_start_failed, what.child, what.instance, true, what.why.message(),
            what.retry_in);
  live_.erase(what.instance);
}

void supervisor_actor::perform(const child_forgotten& what) { known_.erase(what.child); }

void supervisor_actor::perform(const request_answered& what) {
  arriving_.erase(what.token);
  auto found = promises_.extract(what.token);
  if (found.empty()) return;
  const auto info = core_.find(what.child);
  found.mapped().deliver(
    child_reply{what.outcome, what.child, info ? actor_of(info->instance) : caf::actor{}});
}

void supervisor_actor::perform(const supervisor_ready&) {
  log_self(supervision_event_kind::supervisor_ready, false, {});
  if (parent_)
    report_ready(this, parent_);
  else if (environment_.on_ready)
    environment_.on_ready();
}

void supervisor_actor::perform(const supervisor_stopping& what) {
  log_self(supervision_event_kind::supervisor_stopping, !what.why.cause.ok(),
           what.why.cause.ok() ? std::string{to_string(what.why.kind)} : what.why.cause.message());
}

void supervisor_actor::perform(const supervisor_ended& what) {
  exit_ = what.why;
  if (what.why.kind == supervisor_exit_kind::shutdown)
    quit(caf::exit_reason::user_shutdown);
  else
    quit(shutdown_exit(std::string{to_string(what.why.kind)}
                       + (what.why.cause.ok() ? "" : ": " + what.why.cause.message())));
}

// -- requests

request_token supervisor_actor::token_for(child_promise& promise) {
  last_token_ = last_token_.next();
  promises_.emplace(last_token_, promise);
  return last_token_;
}

caf::actor supervisor_actor::actor_of(instance_id instance) const {
  const auto found = live_.find(instance);
  return found == live_.end() ? caf::actor{} : found->second.actor;
}

children_reply supervisor_actor::list_children() const {
  children_reply out;
  for (auto& each : core_.which_children()) {
    auto actor = actor_of(each.instance);
    out.children.push_back({std::move(each), std::move(actor)});
  }
  return out;
}

} // namespace troupe
