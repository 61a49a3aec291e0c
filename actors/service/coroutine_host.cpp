#include "actors/service/coroutine_host.hpp"

#include "actors/service/client.hpp"
#include "runtime/probe/probe.hpp"
#include "troupe/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <cassert>

namespace troupe {

// -- detail

void detail::resume_next(coroutine_run& run, std::coroutine_handle<> next) noexcept {
  assert(!run.next_); // one coroutine of a run goes on at a time
  run.next_ = next;
}

void detail::run_child(coroutine_run& run, std::coroutine_handle<> child) noexcept {
  run.next_ = child;
  while (run.next_ && !run.ended_)
    std::exchange(run.next_, {}).resume();
}

void detail::promise_base::finished() noexcept {
  if (parent_ != nullptr)
    parent_->child_finished();
  else
    run_->ended_ = true;
}

// -- suspension

bool suspension::suspend_in(detail::promise_base& promise, bool ready) noexcept {
  promise_ = &promise;
  auto& run = *promise.run();
  if (auto* handled = run.handled_call(); handled != nullptr && handled->cancelled()) {
    run.cut_short(cancelled("the caller cancelled the call"));
    return true;
  }
  if (run.ended_) return true;
  if (ready) return false;
  waiting_ = true;
  return true;
}

void suspension::wake() {
  if (!waiting_) return;
  waiting_ = false;
  auto& run = *promise_->run();
  if (run.driving_) {
    run.ready_.push_back(*this);
    return;
  }
  detail::resume_next(run, promise_->self());
  run.host().resume(run);
}

void suspension::wake_with_error(status why) {
  if (!waiting_) return;
  waiting_ = false;
  auto& run = *promise_->run();
  if (run.driving_) {
    error_ = std::move(why);
    run.ready_.push_back(*this);
    return;
  }
  promise_->end_with(std::move(why));
  run.host().resume(run);
}

void suspension::go_on() {
  if (error_.ok())
    detail::resume_next(*promise_->run(), promise_->self());
  else
    promise_->end_with(std::move(error_));
}

// -- coroutine_run

coroutine_run::~coroutine_run() {
  if (root_) root_.destroy();
}

void coroutine_run::drive() {
  driving_ = true;
  while (!ended_) {
    if (next_) {
      std::exchange(next_, {}).resume();
    } else if (!ready_.empty()) {
      auto& woken = ready_.front();
      ready_.pop_front();
      woken.go_on();
    } else {
      break;
    }
  }
  driving_ = false;
}

void coroutine_run::cut_short(status why) {
  if (ended_) return;
  cut_short_ = std::move(why);
  ended_ = true;
}

void coroutine_run::timer_due() {
  if (TROUPE_PLANTED_BUG("service.deadline_ignored")) return; // the handler runs on
  const auto* handled = handled_call();
  host_->end(*this, deadline_exceeded("the deadline of {} passed while it ran",
                                      handled ? handled->method().full_name : std::string_view{"a task"}));
}

// -- coroutine_host

coroutine_host::~coroutine_host() { assert(runs_.empty()); }

service_route& coroutine_host::route_to(const service_info& service) {
  for (auto& [known, route] : routes_)
    if (known == &service) return *route;
  return *routes_.emplace_back(&service, &node_->directory->route(service.name)).second;
}

duration coroutine_host::timeout_of(const method_info& method) {
  for (const auto& [known, timeout] : timeouts_)
    if (known == &method) return timeout;
  const auto& said = method.descriptor().options().GetExtension(troupe::method).timeout();
  const auto timeout = std::chrono::seconds{said.seconds()} + duration{said.nanos()};
  return timeouts_.emplace_back(&method, timeout).second;
}

void coroutine_host::start(std::unique_ptr<coroutine_run> run) {
  auto* started = run.release();
  runs_.push_back(*started);
  ++run_count_;
  resume(*started);
}

void coroutine_host::resume(coroutine_run& run) {
  // Woken from within its own coroutines: the loop that drives it takes what became ready.
  if (run.driving_) return;
  auto* outer = std::exchange(current_, &run);
  run.drive();
  current_ = outer;
  if (run.ended_)
    conclude(run);
  else if (!run.queued() && !run.until().is_never())
    timers_.insert(run, run.until().when());
}

void coroutine_host::end(coroutine_run& run, status why) {
  run.cut_short(std::move(why));
  if (!run.driving_) conclude(run);
}

void coroutine_host::abandon_all(std::string_view why) {
  // Destructors in the frames of one may wake another: none goes on any more.
  for (auto& run : runs_)
    run.driving_ = true;
  while (!runs_.empty()) {
    auto& run = runs_.back();
    if (auto* handled = run.handled_call()) handled->abandon(why);
    run.cut_short(cancelled("{}", why));
    conclude(run);
  }
}

void coroutine_host::conclude(coroutine_run& run) {
  run.driving_ = true; // destructors in its frames may wake coroutines of the run that are about to follow
  runs_.erase(runs_.iterator_to(run));
  --run_count_;
  run.cancel_timer();
  if (run.root_promise_ && run.root_promise_->exception()) fail_with(run.root_promise_->exception());
  run.conclude(run.cut_short_.ok() ? nullptr : &run.cut_short_);
  // The frames first: what they hold refers to the streams of the run.
  if (run.root_) std::exchange(run.root_, {}).destroy();
  run_finished(run);
  delete &run;
}

void coroutine_host::deliver_to_caller(frame what) {
  // Null when the coroutine that made the call has ended meanwhile.
  if (auto* waiting = static_cast<outgoing_call*>(what.call->caller_state)) waiting->receive(std::move(what));
}

} // namespace troupe
