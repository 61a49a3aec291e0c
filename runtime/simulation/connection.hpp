// A TCP connection between two simulated machines, or within one. Internal to the simulation.
//
//   writer's machine                          reader's machine
//   write() -> pending -> [ parts under way, in order ] -> inbox -> on_bytes()
//              '--------- at most stream_buffer bytes ---------'
//
// Bytes are never lost or changed, only late: a part that the link loses is sent again after a time-out and
// holds up those behind it. What breaks a connection: an end that is destroyed (FIN, or RST when bytes were
// not read), a machine that lost its power and came back (RST once it is sent something), the link's `reset`,
// and no acknowledgement for stream_patience.
#pragma once

#include "runtime/environment/event_loop.hpp"
#include "runtime/simulation/loop_core.hpp"
#include "runtime/simulation/member_event.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

class bound_listener;
class simulated_connection;

// One end, and the direction from it to the other end.
class stream_end {
public:
  stream_end(simulated_connection& of, std::uint32_t side, machine& at, std::shared_ptr<loop_core> loop,
             endpoint local);
  stream_end(const stream_end&) = delete;
  stream_end& operator=(const stream_end&) = delete;

  // -- what byte_stream promises

  void begin(stream_handler& handler);
  void write(byte_buffer bytes);
  void pause_reading() noexcept { reading_ = false; }
  void resume_reading();
  void close();
  endpoint peer() const noexcept;
  const std::vector<std::string>& peer_names() const noexcept { return peer_names_; }

  // -- what the network does

  // The other end learns that the connection is established; for the end that asked for it.
  void send_establish();
  // The machine has lost its power: nothing is told any more, and nothing sent again.
  void vanish();
  // A clogged direction is free again.
  void go_on();
  bool done() const noexcept { return !open_ && parts_.empty(); }
  machine& at() const noexcept { return at_; }

  // For the end that listened: where it will be handed over, and how many others there may be.
  void set_listener(std::weak_ptr<bound_listener> by) { listener_ = std::move(by); }
  void set_peer_names(std::vector<std::string> names) { peer_names_ = std::move(names); }
  void set_local(const endpoint& where) noexcept { local_ = where; }

private:
  enum class part_kind : std::uint8_t { establish, bytes, finish, reset };
  struct part {
    part_kind kind;
    bool resent = false; // it takes the sender's machine to arrive
    monotonic_time arrival;
    std::uint64_t message;
    byte_buffer bytes;
  };

  stream_end& other() const noexcept;
  void pump();
  void send(part_kind kind, byte_buffer bytes);
  void arrive_due();
  bool arrive(part& what);
  void retry();
  void break_off(status why);
  void refuse_part(const part& what);
  void accept();
  void taken(std::size_t bytes);
  void open_window();
  void run_reading();
  void run_drained();
  void run_closed();
  void tell_closed(status why);
  void forget_work() noexcept;

  simulated_connection& of_;
  const std::uint32_t side_; // 0 connected, 1 listened
  machine& at_;
  const std::shared_ptr<loop_core> loop_;
  endpoint local_;
  std::vector<std::string> peer_names_;
  std::weak_ptr<bound_listener> listener_;
  stream_handler* handler_ = nullptr;
  bool open_; // the stream object exists; on the side that listened: from when the connection is established
  bool counted_ = false; // among the listener's connections
  bool reading_ = true;

  // -- outgoing
  byte_buffer pending_;
  std::size_t pumped_ = 0; // of pending_
  bool writing_ = false;
  std::size_t outstanding_ = 0; // bytes sent and not read by the other end
  std::deque<part> parts_;      // under way
  bool held_ = false;           // the link is clogged
  bool forgotten_ = false;      // by its machine, which has lost its power
  std::uint32_t retries_ = 0;   // of the first part
  duration unacknowledged_{};

  // -- incoming
  std::deque<byte_buffer> inbox_;
  std::size_t inbox_read_ = 0; // of its first buffer
  bool finished_ = false;      // the other end has sent all
  bool ended_ = false;         // on_closed() is due
  status end_;

  member_event<stream_end, &stream_end::arrive_due> arrival_{*this};
  member_event<stream_end, &stream_end::open_window> window_{*this};
  member_work<stream_end, &stream_end::run_reading> read_work_{*this};
  member_work<stream_end, &stream_end::run_drained> drained_work_{*this, "drained"};
  member_work<stream_end, &stream_end::run_closed> closed_work_{*this, "closed"};
};

class simulated_connection : public std::enable_shared_from_this<simulated_connection> {
public:
  simulated_connection(std::uint64_t number, machine& from, std::shared_ptr<loop_core> from_loop,
                       endpoint source, machine& to, std::shared_ptr<loop_core> to_loop, endpoint target);

  // Forgets itself when nothing can happen on it any more. The caller holds a reference.
  void settle();

  const std::uint64_t id;
  stream_end client;
  stream_end server;
};

// The end that a program holds.
class simulated_stream final : public byte_stream {
public:
  simulated_stream(std::shared_ptr<simulated_connection> of, stream_end& end)
    : of_(std::move(of)), end_(end) {}
  ~simulated_stream() override;

  void begin(stream_handler& handler) override { end_.begin(handler); }
  void write(byte_buffer bytes) override { end_.write(std::move(bytes)); }
  void pause_reading() override { end_.pause_reading(); }
  void resume_reading() override { end_.resume_reading(); }
  endpoint peer() const noexcept override { return end_.peer(); }
  const std::vector<std::string>& peer_names() const noexcept override { return end_.peer_names(); }

private:
  const std::shared_ptr<simulated_connection> of_;
  stream_end& end_;
};

} // namespace troupe
