// One connection between two nodes, as a pure core: bytes in, events out; frames in, bytes out. It greets,
// numbers and orders frames, cuts large ones, keeps to the peer's windows and watches for silence. It knows
// nothing of sockets, threads, actors or protobuf.
//
// Order of what is sent: control frames first; then frames in the order they were added, except that frames
// which must wait (they are large, or the peer's window is closed) stand aside in their lane, and later frames
// of the same lane behind them. Lanes take turns, a fragment at a time. So one large or blocked message holds
// up nobody but its own lane.
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
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::size_t queued_bytes = 0;   // waiting to be sent
  std::size_t waiting_frames = 0; // aside in lanes
  std::uint64_t window_stalls = 0; // frames that had to wait for the peer's window
};

// For one thread at a time.
class link_session {
public:
  // `accepted`: the peer dialed. The dialing side greets first; the accepting side greets when it has accepted
  // the other's greeting, and so says nothing to a stranger but a refusal.
  link_session(bool accepted, greeting ours, const link_limits& limits, monotonic_time now);
  ~link_session();
  link_session(const link_session&) = delete;
  link_session& operator=(const link_session&) = delete;

  // True once both have greeted. Frames may be added before; they wait.
  bool established() const noexcept;
  const greeting& theirs() const noexcept; // once established
  std::uint16_t version() const noexcept;

  // Takes what came from the network. An error is the end of the connection: what there is to be sent (a
  // refusal, a goodbye) should still be tried. Errors: INVALID_ARGUMENT (the peer broke the protocol, saying
  // how), the peer's refusal or goodbye, or on_greeting()'s verdict. The owner may add frames from within
  // events, but not call receive().
  status receive(byte_view bytes, link_events& events, monotonic_time now);

  // -- what to send. `lane`: frames of equal lanes keep their order. Functions with a payload give room for it
  // that is to be filled before anything else is called; null: refused, see `why_refused`.

  enum class refusal : std::uint8_t { none, too_large, buffer_full, too_many_calls, draining };

  // Opens a call; `fields.id` must be fresh. Null when refused.
  std::byte* add_request(std::uint64_t lane, const request_fields& fields, bool has_payload,
                         std::size_t payload_size, refusal& why_refused);
  // Items obey the peer's stream window; they wait in the session when it is closed. too_large only.
  std::byte* add_item(call_key call, const header_list* headers, std::size_t payload_size,
                      refusal& why_refused);
  void add_half_close(std::uint64_t id);
  // The consumer of a stream has consumed `items` more.
  void add_credit(call_key call, std::uint32_t items);
  // A call of ours is given up. True: its request had not been sent and never will be; nothing is told to the
  // peer, and the call is closed.
  bool add_cancel(std::uint64_t id, const status& reason);
  // Answers a call of the peer. `lane`: the lane of its request. too_large or buffer_full: answer with
  // add_failure() instead. Frames of the call that wait go first.
  std::byte* add_reply(std::uint64_t lane, const reply_fields& fields, bool has_payload,
                       std::size_t payload_size, refusal& why_refused);
  void add_failure(std::uint64_t lane, std::uint64_t id, const status& outcome, const header_list* headers);
  std::byte* add_message(std::uint64_t lane, const message_fields& fields, std::size_t payload_size,
                         refusal& why_refused);
  void add_watch(std::uint64_t actor);
  void add_unwatch(std::uint64_t actor);
  void add_ended(std::uint64_t actor, byte_view reason);
  void add_drain();
  void add_goodbye(const status& reason);

  // -- flow control, receiving side

  // A request of the peer has left its mailbox: its bytes no longer count. Once a request.
  void request_begun(std::uint64_t id);

  // -- output

  bool wants_to_send() const noexcept;
  // The next batch, built in `spare` (an empty buffer, for its capacity); empty when there is nothing.
  byte_buffer next_batch(byte_buffer spare);

  // -- time

  // When tick() wants to be called next.
  monotonic_time next_tick() const noexcept;
  // Asks for a sign of life, or finds that the peer is silent (UNAVAILABLE), or that it did not greet in time
  // (DEADLINE_EXCEEDED): the end of the connection.
  status tick(monotonic_time now);

  // Whether bytes of this call's request were handed to the network: then it may have executed.
  bool request_sent(std::uint64_t id) const noexcept;

  link_session_figures figures() const noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace troupe
