#include "actors/service/handler_run.hpp"

#include "actors/service/coroutine_host.hpp"

#include <google/protobuf/message.h>

#include <optional>

namespace troupe {

class handler_run::request_source final : public item_source {
public:
  explicit request_source(call& of) noexcept : item_source(default_stream_credit), of_(of) {}

private:
  void grant(std::uint32_t items) override { of_.grant_caller(items); }
  call& of_;
};

class handler_run::reply_sink final : public item_sink {
public:
  explicit reply_sink(call& of) noexcept : item_sink(of.initial_credit()), of_(of) {}

private:
  void send(message_ptr item) override { of_.reply_item(std::move(item)); }
  call& of_;
};

struct handler_run::streams {
  std::optional<request_source> requests;
  std::optional<reply_sink> replies;
};

namespace {

// Identity and trace go on to the calls that a handler makes. Headers were meant for this service, and an
// idempotency key names this request and no other.
call_metadata_ptr passed_on(const call_metadata_ptr& metadata) {
  if (metadata->headers.empty() && metadata->idempotency_key.empty()) return metadata;
  auto out = std::make_shared<call_metadata>();
  out->identity = metadata->identity;
  out->trace = metadata->trace;
  return out;
}

} // namespace

handler_run::handler_run(coroutine_host& host, call_ptr handled) noexcept
  : coroutine_run(host, handled->until()), handled_(std::move(handled)),
    passed_on_(passed_on(handled_->metadata())) {
  handled_->callee_state = this;
  handled_->callee_owner.store(&host, std::memory_order_relaxed);
}

handler_run::~handler_run() {
  handled_->callee_state = nullptr;
  handled_->callee_owner.store(nullptr, std::memory_order_relaxed);
}

handler_run* handler_run::of(call& handled, const coroutine_host& host) noexcept {
  if (handled.callee_owner.load(std::memory_order_relaxed) != &host) return nullptr;
  return static_cast<handler_run*>(handled.callee_state);
}

item_source& handler_run::requests() {
  if (!streams_) streams_ = std::make_unique<streams>();
  if (!streams_->requests) {
    streams_->requests.emplace(*handled_);
    handled_->grant_caller(streams_->requests->window());
  }
  return *streams_->requests;
}

item_sink& handler_run::replies() {
  if (!streams_) streams_ = std::make_unique<streams>();
  if (!streams_->replies) streams_->replies.emplace(*handled_);
  return *streams_->replies;
}

void handler_run::start_streaming(task<> handler) {
  take_reply_ = [](handler_run& self) -> result<message_ptr> {
    auto& outcome = self.root_outcome<void>();
    if (!outcome) return outcome.error();
    return message_ptr{};
  };
  begin(std::move(handler));
}

void handler_run::receive(frame what) {
  if (!streams_) return;
  switch (what.kind) {
  case frame_kind::item:
    if (streams_->requests && !streams_->requests->push(std::move(what.message)))
      host().end(
        *this, resource_exhausted("{}: the caller sent more items than it was allowed", method().full_name));
    break;
  case frame_kind::half_close:
    if (streams_->requests) streams_->requests->close({});
    break;
  case frame_kind::credit:
    if (streams_->replies) streams_->replies->add_credit(what.credit);
    break;
  default:
    break;
  }
}

void handler_run::conclude(const status* cut_short) noexcept {
  if (cut_short != nullptr) {
    handled_->fail(*cut_short);
  } else if (root_promise().exception()) {
    handled_->fail(
      internal("{} failed with an exception; the log of its node says which", method().full_name));
  } else {
    auto reply = take_reply_(*this);
    if (reply)
      handled_->answer(std::move(*reply));
    else
      handled_->fail(reply.error());
  }
}

} // namespace troupe
