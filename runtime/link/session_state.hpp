// The parts of a link_session. Internal to it.
//
//   add_...() -+-> batches_: nothing is in the way ----------------------+-> next_batch()
//              +-> a lane, until what it waits for is there --> turns_ --+
//              +-> control_: what must never wait -----------------------+
#pragma once

#include "runtime/link/link_session.hpp"
#include "runtime/link/session_assembly.hpp"
#include "runtime/link/session_batches.hpp"
#include "runtime/link/session_calls.hpp"
#include "runtime/link/session_windows.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace troupe {

struct link_session::state {
  using lane = session::lane;
  using lane_key = session::lane_key;
  using lane_place = session::lane_place;
  using lane_space = session::lane_space;
  using call_state = session::call_state;
  using call_stream = session::call_stream;
  using waiting_frame = session::waiting_frame;
  using needed_window = session::needed_window;

  enum class phase : std::uint8_t { greeting, established, ended };

  state(bool accepted, greeting ours, const link_limits& limits, monotonic_time now);

  // -- session_receive.cpp: what comes
  status receive(byte_view bytes, link_events& events);
  status take_greeting(byte_view bytes, link_events& events);
  status establish(link_events& events);
  status take_frames(byte_view bytes, link_events& events);
  // `size`: of the whole frame on the wire, or as it would have been had it not been cut.
  status take_frame(envelope_kind kind, byte_view body, std::size_t size, link_events& events);
  status take_fragment(byte_view body, link_events& events);
  status take_request(byte_view body, std::size_t size, link_events& events);
  status take_item(byte_view body, std::size_t size, link_events& events);
  status take_reply(byte_view body, link_events& events);
  status take_failure(byte_view body, link_events& events);
  status take_credit(byte_view body, link_events& events);
  status take_cancel(byte_view body, link_events& events);
  status take_half_close(std::uint64_t id, link_events& events);
  status take_number(envelope_kind kind, byte_view body, link_events& events);
  // Whether a frame about a call that is not open can be one that crossed the call's end on its way.
  status check_known(call_key call, const char* frame) const;
  status check_sent(const call_state& of, std::uint64_t id, const char* frame) const;
  // Ends a call of ours that the peer answers; `open`: it had not ended before.
  status take_answer(std::uint64_t id, const char* frame, bool& open);
  status check_payload(std::size_t size) const;
  // Ends the connection, telling the peer why; gives `why`.
  status fail(status why);

  // -- session_send.cpp: what goes
  // Appends a frame by `append(buffer)`, which gives what this gives, to where it may go: a batch, or the
  // lane that `find_lane` finds or makes.
  template <class FindLane, class MayGo, class Append>
  std::byte* add(bool lane_is_there, FindLane find_lane, needed_window window, std::uint64_t id,
                 std::size_t payload_size, MayGo may_go, Append append);
  // A frame of a call that has no payload and needs no window; behind the call's others.
  template <class Append>
  void add_small(call_key call, call_state& of, Append append);
  bool may_add() const noexcept { return phase_ != phase::ended && !goodbye_; }
  std::byte* refuse(refusal& why_refused, refusal why) const noexcept;
  // Where the last frame of a call of the peer's goes: behind its items that wait, or in the lane of the
  // caller. Returns what the call holds of our windows.
  lane* end_their_call(call_state& of, std::uint64_t id);
  void end_our_call(std::uint64_t id);
  // A frame that is sent before all others.
  template <class Append>
  void add_control(Append append);
  void return_to_peer(call_key call, std::uint32_t items, std::uint64_t bytes);
  void flush_returns();
  void request_left(call_state& of);

