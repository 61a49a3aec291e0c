// A streaming call: items from the client as far as the callee asked for them, replies to the client one at a
// time.
//
//   client --HTTP/2--> read, while the callee has granted credit --> item, half_close
//   client <--HTTP/2-- write, one at a time <-- at most stream_credit waiting <-- item; a write grants
//   further credit
#pragma once

#include "actors/grpc_edge/edge_core.hpp"

#include <grpcpp/generic/async_generic_service.h>

#include <deque>
#include <mutex>

namespace troupe::grpc_detail {

class stream_call final : public grpc::ServerGenericBidiReactor, public call_end {
public:
  // Starts the call; gRPC owns the result until OnDone. `context` is valid as long.
  static grpc::ServerGenericBidiReactor* open(edge_core& core, const served_method& what,
                                              grpc::CallbackServerContext& context);

  void deliver(frame what) noexcept override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

private:
  // What the holder of the lock found to be next; done after it let go of the lock.
  enum class step : std::uint8_t { nothing, write, write_last, finish };

  stream_call(edge_core& core, const served_method& what, grpc::CallbackServerContext& context)
    : core_(core), what_(what), context_(context), began_(core.dependencies.clock.now()) {}

  void begin();
  void start_call(message_ptr request);
  void end_without_call(status why);

  // A message of the client.
  void read_request();
  void read_item();
  void start_read_if_granted(); // under the lock

  // Replies.
  void accept_item(message_ptr item);
  void accept_answer(frame answer);
  step next_step(); // under the lock; what it returns must be done
  void perform(step what);
  void write(bool last);
  bool encode(const google::protobuf::Message& message, std::size_t size);
  void finish();
  // The client is gone or the call broke: replies that wait are dropped.
  void disconnect(const status& why);

  // Valid until finish(): an end may be held, and given frames, long after gRPC is done with the call.
  edge_core& core_;
  const served_method& what_;
  grpc::CallbackServerContext& context_;

  const monotonic_time began_;
  admission admitted_;
  call_ptr call_; // set once, before it is sent; released in OnDone, which ends the cycle of references
  bool headers_prepared_ = false; // touched by whoever writes or finishes, one at a time

  grpc::ByteBuffer incoming_; // of the read in flight
  grpc::ByteBuffer outgoing_; // of the write in flight

  std::mutex mutex_;       // guards what follows; never held while frames are delivered
  bool call_sent_ = false; // a call may not be cancelled while it is being sent
  std::uint32_t read_credit_ = 0;
  bool reading_ = false; // incoming_ is in use, by gRPC or by whoever decodes it
  bool no_more_reads_ = false;
  std::deque<message_ptr> replies_; // at most stream_credit
  std::uint32_t reply_credit_ = 0;  // items the callee may still send
  std::uint32_t reply_owed_ = 0;    // items written and not yet granted again
  message_ptr writing_message_;
  bool writing_ = false;
  bool answered_ = false;     // outcome_ is set
  bool callee_spoke_ = false; // it has sent an item or the answer, so its reply headers are complete
  bool finished_ = false;     // Finish was or is being called
  bool disconnected_ = false;
  status outcome_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
};

// Ends a stream at once, for what never becomes a call.
class refused_stream final : public grpc::ServerGenericBidiReactor {
public:
  explicit refused_stream(const status& why);
  void OnDone() override { delete this; }
};

} // namespace troupe::grpc_detail
