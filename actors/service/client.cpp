#include "actors/service/client.hpp"

#include "runtime/probe/probe.hpp"

#include <algorithm>

namespace troupe {

namespace {

// Without a control block, so that copies of the pointer touch no counter that all threads share.
const call_options plain_options;
const std::shared_ptr<const call_options> default_options{std::shared_ptr<void>{}, &plain_options};

// A crashed actor is usually back at once, so the first retry does not wait long; jitter keeps the callers of
// one crashed actor from coming back together.
constexpr duration first_backoff = std::chrono::milliseconds{2};
constexpr duration longest_backoff = std::chrono::seconds{1};

} // namespace

// -- outgoing_call

outgoing_call::outgoing_call(coroutine_host& host, service_route& route, const method_info& method,
                             message_ptr request, std::shared_ptr<const call_options> options) noexcept
  : host_(&host), route_(&route), method_(&method), request_(std::move(request)),
    options_(options ? std::move(options) : default_options) {}

outgoing_call::~outgoing_call() {
  if (!call_) return;
  call_->caller_state = nullptr;
  call_->cancel(cancelled("the caller is not interested any more"));
}

const header_list& outgoing_call::reply_headers() const noexcept { return reply_headers_; }

void outgoing_call::send(coroutine_run* run, std::uint32_t credit) {
  credit_ = credit;
  auto inherited = run ? run->until() : deadline::never();
  until_ = inherited;
  if (options_->timeout())
    until_ = deadline::sooner(until_, deadline::after(host_->now(), *options_->timeout()));
  else if (until_.is_never())
    until_ = deadline::after(host_->now(), host_->services().default_call_timeout);
  own_deadline_ = until_ < inherited;
  if (run) metadata_ = run->metadata();
  if (!options_->headers().empty() || !options_->idempotency_key().empty()) {
    auto own = metadata_ ? std::make_shared<call_metadata>(*metadata_) : std::make_shared<call_metadata>();
    own->headers = options_->headers();
    own->idempotency_key = options_->idempotency_key();
    metadata_ = std::move(own);
  }
  auto attempt = make_call();
  auto to = route_->choose(*attempt);
  dispatch(std::move(attempt), std::move(to));
}

call_ptr outgoing_call::make_call() const {
  return call_ptr{new call(*method_, request_, until_, metadata_, host_->inbox(), credit_)};
}

void outgoing_call::dispatch(call_ptr attempt, result<call_end_ptr> to) {
  ++attempt_;
  backing_off_ = false;
  if (own_deadline_) host_->timers().insert(*this, until_.when());
  call_ = std::move(attempt);
  call_->caller_state = this;
  if (to)
    call_->send_to(std::move(*to));
  else
    call_->fail(to.error());
}

bool outgoing_call::retry(const status& outcome) {
  if (outcome.code() != status_code::unavailable) return false;
  auto hint = retry_hint_of(outcome);
  const bool unsafe = hint == retry_hint::may_have_executed && !method_->may_repeat();
  // May execute twice what must not.
  if (hint == retry_hint::none || (unsafe && !TROUPE_PLANTED_BUG("service.unsafe_retry"))) return false;
  // What a stream has sent or received cannot be taken back.
  if (method_->kind != method_kind::unary) return false;
  if (attempt_ >= options_->attempts()) return false;
  if (call_->callee()) failed_.push_back(call_->callee());
  // Another instance needs no time to come back.
  auto attempt = make_call();
  auto other = route_->choose_other(*attempt, failed_);
  const bool at_once = other && std::find(failed_.begin(), failed_.end(), *other) == failed_.end();
  auto backoff = std::min(longest_backoff, first_backoff * (1u << (2 * (attempt_ - 1))));
  backoff =
    backoff / 2
    + duration{static_cast<std::int64_t>(host_->random() % static_cast<std::uint64_t>(backoff.count()))};
  auto again = deadline::after(host_->now(), at_once ? duration::zero() : backoff);
  if (again >= until_) return false;
  call_->caller_state = nullptr;
  call_ = nullptr;
  if (at_once) {
    dispatch(std::move(attempt), std::move(other));
  } else {
    backing_off_ = true;
    host_->timers().insert(*this, again.when());
  }
  return true;
}

void outgoing_call::settled() noexcept {
  cancel_timer();
  if (!call_) return;
  reply_headers_ = std::move(call_->reply_headers);
  call_->caller_state = nullptr;
  call_ = nullptr;
}

void outgoing_call::timer_due() {
  if (backing_off_) {
    auto attempt = make_call();
    auto to = route_->choose_other(*attempt, failed_);
    dispatch(std::move(attempt), std::move(to));
    return;
  }
  if (call_) {
    call_->caller_state = nullptr;
    call_->cancel(deadline_exceeded("the time-out of the call passed"));
    call_ = nullptr;
  }
  failed(deadline_exceeded("{} did not answer in time", method_->full_name));
}

// -- unary_call_base

void unary_call_base::receive(frame what) {
  if (what.kind != frame_kind::answer) return;
  if (what.outcome.ok())
    settle(std::move(what.message));
  else if (!retry(what.outcome))
    settle(std::move(what.outcome));
}

void unary_call_base::failed(status why) { settle(std::move(why)); }

void unary_call_base::settle(result<message_ptr> outcome) {
  settled();
  outcome_.emplace(std::move(outcome));
  if (!waiting()) return;
  if (*outcome_ || yields_error_)
    wake();
  else
    wake_with_error(outcome_->error());
}

// -- stream_call_base

stream_call_base::stream_call_base(coroutine_host& host, service_route& route, const method_info& method,
                                   message_ptr request, std::shared_ptr<const call_options> options) noexcept
  : outgoing_call(host, route, method, std::move(request), std::move(options)), replies_(*this),
    requests_(*this) {}

stream_call_base::~stream_call_base() {
  if (gone_ != nullptr) *gone_ = true;
}

void stream_call_base::reply_source::grant(std::uint32_t items) {
  if (of_.current()) of_.current()->grant(items);
}

void stream_call_base::request_sink::send(message_ptr item) {
  if (of_.current()) of_.current()->send_item(std::move(item));
}

void stream_call_base::open() {
  if (std::exchange(opened_, true)) return;
  send(host().current(), replies_.window());
}

void stream_call_base::close_requests() {
  if (std::exchange(requests_closed_, true)) return;
  if (current()) current()->half_close();
}

void stream_call_base::receive(frame what) {
  switch (what.kind) {
  case frame_kind::item:
    if (!replies_.push(std::move(what.message))) {
      auto offender = current();
      settle(internal("{} sent more items than it was allowed", offender->method().full_name));
      offender->cancel(internal("more items than credit"));
    }
    break;
  case frame_kind::credit:
    requests_.add_credit(what.credit);
    break;
  case frame_kind::answer:
    if (what.outcome.ok())
      settle(std::move(what.message));
    else
      settle(std::move(what.outcome));
    break;
  default:
    break;
  }
}

void stream_call_base::failed(status why) { settle(std::move(why)); }

void stream_call_base::settle(result<message_ptr> outcome) {
  settled();
  answer_.emplace(std::move(outcome));
  const auto why = status_of(*answer_);
  // Whoever is woken may end the task that owns this object, and the others that wait with it.
  bool gone = false;
  gone_ = &gone;
  replies_.close(why);
  if (!gone) requests_.close(why);
  if (!gone && waiting_for_answer_ != nullptr) {
    auto* waiting = std::exchange(waiting_for_answer_, nullptr);
    if (why.ok())
      waiting->wake();
    else
      waiting->wake_with_error(why);
  }
  if (!gone) gone_ = nullptr;
}

stream_call_base::answer_awaiter::~answer_awaiter() {
  if (of_.waiting_for_answer_ == this) of_.waiting_for_answer_ = nullptr;
}

} // namespace troupe
