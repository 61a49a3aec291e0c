// One connection between two nodes, as a pure core: bytes in, events out; frames in, bytes out. It greets,
// numbers and orders frames, cuts large ones, keeps to the peer's windows and watches for silence. It knows
// nothing of sockets, threads, actors or protobuf.
//
// Order of what is sent: control frames first; then frames in the order they were added, except that frames
// which must wait (they are large, or the peer's window is closed) stand aside in their lane, and later
// frames of the same lane behind them. Lanes take turns, a fragment at a time. So one large or blocked
// message holds up nobody but its own lane.
#pragma once

#include "runtime/link/envelope.hpp"
#include "runtime/link/greeting.hpp"
#include "runtime/link/link_limits.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace troupe {

// What a session tells its owner, from within receive(). Views are valid during the call only.
class link_events {
public:
  virtual ~link_events() = default;

  // The peer has introduced itself and the versions agree. An error refuses it: it is told why, and receive()
  // returns that error.
  virtual status on_greeting(const greeting& theirs) = 0;

  virtual void on_request(decoded_request& what) = 0;
  virtual void on_item(decoded_item& what) = 0;
  virtual void on_half_close(std::uint64_t id) = 0;
  virtual void on_credit(call_key call, std::uint32_t items) = 0;
  virtual void on_cancel(std::uint64_t id, status reason) = 0;
  virtual void on_reply(decoded_reply& what) = 0;
  virtual void on_failure(decoded_failure& what) = 0;
  virtual void on_message(const message_fields& what) = 0;
  virtual void on_watch(std::uint64_t actor) = 0;
  virtual void on_unwatch(std::uint64_t actor) = 0;
  virtual void on_ended(std::uint64_t actor, byte_view reason) = 0;
  virtual void on_drain() = 0;
  virtual void on_goodbye(const status& reason) = 0;
};

struct link_session_figures {
  std::uint64_t frames_sent = 0; // whole ones; those that went in fragments count once
  std::uint64_t frames_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::size_t queued_bytes = 0;    // waiting to be sent
  std::size_t waiting_frames = 0;  // aside in lanes
  std::uint64_t window_stalls = 0; // frames that had to wait for the peer's window
  // What the peer holds of its windows: bytes sent that it has not returned.
  std::uint64_t request_bytes_outstanding = 0;
  std::uint64_t item_bytes_outstanding = 0;
};

// For one thread at a time.
class link_session {
public:
  // `accepted`: the peer dialed. The dialing side greets first; the accepting side greets when it has
  // accepted the other's greeting, and so says nothing to a stranger but a refusal. The versions and sizes in
  // `ours` are taken from `limits`.
  link_session(bool accepted, greeting ours, const link_limits& limits, monotonic_time now);
  ~link_session();
  link_session(const link_session&) = delete;
  link_session& operator=(const link_session&) = delete;

  // True once both have greeted. Frames may be added before; they wait.
  bool established() const noexcept;
  const greeting& theirs() const noexcept; // once established
  std::uint16_t version() const noexcept;

  // Takes what came from the network. An error is the end of the connection: what there is to be sent (a
  // refusal, a goodbye) should still be tried, and everything but that is dropped. Errors: INVALID_ARGUMENT
  // (the peer broke the protocol, saying how), RESOURCE_EXHAUSTED (the peer makes us answer and does not
  // read: three times send_buffer_bytes wait), FAILED_PRECONDITION (another cluster, no common version), the
  // peer's refusal or goodbye, or on_greeting()'s verdict. The owner may add frames from within events, but
  // not call receive().
  status receive(byte_view bytes, link_events& events, monotonic_time now);

  // -- what to send. `lane`: frames of equal lanes keep their order. Functions with a payload give room for
  // it that is to be filled before anything else is called; null: refused, see `why_refused`.

  enum class refusal : std::uint8_t {
    none,
    too_large,
    buffer_full,
    too_many_calls,
    draining,     // the peer is stopping
    bad_metadata, // what check_metadata() and check_headers() refuse, or a text that is too long
    call_over,    // cancelled by the peer, or answered before: there is nothing more to be said
    closed,       // after a goodbye, or after receive() or tick() failed
  };

