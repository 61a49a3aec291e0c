#include "actors/service/service_actor.hpp"

#include "actors/service/ask.hpp"
#include "runtime/call/inline_execution.hpp"
#include "runtime/supervision/messages.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe {

namespace {

using alive_atom = caf::atom_constant<caf::atom("alive")>;

// The caller end of an actor's calls. It does not keep the actor alive.
class actor_inbox final : public call_end {
public:
  explicit actor_inbox(caf::weak_actor_ptr actor) : actor_(std::move(actor)) {}

  void deliver(frame what) noexcept override {
    if (auto actor = actor_.lock())
      actor->enqueue(
        caf::mailbox_element_ptr{new frame_element(std::move(what), nullptr, frame_element::role::caller)},
        inline_execution::current());
  }
  std::uint64_t lane() const noexcept override { return actor_->id(); }

private:
  caf::weak_actor_ptr actor_;
};

std::string describe(const std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

} // namespace

// A run that handles no call: a hook, or background work.
class service_actor::hook_run final : public coroutine_run {
public:
  hook_run(service_actor& actor, std::function<void(const status&)> done)
    : coroutine_run(actor, deadline::never()), done_(std::move(done)) {}

  const call_metadata_ptr& metadata() const noexcept override { return no_call_metadata(); }

private:
  void conclude(const status* cut_short) noexcept override {
    if (cut_short != nullptr || root_promise().exception()) return;
    auto& outcome = root_outcome<void>();
    done_(status_of(outcome));
  }

