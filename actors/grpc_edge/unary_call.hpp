// A unary call from its request to its answer. gRPC hands over the whole request at once, which spares a
// wake-up that a stream's read would cost; that is why unary methods do not go through stream_call.
#pragma once

#include "actors/grpc_edge/edge_core.hpp"
#include "runtime/call/call_repeats.hpp"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <mutex>
#include <optional>

namespace troupe::grpc_detail {

class unary_call final : public grpc::ServerUnaryReactor, public call_end {
public:
  // Starts the call; gRPC owns the result until OnDone. `reply` and `context` are valid as long.
  static grpc::ServerUnaryReactor* open(edge_core& core, const served_method& what,
                                        grpc::CallbackServerContext& context, const grpc::ByteBuffer& request,
                                        grpc::ByteBuffer& reply);

  void deliver(frame what) noexcept override;
  void OnCancel() override;
  void OnDone() override;
  // Both are short and never wait, so gRPC may run them where it is instead of waking another thread for each
  // call.
  bool InternalInlineable() override { return true; }

private:
  unary_call(edge_core& core, const served_method& what, grpc::CallbackServerContext& context,
             grpc::ByteBuffer& reply)
    : core_(core), what_(what), context_(context), reply_(reply), began_(core.dependencies.clock.now()) {}

  void begin(const grpc::ByteBuffer& request);
  bool made_again(const frame& what);
  status encode_reply(const message_ptr& message, std::size_t& size);
  void give_up(call& current, const status& why);
  void finish(const status& outcome);

  // Valid until finish(): an end may be held, and given frames, long after gRPC is done with the call.
  edge_core& core_;
  const served_method& what_;
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& reply_;

  const monotonic_time began_;
  call_metadata_ptr metadata_;
  call_repeats repeats_;
  std::mutex mutex_; // guards what follows: the client may give up while the call is made again
  call_ptr call_;    // null when the call was refused; released in OnDone, which ends the cycle of references
  unsigned being_handed_over_ = 0; // how many calls are on their way to a callee
  std::optional<status> given_up_; // why the client did
};

} // namespace troupe::grpc_detail