  // Opens a call; `fields.id` must be fresh. Null when refused; buffer_full when send_buffer_bytes wait.
  // Frames that wait for the greeting and turn out to be more than the peer takes are given up by an
  // on_failure() event.
  std::byte* add_request(std::uint64_t lane, const request_fields& fields, bool has_payload,
                         std::size_t payload_size, refusal& why_refused);
  // Items obey the peer's windows; they wait in the session when those are closed, or their own request
  // waits. They keep their order with frames of their own call only. buffer_full when twice send_buffer_bytes
  // wait.
  std::byte* add_item(call_key call, const header_list* headers, std::size_t payload_size,
                      refusal& why_refused);
  void add_half_close(std::uint64_t id);
  // The consumer of a stream has consumed `items` more, or, as its first word, allows so many. Returns the
  // windows that they held: a consumer that has consumed all there was must have said so before it waits, or
  // its producer may wait for the window for ever.
  void add_credit(call_key call, std::uint32_t items);
  // A call of ours is given up; it is closed, and its frames that wait are dropped. True: its request had not
  // been sent completely and never will be, so that the peer never learns of the call.
  bool add_cancel(std::uint64_t id, const status& reason);
  // Answers a call of the peer. `lane`: those of equal lanes keep their order; lanes of replies and failures
  // have nothing to do with those of requests and messages. too_large, buffer_full (twice send_buffer_bytes
  // wait) or bad_metadata: answer with add_failure() instead. Frames of the call that wait go first.
  std::byte* add_reply(std::uint64_t lane, const reply_fields& fields, bool has_payload,
                       std::size_t payload_size, refusal& why_refused);
  // As add_reply(), never refused; headers that the peer would not take are left out.
  void add_failure(std::uint64_t lane, std::uint64_t id, const status& outcome, const header_list* headers);
  // buffer_full when twice send_buffer_bytes wait.
  std::byte* add_message(std::uint64_t lane, const message_fields& fields, std::size_t payload_size,
                         refusal& why_refused);
  void add_watch(std::uint64_t actor);
  void add_unwatch(std::uint64_t actor);
  // Goes after every message that was added before. A reason of more than 64 KiB is left out.
  void add_ended(std::uint64_t actor, byte_view reason);
  void add_drain();
  // The last frame: sent after what is ready to go, but not after what waits for the peer's windows. Further
  // frames are refused.
  void add_goodbye(const status& reason);

  // -- flow control, receiving side

  // A request of the peer has left its mailbox: its bytes no longer count. Once a request, also for one that
  // was cancelled before it was begun; an answer says the same.
  void request_begun(std::uint64_t id);

  // -- strangers

  // What is kept of a greeting or frame that has not come completely, in bytes of memory.
  std::size_t unfinished_bytes() const noexcept;

  // -- output

  bool wants_to_send() const noexcept;
  // The next batch, built in `spare` (an empty buffer, for its capacity); empty when there is nothing. What
  // it gives counts as handed to the network.
  byte_buffer next_batch(byte_buffer spare);

  // -- time

  // When tick() wants to be called next.
  monotonic_time next_tick() const noexcept;
  // Asks for a sign of life, or finds that the peer is silent (UNAVAILABLE), that it did not greet in time
  // (DEADLINE_EXCEEDED), or that it does not read (RESOURCE_EXHAUSTED): the end of the connection. Called
  // more than a heartbeat later than next_tick() asked for, it takes it that this node stood still, and gives
  // the peer time to be heard.
  status tick(monotonic_time now);

  // Asks for a sign of life now, and not only when the peer was silent for a while. Nothing before both have
  // greeted.
  void ask_for_sign_of_life(monotonic_time now);

  // Whether all of this open call's request was handed to the network: then it may have executed. Also after
  // the connection failed.
  bool request_sent(std::uint64_t id) const noexcept;

  link_session_figures figures() const noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace troupe