  // -- session_lanes.cpp: what waits
  bool has_lane(lane_key key) const { return !lanes_.empty() && lanes_.contains(key); }
  lane& actor_lane(lane_key key);
  static lane& call_lane(call_key call, call_stream& of);
  // Finds out what the lane's first frame waits for, and puts the lane there. May destroy the lane, and the
  // state of a call that was answered.
  void settle(lane& which);
  void line_up(lane& which, lane_place place, session::lane_list& line);
  // The lane's first frame has all it needs but, if it is large, room.
  void admit(lane& which);
  void wake_requests();
  void wake_items();
  void wake_room();
  void wake_stream(call_stream& of);
  bool room_for(const waiting_frame& frame) const noexcept;
  void forget(lane& which);
  void first_frame_gone(lane& which);
  // Takes a frame out of the accounts that will not be sent; tells the peer when some of it was.
  void drop_frame(waiting_frame& frame);
  void drop_lane(call_stream& of);
  void drop_request(call_state& of);
  void send_turns(byte_buffer& out);
  byte_buffer next_batch(byte_buffer spare);
  bool wants_to_send() const noexcept;
  // After the other side's greeting: what is more than it takes. Ids of calls that cannot be made.
  std::vector<std::uint64_t> drop_unacceptable();
  void message_left(std::uint64_t number);
  // Sends the ends of actors whose messages have all gone.
  void send_ends();
  // Buffers that a connection without traffic need not keep.
  void drop_idle_memory();

  std::size_t queued_bytes() const noexcept {
    return first_.size() + control_.size() + batches_.bytes() + waiting_bytes_ + ended_bytes_;
  }
  std::size_t longest_payload() const noexcept {
    return phase_ == phase::greeting
             ? limits_.max_message_bytes
             : std::min<std::uint64_t>(limits_.max_message_bytes, theirs_.max_message_bytes);
  }
  call_state* find(call_key call) noexcept { return (call.ours ? our_calls_ : their_calls_).find(call.id); }

  const bool accepted_;
  greeting ours_;
  const link_limits limits_;
  phase phase_ = phase::greeting;
  greeting theirs_;
  std::uint16_t version_ = 0;
  status failure_; // why it ended

  // Calls, and what their frames hold of windows.
  session::call_table our_calls_;
  session::call_table their_calls_;
  std::uint64_t highest_of_ours_ = 0;
  std::uint64_t highest_of_theirs_ = 0;
  std::uint32_t their_open_calls_ = 0; // those that were neither answered nor cancelled
  std::uint32_t open_calls_limit_ = 0; // of ours
  session::window requests_out_;
  session::request_intake requests_in_;
  session::window items_out_;
  std::uint64_t items_in_ = 0; // what all streams hold of our window for items

  // Receiving.
  byte_buffer tail_; // of a frame that has not come completely
  session::frame_assembly assembly_;
  decoded_request request_;
  decoded_item item_;
  decoded_reply reply_;
  decoded_failure failed_;

  // Sending.
  byte_buffer first_; // greeting or refusal
  byte_buffer control_;
  byte_buffer last_words_; // once it ended
  session::batch_queue batches_;
  struct {
    call_key call;
    std::uint32_t items = 0;
    std::uint64_t bytes = 0;
    bool any() const noexcept { return items != 0 || bytes != 0; }
  } returns_; // credit that is collected until something is sent, or another call's comes
  std::optional<std::uint64_t> pong_;
  std::optional<status> goodbye_;
  bool goodbye_sent_ = false;
  bool peer_drains_ = false;
  boost::unordered_flat_map<lane_key, std::unique_ptr<lane>, boost::hash<lane_key>> lanes_; // of actors
  // Lanes by what they wait for; those that wait for a stream's window or their own request are in none.
  session::lane_list greeting_line_;
  session::lane_list request_line_;
  session::lane_list item_line_;
  session::lane_list batch_line_;
  session::lane_list room_line_;
  session::lane_list turns_;
  std::size_t waiting_bytes_ = 0;
  std::size_t waiting_frames_ = 0;
  std::size_t partial_frames_ = 0; // large ones that have begun
  std::size_t partial_bytes_ = 0;
  std::size_t partial_limit_ = 0;
  std::uint32_t next_stream_ = 0;
  // An actor's end is told after the messages that were added before it.
  std::uint64_t next_message_ = 0;
  std::set<std::uint64_t> waiting_messages_;
  struct waiting_end {
    std::uint64_t after; // messages with lower numbers
    byte_buffer bytes;
  };
  std::deque<waiting_end> waiting_ends_;
  std::size_t ended_bytes_ = 0;

  // Time.
  const monotonic_time began_;
  monotonic_time last_received_;
  monotonic_time last_ping_;
  std::uint64_t pings_ = 0;

  link_session_figures figures_;
};

template <class Append>
void link_session::state::add_control(Append append) {
  append(control_);
  ++figures_.frames_sent;
}

} // namespace troupe