  std::function<void(const status&)> done_;
};

service_actor::service_actor(caf::actor_config& config, service_setup setup)
  : caf::event_based_actor(config), coroutine_host(*setup.node), setup_(std::move(setup)) {
  setup_.max_concurrent = std::max(setup_.max_concurrent, 1u);
}

service_actor::~service_actor() = default;

call_end_ptr service_actor::inbox() {
  if (!inbox_) inbox_ = call_end_ptr{new actor_inbox(caf::actor_cast<caf::weak_actor_ptr>(this))};
  return inbox_;
}

caf::behavior service_actor::make_behavior() {
  set_default_handler(
    [this](caf::scheduled_actor*, caf::message_view& unexpected) -> caf::result<caf::message> {
      log().warning("dropped a message that it has no handler for",
                    {{"message", to_string(unexpected.content())}});
      return caf::sec::unexpected_message;
    });
  set_exit_handler([this](caf::exit_msg& message) {
    if (message.reason == caf::exit_reason::user_shutdown)
      stop();
    else
      quit(std::move(message.reason));
  });
  set_exception_handler([this](std::exception_ptr& what) -> caf::error {
    log().error("crashed in a plain CAF message handler", {{"exception", describe(what)}});
    return caf::sec::runtime_error;
  });
  try {
    handler_ = setup_.make();
    if (services().logs) log_ = services().logs->get(handler_->info().name);
    handler_->actor_ = this;
    auto own = handler_->plain_messages();
    auto start = handler_->on_start();
    if (start) {
      auto run = std::make_unique<hook_run>(*this, [this](const status& outcome) { started(outcome); });
      run->begin(std::move(start));
      coroutine_host::start(std::move(run));
    } else {
      started({});
    }
    if (!crashed_ && !failure()) {
      arm_timer();
      // An actor lives as long as it has a behavior; calls do not need one (see consume()).
      return own ? own : caf::behavior{[](alive_atom) {}};
    }
  } catch (...) {
    fail_with(std::current_exception());
  }
  if (failure() && setup_.on_failed_start)
    setup_.on_failed_start(this, internal("{} threw while it started: {}", setup_.name, describe(failure())));
  finish_turn();
  return {};
}

void service_actor::started(const status& outcome) {
  if (outcome.ok()) {
    phase_ = phase::running;
    if (setup_.on_ready) setup_.on_ready(this);
    return;
  }
  if (setup_.on_failed_start) setup_.on_failed_start(this, outcome);
  crash("on_start() failed: " + outcome.to_string());
}

caf::invoke_message_result service_actor::consume(caf::mailbox_element& element) {
  auto result = caf::invoke_message_result::consumed;
  if (auto* ours = frame_element::of(element)) {
    current_mailbox_element(&element);
    receive(*ours);
  } else {
    result = caf::event_based_actor::consume(element);
  }
  finish_turn();
  return result;
}

void service_actor::receive(frame_element& element) {
  auto what = element.take();
  if (!what.call) { // arm_timer() sent it
    if (!armed_.empty()) armed_.pop_back();
    timers().fire(now());
    return;
  }
  if (element.receiver() == frame_element::role::caller) {
    deliver_to_caller(std::move(what));
    return;
  }
  if (what.kind == frame_kind::request) {
    accept(std::move(what.call), element.take_bound());
    return;
  }
  if (auto* run = handler_run::of(*what.call, *this)) {
    if (what.kind == frame_kind::cancel)
      end(*run, std::move(what.outcome));
    else
      run->receive(std::move(what));
  } else if (what.kind == frame_kind::half_close && stash_) {
    // The only frame that can come for a request that waits: it has no credit to send items, and its
    // cancellation is seen when its turn comes.
    for (auto& stashed : *stash_)
      if (stashed.call == what.call) stashed.half_closed = true;
  }
}

void service_actor::accept(call_ptr request, actor_reference_ptr bound) {
  if (phase_ == phase::stopping || phase_ == phase::stopped) {
    if (bound) bound->request_left();
    request->abandon(setup_.name + " is shutting down");
    return;
  }
  if (handlers_ >= setup_.max_concurrent) {
    if (!stash_) stash_ = std::make_unique<std::deque<stashed_request>>();
    stash_->push_back({std::move(request), std::move(bound)});
    return;
  }
  if (bound) bound->request_left();
  begin(std::move(request), false);
}

void service_actor::begin(call_ptr request, bool half_closed) {
  if (request->cancelled()) return;
  if (!request->until().is_never() && request->until().passed(now())) {
    request->fail(
      with_retry_hint(deadline_exceeded("the deadline of {} passed while it waited in the mailbox",
                                        request->method().full_name),
                      retry_hint::not_executed));
    return;
  }
  request->mark_started();
  auto run = std::make_unique<handler_run>(*this, request);
  try {
    handler_->start(*run);
  } catch (...) {
    fail_with(std::current_exception());
    request->fail(
      internal("{} failed with an exception; the log of its node says which", request->method().full_name));
    return;
  }
  if (!run->begun()) {
    request->fail(unimplemented("{} does not implement {}", setup_.name, request->method().full_name));
    return;
  }
  if (half_closed) run->receive({.call = request, .kind = frame_kind::half_close});
  ++handlers_;
  coroutine_host::start(std::move(run));
}

void service_actor::run_finished(coroutine_run& run) {
  if (run.handled_call() != nullptr) --handlers_;
}

void service_actor::begin_stashed() {
  while (stash_ && !stash_->empty() && handlers_ < setup_.max_concurrent && !failure() && !crashed_) {
    auto next = std::move(stash_->front());
    stash_->pop_front();
    if (next.bound) next.bound->request_left();
    begin(std::move(next.call), next.half_closed);
  }
}

void service_actor::finish_turn() {
  begin_stashed();
  if (!failure() && !crashed_) stop_when_idle();
  if (failure() && !crashed_) crash("exception: " + describe(failure()));
  if (crashed_) {
    if (!getf(is_terminated_flag | is_shutting_down_flag | is_cleaned_up_flag)) {
      log().error("crashed", {{"instance", setup_.name}, {"reason", crash_reason_}});
      quit(caf::make_error(caf::sec::runtime_error, crash_reason_));
    }
    return;
  }
  arm_timer();
}

void service_actor::arm_timer() {
  auto earliest = timers().earliest();
  if (earliest == monotonic_time::max() || (!armed_.empty() && armed_.back() <= earliest)) return;
  armed_.push_back(earliest);
  clock().schedule_message(earliest, caf::strong_actor_ptr{ctrl()},
                           caf::mailbox_element_ptr{new frame_element({}, nullptr)});
}

void service_actor::stop() {
  if (phase_ == phase::stopping || phase_ == phase::stopped) return;
  if (phase_ == phase::starting) {
    quit(caf::exit_reason::user_shutdown);
    return;
  }
  phase_ = phase::stopping;
}

void service_actor::stop_when_idle() {
  if (phase_ != phase::stopping || handlers_ > 0 || (stash_ && !stash_->empty())) return;
  phase_ = phase::stopped;
  auto done = [this](const status& outcome) {
    if (!outcome.ok()) log().warning("on_stop() failed", {{"status", outcome.to_string()}});
    quit(caf::exit_reason::user_shutdown);
  };
  auto stopping = handler_->on_stop();
  if (!stopping) {
    done({});
    return;
  }
  auto run = std::make_unique<hook_run>(*this, std::move(done));
  run->begin(std::move(stopping));
  coroutine_host::start(std::move(run));
}

void service_actor::run_in_background(task<> work) {
  if (!work) return;
  auto run = std::make_unique<hook_run>(*this, [this](const status& outcome) {
    if (!outcome.ok()) log().warning("background work failed", {{"status", outcome.to_string()}});
  });
  run->begin(std::move(work));
  coroutine_host::start(std::move(run));
}

void service_actor::crash(std::string why) {
  if (crashed_) return;
  crashed_ = true;
  crash_reason_ = std::move(why);
}

void service_actor::on_exit() {
  const auto why = setup_.name + (crashed_ ? " crashed" : " stopped");
  abandon_all(why);
  if (stash_) {
    for (auto& stashed : *stash_) {
      if (stashed.bound) stashed.bound->request_left();
      stashed.call->abandon(why);
    }
    stash_.reset();
  }
  handler_.reset();
}

logger service_actor::log() const {
  const auto* run = current();
  return run && run->metadata()->trace.valid() ? log_.with(run->metadata()->trace) : log_;
}

std::uint64_t service_actor::random() {
  if (services().random == nullptr) return 0;
  if (!random_) random_ = std::make_unique<random_source>(services().random->split(setup_.name, id()));
  return random_->next();
}

caf::actor spawn_service(caf::actor_system& system, service_setup setup) {
  return system.spawn<service_actor>(std::move(setup));
}

// -- service_handler

service_handler::service_handler() : actor_(nullptr) {}
service_handler::~service_handler() = default;

task<> service_handler::on_start() { return {}; }
task<> service_handler::on_stop() { return {}; }
caf::behavior service_handler::plain_messages() { return {}; }

caf::event_based_actor* service_handler::self() const noexcept { return actor_; }
coroutine_host& service_handler::host() const noexcept { return *actor_; }
monotonic_time service_handler::now() const noexcept { return actor_->now(); }
actor_names* service_handler::names() const noexcept { return actor_->services().names; }
wall_time service_handler::wall_now() const noexcept {
  const auto* clock = actor_->services().clock;
  return clock ? clock->wall_now() : wall_time{};
}
std::uint64_t service_handler::random() { return actor_->random(); }
const caf::actor& service_handler::supervisor() const noexcept { return actor_->setup().supervisor; }
void service_handler::crash(std::string why) { actor_->crash(std::move(why)); }
void service_handler::run_in_background(task<> work) { actor_->run_in_background(std::move(work)); }

task<caf::actor> service_handler::start_helper(child_spec helper) {
  start_child_request request{std::move(helper)};
  auto reply = co_await ask<child_reply>(actor_, supervisor(), std::chrono::minutes{1}, request);
  // An instance of this service that crashed meanwhile may have started it: the helper lives on.
  if (reply.outcome.code() != status_code::already_exists || !reply.actor) co_await reply.outcome;
  co_return reply.actor;
}

const call* service_handler::current_call() const noexcept {
  auto* run = actor_->current();
  return run ? run->handled_call() : nullptr;
}

void service_handler::set_reply_header(std::string name, std::string value) {
  auto* run = actor_->current();
  auto* handled = run ? run->handled_call() : nullptr;
  if (handled == nullptr) return;
  if (handled->reply_begun())
    log().warning("a reply header came too late: the reply has begun", {{"header", name}});
  else
    handled->reply_headers.emplace_back(std::move(name), std::move(value));
}

logger service_handler::log() const { return actor_->log(); }

client_base service_handler::make_client(const service_info& service,
                                         std::shared_ptr<const call_options> options) {
  return {*actor_, actor_->route_to(service), std::move(options)};
}

} // namespace troupe
