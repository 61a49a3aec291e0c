#include "actors/grpc_edge/stream_call.hpp"

#include "actors/grpc_edge/message_codec.hpp"
#include "actors/grpc_edge/wire_status.hpp"

#include <google/protobuf/message.h>

#include <algorithm>

namespace troupe::grpc_detail {

namespace {
constexpr std::size_t large_item = 32 * 1024;
}

refused_stream::refused_stream(const status& why) { Finish(to_wire(why)); }

grpc::ServerGenericBidiReactor* stream_call::open(edge_core& core, const served_method& what,
                                                  grpc::CallbackServerContext& context) {
  auto* self = new stream_call{core, what, context};
  intrusive_ptr_add_ref(static_cast<call_end*>(self)); // gRPC's reference
  self->begin();
  return self;
}

void stream_call::begin() {
  auto admitted = core_.admit(what_, context_, began_);
  if (!admitted) return end_without_call(admitted.error());
  admitted_ = std::move(*admitted);
  if (what_.method->client_streams()) return start_call(nullptr);
  reading_ = true;
  no_more_reads_ = true;
  StartRead(&incoming_);
}

void stream_call::start_call(message_ptr request) {
  auto credit = std::max<std::uint32_t>(core_.options.stream_credit, 1);
  reply_credit_ = what_.method->server_streams() ? credit : 0;
  auto started = call_ptr{new call{*what_.method, std::move(request), admitted_.until, admitted_.metadata,
                                   call_end_ptr{this}, credit}};
  {
    // OnCancel() may run at the same time when the request came by a read.
    std::lock_guard guard{mutex_};
    if (finished_) return;
    call_ = started;
  }
  inline_execution::scope scope{core_.units.here()};
  submit(*what_.route, started);
  {
    std::lock_guard guard{mutex_};
    call_sent_ = true;
    if (!disconnected_) return;
  }
  started->cancel(core_.cancellation(*what_.method, admitted_.until));
}

void stream_call::end_without_call(status why) {
  {
    std::lock_guard guard{mutex_};
    if (finished_) return;
    answered_ = finished_ = true;
    outcome_ = std::move(why);
  }
  finish();
}

// -- from the client

void stream_call::OnReadDone(bool ok) {
  {
    std::lock_guard guard{mutex_};
    if (ok)
      ++received_;
    else
      no_more_reads_ = true;
  }
  if (ok) return what_.method->client_streams() ? read_item() : read_request();
  // A cancelled call ends in OnCancel().
  if (context_.IsCancelled()) return;
  if (!what_.method->client_streams())
    return end_without_call(internal("{}: the client sent no request", what_.method->full_name));
  inline_execution::scope scope{core_.units.here()};
  call_->half_close();
}

void stream_call::read_request() {
  auto message = what_.method->new_request();
  auto readable = decode_message(incoming_, core_.options.receive_limit, *message);
  if (!readable.ok()) return end_without_call(core_.about(*what_.method, readable));
  incoming_.Clear();
  start_call(std::move(message));
}

void stream_call::read_item() {
  auto message = what_.method->new_request();
  auto readable = decode_message(incoming_, core_.options.receive_limit, *message);
  incoming_.Clear();
  if (!readable.ok()) return disconnect(core_.about(*what_.method, readable));
  inline_execution::scope scope{core_.units.here()};
  call_->send_item(std::move(message));
  // Only now: the next item may arrive on another thread, and must come after this one. The scope's end,
  // where an actor may handle this one, need not be waited for.
  std::lock_guard guard{mutex_};
  reading_ = false;
  start_read_if_granted();
}

void stream_call::start_read_if_granted() {
  if (reading_ || no_more_reads_ || finished_ || read_credit_ == 0) return;
  reading_ = true;
  --read_credit_;
  StartRead(&incoming_);
}

// -- from the callee

void stream_call::deliver(frame what) noexcept {
  switch (what.kind) {
  case frame_kind::credit: {
    std::lock_guard guard{mutex_};
    read_credit_ += std::min(what.credit, UINT32_MAX - read_credit_);
    start_read_if_granted();
    return;
  }
  case frame_kind::item:
    return accept_item(std::move(what.message));
  case frame_kind::answer:
    return accept_answer(std::move(what));
  case frame_kind::request:
  case frame_kind::half_close:
  case frame_kind::cancel:
    return; // not for callers
  }
}

void stream_call::accept_item(message_ptr item) {
  auto next = step::nothing;
  auto overrun = false;
  {
    std::lock_guard guard{mutex_};
    if (answered_ || finished_ || !item) return;
    callee_spoke_ = true;
    overrun = reply_credit_ == 0;
    if (!overrun) {
      --reply_credit_;
      replies_.push_back(std::move(item));
      next = next_step();
    }
  }
  if (overrun) {
    // A callee that ignores credit would fill the memory.
    return disconnect(internal("{}: the service sent more than it was asked for", what_.method->full_name));
  }
  perform(next);
}

void stream_call::accept_answer(frame answer) {
  auto next = step::nothing;
  {
    std::lock_guard guard{mutex_};
    if (answered_) return;
    answered_ = callee_spoke_ = true;
    outcome_ = std::move(answer.outcome);
    if (outcome_.ok() && !what_.method->server_streams()) {
      if (answer.message)
        replies_.push_back(std::move(answer.message));
      else
        outcome_ = internal("{}: the service gave no reply", what_.method->full_name);
    }
    next = next_step();
  }
  perform(next);
}

// -- to the client

stream_call::step stream_call::next_step() {
  if (writing_ || finished_) return step::nothing;
  if (!replies_.empty()) {
    writing_ = true;
    writing_message_ = std::move(replies_.front());
    replies_.pop_front();
    return answered_ && replies_.empty() ? step::write_last : step::write;
  }
  if (!answered_) return step::nothing;
  finished_ = true;
  return step::finish;
}

void stream_call::perform(step what) {
  switch (what) {
  case step::nothing:
    return;
  case step::write:
    return write(false);
  case step::write_last:
    return write(true);
  case step::finish:
    return finish();
  }
}

void stream_call::write(bool last) {
  // Nobody else writes or finishes while writing_ is set, so no lock is needed.
  auto message = std::move(writing_message_);
  auto size = encoded_size(*message);
  auto problem = core_.check_reply_size(*what_.method, size);
  if (problem.ok() && !encode_message(*message, size, outgoing_))
    problem = internal("{}: a reply cannot be serialized", what_.method->full_name);
  if (!problem.ok()) {
    {
      std::lock_guard guard{mutex_};
      writing_ = false;
    }
    return disconnect(problem);
  }
  auto options = grpc::WriteOptions{};
  if (!headers_prepared_) {
    headers_prepared_ = true;
    core_.prepare_reply(context_, call_->reply_headers, core_.options.compress_from);
  }
  if (size < core_.options.compress_from) options.set_no_compression();
  if (!last) {
    StartWrite(&outgoing_, options);
    return;
  }
  grpc::Status final_status;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  auto code = status_code::ok;
  {
    std::lock_guard guard{mutex_};
    finished_ = true;
    code = outcome_.code();
    final_status = to_wire(outcome_);
    received = received_;
    sent = ++sent_;
  }
  core_.record(*what_.method, code, began_, received, sent, admitted_.metadata);
  StartWriteAndFinish(&outgoing_, options, std::move(final_status));
}

void stream_call::OnWriteDone(bool ok) {
  if (!ok) {
    {
      std::lock_guard guard{mutex_};
      writing_ = false;
    }
    return disconnect(core_.cancellation(*what_.method, admitted_.until));
  }
  auto next = step::nothing;
  std::uint32_t grant = 0;
  {
    std::lock_guard guard{mutex_};
    writing_ = false;
    ++sent_;
    // Credit is given back in halves, so that it does not cost a frame an item; but large items use up the bytes
    // that the link allows a stream before half of their number is consumed.
    ++reply_owed_;
    if (!answered_
        && (reply_owed_ >= std::max<std::uint32_t>(core_.options.stream_credit / 2, 1)
            || outgoing_.Length() >= large_item)) {
      grant = reply_owed_;
      reply_credit_ += grant;
      reply_owed_ = 0;
    }
    next = next_step();
  }
  perform(next);
  if (grant == 0) return;
  inline_execution::scope scope{core_.units.here()};
  call_->grant(grant);
}

void stream_call::finish() {
  // finished_ was set by this thread: nobody else starts anything with gRPC any more.
  status outcome;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  auto with_headers = false;
  {
    std::lock_guard guard{mutex_};
    outcome = outcome_;
    received = received_;
    sent = sent_;
    with_headers = callee_spoke_ && !headers_prepared_;
  }
  if (with_headers) core_.prepare_reply(context_, call_->reply_headers, 0);
  core_.record(*what_.method, outcome.code(), began_, received, sent, admitted_.metadata);
  Finish(to_wire(outcome));
}

void stream_call::disconnect(const status& why) {
  call_ptr sent;
  {
    std::lock_guard guard{mutex_};
    disconnected_ = true;
    if (call_sent_) sent = call_;
  }
  if (sent) sent->cancel(why);
  auto next = step::nothing;
  {
    std::lock_guard guard{mutex_};
    if (finished_) return;
    replies_.clear();
    if (!answered_ || outcome_.ok()) outcome_ = why;
    answered_ = true;
    next = next_step();
  }
  perform(next);
}

void stream_call::OnCancel() { disconnect(core_.cancellation(*what_.method, admitted_.until)); }

void stream_call::OnDone() {
  {
    std::lock_guard guard{mutex_};
    call_.reset();
    replies_.clear();
    incoming_.Clear();
    outgoing_.Clear();
  }
  admitted_.metadata.reset();
  core_.leave();
  intrusive_ptr_release(static_cast<call_end*>(this));
}

} // namespace troupe::grpc_detail
