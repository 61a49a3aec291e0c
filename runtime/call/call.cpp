#include "runtime/call/call.hpp"

#include "runtime/call/directory.hpp"
#include "runtime/contract/status_details.hpp"
#include "runtime/probe/probe.hpp"

namespace troupe {

namespace {

// Without a control block, so that copies of the pointer touch no counter that all threads share.
const call_metadata empty_metadata;
const call_metadata_ptr no_metadata{std::shared_ptr<void>{}, &empty_metadata};

constexpr std::string_view hint_domain = "troupe";
constexpr std::string_view not_executed = "NOT_EXECUTED";
constexpr std::string_view may_have_executed = "MAY_HAVE_EXECUTED";

} // namespace

const call_metadata_ptr& no_call_metadata() noexcept { return no_metadata; }

call_end::~call_end() = default;
service_route::~service_route() = default;

result<call_end_ptr> service_route::choose_other(const call& what, std::span<const call_end_ptr>) noexcept {
  return choose(what);
}

directory::~directory() = default;

call::call(const method_info& method, message_ptr request, troupe::deadline until, call_metadata_ptr metadata,
           call_end_ptr caller, std::uint32_t credit)
  : method_(&method), request_(std::move(request)), until_(until),
    metadata_(metadata ? std::move(metadata) : no_metadata), caller_(std::move(caller)),
    initial_credit_(credit) {}

call::~call() = default;

void call::send_to(call_end_ptr callee) noexcept {
  callee_ = std::move(callee);
  callee_->deliver({.call = call_ptr{this}, .kind = frame_kind::request});
}

void call::send_item(message_ptr item) noexcept {
  if (callee_ && !answered())
    callee_->deliver({.call = call_ptr{this}, .kind = frame_kind::item, .message = std::move(item)});
}

void call::half_close() noexcept {
  if (callee_ && !answered()) callee_->deliver({.call = call_ptr{this}, .kind = frame_kind::half_close});
}

void call::grant(std::uint32_t items) noexcept {
  if (callee_ && !answered())
    callee_->deliver({.call = call_ptr{this}, .kind = frame_kind::credit, .credit = items});
}

void call::cancel(status reason) noexcept {
  if (!claim_answer()) return;
  cancelled_.store(true, std::memory_order_release);
  if (callee_)
    callee_->deliver({.call = call_ptr{this}, .kind = frame_kind::cancel, .outcome = std::move(reason)});
}

bool call::answer(message_ptr reply) noexcept {
  if (!claim_answer()) return false;
  // A reply sent twice.
  if (TROUPE_PLANTED_BUG("call.answered_twice") && caller_)
    caller_->deliver({.call = call_ptr{this}, .kind = frame_kind::answer, .message = reply});
  if (caller_)
    caller_->deliver({.call = call_ptr{this}, .kind = frame_kind::answer, .message = std::move(reply)});
  return true;
}

bool call::fail(status why) noexcept {
  if (!claim_answer()) return false;
  if (caller_)
    caller_->deliver({.call = call_ptr{this}, .kind = frame_kind::answer, .outcome = std::move(why)});
  return true;
}

void call::reply_item(message_ptr item) noexcept {
  reply_begun_ = true;
  if (caller_ && !answered())
    caller_->deliver({.call = call_ptr{this}, .kind = frame_kind::item, .message = std::move(item)});
}

void call::grant_caller(std::uint32_t items) noexcept {
  if (caller_ && !answered())
    caller_->deliver({.call = call_ptr{this}, .kind = frame_kind::credit, .credit = items});
}

void call::abandon(std::string_view why) noexcept {
  if (answered()) return;
  // Whoever is told so makes the call again.
  if (!started() || TROUPE_PLANTED_BUG("call.execution_denied")) {
    fail(with_retry_hint(
      unavailable("{}: {}; the call was not executed and may be retried", method_->full_name, why),
      retry_hint::not_executed));
  } else if (method_->may_repeat()) {
    fail(with_retry_hint(
      unavailable("{}: {}; the call may have executed, and may be retried because the method is "
                  "idempotent",
                  method_->full_name, why),
      retry_hint::may_have_executed));
  } else {
    fail(with_retry_hint(
      unavailable("{}: {}; the call may have executed, and the method is not idempotent: find out "
                  "what happened before retrying",
                  method_->full_name, why),
      retry_hint::may_have_executed));
  }
}

retry_hint retry_hint_of(const status& outcome) noexcept {
  auto info = error_info_of(outcome);
  if (!info || info->domain != hint_domain) return retry_hint::none;
  if (info->reason == not_executed) return retry_hint::not_executed;
  if (info->reason == may_have_executed) return retry_hint::may_have_executed;
  return retry_hint::none;
}

status with_retry_hint(status outcome, retry_hint hint) {
  if (hint == retry_hint::none) return outcome;
  auto reason = hint == retry_hint::not_executed ? not_executed : may_have_executed;
  return with_error_info(std::move(outcome),
                         {.reason = std::string{reason}, .domain = std::string{hint_domain}});
}

namespace {

void send(const call_ptr& what, result<call_end_ptr> to) noexcept {
  if (to)
    what->send_to(std::move(*to));
  else
    what->fail(to.error());
}

} // namespace

void submit(service_route& route, const call_ptr& what) noexcept { send(what, route.choose(*what)); }

void submit_elsewhere(service_route& route, const call_ptr& what,
                      std::span<const call_end_ptr> failed) noexcept {
  send(what, route.choose_other(*what, failed));
}

} // namespace troupe
