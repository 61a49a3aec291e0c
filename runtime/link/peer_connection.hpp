// One connection to a peer: joins a stream, a session and the calls that go through them. Everything but its
// ends' deliver() happens on the gate's loop. Internal to this component.
#pragma once

#include "runtime/call/inline_execution.hpp"
#include "runtime/link/connection_ends.hpp"
#include "runtime/link/gate.hpp"
#include "runtime/link/gate_metrics.hpp"
#include "runtime/link/link_session.hpp"
#include "runtime/link/outbox.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <string>
#include <vector>

namespace troupe {

class peer_connection;
class remote_actors;

// What the gate decides for its connections. Called on the loop.
class connection_owner {
public:
  virtual ~connection_owner() = default;
  // OK: go on; ABORTED: go on, but say goodbye at once (another connection joins the two already); other
  // errors refuse.
  virtual status on_greeting(peer_connection& which, const greeting& theirs) = 0;
  virtual void on_established(peer_connection& which) = 0;
  // Memory that what came from one who has not been taken for a peer takes has changed by so many bytes. May
  // end any stranger's connection, this one too.
  virtual void on_stranger_bytes(std::ptrdiff_t change) = 0;
  virtual void on_draining(peer_connection& which) = 0;
  // Nothing more comes of the connection.
  virtual void on_gone(peer_connection& which, const status& why) = 0;
};

// What all connections of a gate share; outlives them.
struct connection_surroundings {
  event_loop& loop;
  const clock& time;
  troupe::directory& local;
  const std::vector<const service_info*>& services;
  inline_execution* inline_unit; // null: woken actors run on the scheduler's threads
  gate_metrics& metrics;
  remote_actors& actors;
  connection_owner& owner;
};

class peer_connection final : public std::enable_shared_from_this<peer_connection>,
                              private stream_handler,
                              private link_events {
public:
  // `number`: larger than those of the gate's connections before it.
  peer_connection(const connection_surroundings& around, std::uint64_t number,
                  std::unique_ptr<byte_stream> stream, bool accepted, greeting ours,
                  const link_limits& limits);
  ~peer_connection() override;

  std::uint64_t number() const noexcept { return number_; }

  void begin();
  // Ends the connection at once; calls under way fail with `why`. The owner is told unless it was before.
  void end(const status& why);
  // Says goodbye, sends what waits, and ends; after `patience` at the latest.
  void finish(const status& why, duration patience);
  // Asks the peer for a sign of life and ends the connection with `why` when nothing at all came within
  // `limit`. Nothing while it is being asked already.
  void probe(duration limit, status why);
  // Tells the peer to send no new calls; ends when no call is left if `then_finish`.
  void drain(bool then_finish);

  bool accepted() const noexcept { return accepted_; }
  bool established() const noexcept { return callee_ != nullptr; }
  bool ended() const noexcept { return ended_; }
  // What a stranger holds, as on_stranger_bytes() told it.
  std::size_t stranger_bytes() const noexcept { return stranger_bytes_; }
  bool draining() const noexcept { return peer_drains_; }
  const greeting& theirs() const noexcept { return theirs_; }
  endpoint address() const noexcept { return address_; }
  const std::vector<std::string>& certificate_names() const noexcept { return stream_->peer_names(); }
  // Null before the peer has greeted.
  peer_end_ptr end_for_calls() const noexcept { return callee_; }
  monotonic_time last_heard() const noexcept { return last_heard_; }
  peer_report report() const;

  // A message for an actor of the peer; thread-safe. False: the connection is closed or full.
  bool send(outbox::actor_entry what) { return outbox_->put(what) == outbox::outcome::taken; }

private:
  struct served_call {
    call_ptr call;
    std::uint64_t lane = 0;
    bool headers_sent = false;
    bool begun = false; // the session was told that the request waits no longer
  };
  // A method of ours, by its number in our greeting.
  struct served_method {
    const method_info* method = nullptr;
    service_route* route = nullptr;
  };

  template <class Work>
  void turn(Work&& work);
  void flush();
  void write_next();
  void watch_silence();
  void finish_if_idle();
  void count_stranger_bytes();

  // stream_handler
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_drained(byte_buffer spent) override;
  void on_closed(const status& why) override;

  // link_events
  status on_greeting(const greeting& theirs) override;
  void on_request(decoded_request& what) override;
  void on_item(decoded_item& what) override;
  void on_half_close(std::uint64_t id) override;
  void on_credit(call_key which, std::uint32_t items) override;
  void on_cancel(std::uint64_t id, status reason) override;
  void on_reply(decoded_reply& what) override;
  void on_failure(decoded_failure& what) override;
  void on_message(const message_fields& what) override;
  void on_watch(std::uint64_t actor) override;
  void on_unwatch(std::uint64_t actor) override;
  void on_ended(std::uint64_t actor, byte_view reason) override;
  void on_drain() override;
  void on_goodbye(const status& reason) override;

  // What the outbox holds.
  void send_frame(call_frame& what);
  void send_request(const call_ptr& what);
  void send_item(call_key which, const call_ptr& what, const message_ptr& item);
  void send_answer(frame& what);
  void send_actor_entry(outbox::actor_entry& what);

  result<std::uint32_t> method_number(const method_info& method);
  call_ptr take_call(std::uint64_t id);
  // Forgets a call of the peer; its request counts no longer.
  void forget_served(std::uint64_t id);
  const call_ptr& find_call(std::uint64_t id) const;
  const call_ptr& find_served(std::uint64_t id) const;
  void break_protocol(std::string why);

  connection_surroundings around_;
  const std::uint64_t number_;
  std::unique_ptr<byte_stream> stream_;
  endpoint address_;
  bool accepted_;
  duration unread_limit_;
  link_session session_;
  outbox_ptr outbox_;
  outbox::content taken_;
  greeting theirs_;
  boost::intrusive_ptr<connection_callee> callee_;
  call_end_ptr caller_;
  std::vector<served_method> served_methods_;
  boost::unordered_flat_map<const method_info*, std::uint32_t> method_numbers_;
  boost::unordered_flat_map<std::uint64_t, call_ptr> calls_;     // made by this node
  boost::unordered_flat_map<std::uint64_t, served_call> served_; // made by the peer
  std::unique_ptr<loop_timer> timer_;
  std::unique_ptr<loop_timer> patience_;
  std::unique_ptr<loop_timer> probe_;
  byte_buffer spare_;
  peer_metrics metrics_;
  link_session_figures counted_;
  status protocol_error_;
  status parting_; // said to the peer as the last thing
  monotonic_time last_heard_;
  monotonic_time write_began_;
  monotonic_time tick_armed_for_ = monotonic_time::max();
  std::uint64_t next_id_ = 1;
  std::size_t stranger_bytes_ = 0;
  unsigned turns_ = 0;
  bool writing_ = false;
  bool peer_drains_ = false;
  bool we_drain_ = false;
  bool finish_when_idle_ = false;
  bool finishing_ = false;
  bool ended_ = false;
};

} // namespace troupe
