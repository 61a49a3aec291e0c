#include "actors/grpc_edge/unary_call.hpp"

#include "actors/grpc_edge/message_codec.hpp"
#include "actors/grpc_edge/wire_status.hpp"

#include <google/protobuf/message.h>

namespace troupe::grpc_detail {

grpc::ServerUnaryReactor* unary_call::open(edge_core& core, const served_method& what,
                                           grpc::CallbackServerContext& context,
                                           const grpc::ByteBuffer& request, grpc::ByteBuffer& reply) {
  auto* self = new unary_call{core, what, context, reply};
  intrusive_ptr_add_ref(static_cast<call_end*>(self)); // gRPC's reference
  self->begin(request);
  return self;
}

void unary_call::begin(const grpc::ByteBuffer& request) {
  auto admitted = core_.admit(what_, context_, began_);
  if (!admitted) return finish(admitted.error());
  metadata_ = admitted->metadata;
  auto message = what_.method->new_request();
  auto readable = decode_message(request, core_.options.receive_limit, *message);
  if (!readable.ok()) return finish(core_.about(*what_.method, readable));
  call_ = call_ptr{
    new call{*what_.method, std::move(message), admitted->until, std::move(admitted->metadata), this}};
  inline_execution::scope scope{core_.units.here()};
  auto made = call_; // which may be made again meanwhile, on another thread
  submit(*what_.route, made);
}

void unary_call::deliver(frame what) noexcept {
  // Nothing else is for the caller of a unary call. A call gets one answer, and none after OnCancel() ended
  // it.
  if (what.kind != frame_kind::answer || made_again(what)) return;
  std::size_t size = 0;
  auto outcome = what.outcome.ok() ? encode_reply(what.message, size) : what.outcome;
  core_.prepare_reply(context_, what.call->reply_headers, size);
  finish(outcome);
}

// Elsewhere, when the instance that had it is gone.
bool unary_call::made_again(const frame& what) {
  if (what.outcome.ok() || what.call->until().passed(core_.dependencies.clock.now())
      || !repeats_.again(*what.call, what.outcome))
    return false;
  call_ptr next{
    new call{*what_.method, what.call->request(), what.call->until(), what.call->metadata(), this}};
  {
    std::lock_guard lock{mutex_};
    if (given_up_) return false;
    call_ = next;
    ++being_handed_over_;
  }
  submit_elsewhere(*what_.route, next, repeats_.failed());
  // The client may have given up meanwhile; and from here on the call may have ended, and gRPC be done with
  // it.
  std::optional<status> why;
  {
    std::lock_guard lock{mutex_};
    if (--being_handed_over_ == 0 && given_up_) {
      next = call_;
      why = given_up_;
    }
  }
  if (why && next) give_up(*next, *why);
  return true;
}

status unary_call::encode_reply(const message_ptr& message, std::size_t& size) {
  if (!message) return internal("{}: the service gave no reply", what_.method->full_name);
  size = encoded_size(*message);
  if (auto limit = core_.check_reply_size(*what_.method, size); !limit.ok()) return limit;
  if (!encode_message(*message, size, reply_))
    return internal("{}: the reply cannot be serialized", what_.method->full_name);
  return {};
}

void unary_call::finish(const status& outcome) {
  core_.record(*what_.method, outcome.code(), began_, 1, outcome.ok() ? 1 : 0, metadata_);
  Finish(to_wire(outcome));
}

void unary_call::OnCancel() {
  call_ptr current;
  std::optional<status> why;
  {
    std::lock_guard lock{mutex_};
    if (!call_) return;
    why = given_up_ = core_.cancellation(*what_.method, call_->until());
    // A call cannot be taken back from a callee that it does not have yet: whoever hands it over does that.
    if (being_handed_over_ == 0) current = call_;
  }
  if (current) give_up(*current, *why);
}

void unary_call::give_up(call& current, const status& why) {
  current.cancel(why);
  // Either this was first and no answer will come, or an answer is on its way and finishes the call. The
  // reply headers stay untouched here: the callee may be writing them.
  if (current.cancelled()) finish(why);
}

void unary_call::OnDone() {
  call_ptr last;
  {
    std::lock_guard lock{mutex_};
    last.swap(call_);
  }
  last.reset();
  metadata_.reset();
  core_.leave();
  intrusive_ptr_release(static_cast<call_end*>(this));
}

} // namespace troupe::grpc_detail
