// Frames that wait, and the batches that they and the others leave in.
#include "runtime/link/envelope_flags.hpp"
#include "runtime/link/session_state.hpp"

#include <algorithm>

namespace troupe {

using namespace session;

namespace {

// A batch that begins with control frames takes the frames behind them along up to this size, which costs a
// copy; larger batches follow by themselves.
constexpr std::size_t cheap_to_copy = 8u << 10;

void append(byte_buffer& to, byte_view bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

} // namespace

link_session::state::lane& link_session::state::actor_lane(lane_key key) {
  auto& slot = lanes_[key];
  if (!slot) {
    slot = std::make_unique<lane>();
    slot->key = key;
  }
  return *slot;
}

link_session::state::lane& link_session::state::call_lane(call_key call, call_stream& of) {
  if (!of.waiting) {
    of.waiting = std::make_unique<lane>();
    of.waiting->key = {call.id, call.ours ? lane_space::our_call : lane_space::their_call};
  }
  return *of.waiting;
}

void link_session::state::settle(lane& which) {
  if (which.is_linked()) which.unlink();
  which.place = lane_place::nowhere;
  while (!which.frames.empty() && which.frames.front().dropped)
    which.frames.pop_front();
  if (which.frames.empty()) return forget(which);
  if (phase_ == phase::greeting) return line_up(which, lane_place::greeting, greeting_line_);
  auto& frame = which.frames.front();
  const auto size = frame.bytes.size();
  if (frame.window == needed_window::request && !frame.granted) {
    const auto cost = request_cost(size);
    if (!request_line_.empty() || !request_may_go(requests_out_, cost))
      return line_up(which, lane_place::request_window, request_line_);
    requests_out_.take(cost);
    frame.granted = true;
  }
  if (which.key.space == lane_space::our_call || which.key.space == lane_space::their_call) {
    auto& of = *find({which.key.id, which.key.space == lane_space::our_call});
    if (of.waiting_request != nullptr) {
      which.place = lane_place::own_request;
      return;
    }
    if (frame.window == needed_window::item && !frame.granted) {
      auto& outstanding = of.stream->outstanding;
      if (!item_fits_stream(outstanding, theirs_.stream_window_bytes, size)) {
        which.place = lane_place::stream_window;
        ++figures_.window_stalls;
        return;
      }
      const bool in_line = !item_line_.empty() && outstanding > 0;
      if (in_line || !item_may_go(outstanding, theirs_.stream_window_bytes, items_out_, size))
        return line_up(which, lane_place::item_window, item_line_);
      outstanding += size;
      items_out_.take(size);
      frame.granted = true;
    }
  }
  if (!batches_.has_gone(frame.after)) return line_up(which, lane_place::batch, batch_line_);
  admit(which);
}

void link_session::state::line_up(lane& which, lane_place place, lane_list& line) {
  which.place = place;
  line.push_back(which);
  if (place == lane_place::request_window || place == lane_place::item_window) ++figures_.window_stalls;
}

bool link_session::state::room_for(const waiting_frame& frame) const noexcept {
  return partial_frames_ == 0
         || (partial_frames_ < max_partial_frames && partial_bytes_ + frame.bytes.size() <= partial_limit_);
}

void link_session::state::admit(lane& which) {
  auto& frame = which.frames.front();
  if (frame.bytes.size() > limits_.fragment_bytes && !frame.begun) {
    if (!room_line_.empty() || !room_for(frame)) return line_up(which, lane_place::room, room_line_);
    frame.begun = true;
    frame.stream = next_stream_++;
    frame.sent = wire::frame_length_size;
    waiting_bytes_ -= frame.sent;
    ++partial_frames_;
    partial_bytes_ += frame.bytes.size();
  }
  line_up(which, lane_place::turn, turns_);
}

void link_session::state::wake_requests() {
  while (!request_line_.empty()) {
    lane& first = request_line_.front();
    auto& frame = first.frames.front();
    const auto cost = request_cost(frame.bytes.size());
    if (!request_may_go(requests_out_, cost)) return;
    requests_out_.take(cost);
    frame.granted = true;
    settle(first);
  }
}

void link_session::state::wake_items() {
  while (!item_line_.empty()) {
    lane& first = item_line_.front();
    auto& frame = first.frames.front();
    auto& of = *find({first.key.id, first.key.space == lane_space::our_call})->stream;
    const auto size = frame.bytes.size();
    if (!item_may_go(of.outstanding, theirs_.stream_window_bytes, items_out_, size)) return;
    of.outstanding += size;
    items_out_.take(size);
    frame.granted = true;
    settle(first);
  }
}

void link_session::state::wake_room() {
  while (!room_line_.empty() && room_for(room_line_.front().frames.front())) {
    lane& first = room_line_.front();
    // Out of the line first: admit() looks whether others stand in it.
    lane_list rest;
    first.unlink();
    rest.splice(rest.end(), room_line_);
    admit(first);
    room_line_.splice(room_line_.end(), rest);
  }
}

void link_session::state::wake_stream(call_stream& of) {
  if (!of.waiting) return;
  auto& which = *of.waiting;
  // In line for all streams' window, it keeps its place unless it may go without.
  const bool waits = which.place == lane_place::stream_window
                     || (which.place == lane_place::item_window && of.outstanding == 0);
  if (waits) settle(which);
}

void link_session::state::forget(lane& which) {
  const auto key = which.key;
  if (key.space == lane_space::our_actor || key.space == lane_space::their_actor) {
    lanes_.erase(key);
    return;
  }
  const call_key call{key.id, key.space == lane_space::our_call};
  auto* of = find(call);
  of->stream->waiting.reset();
  if (of->answered) their_calls_.erase(key.id);
}

void link_session::state::first_frame_gone(lane& which) {
  auto& frame = which.frames.front();
  --waiting_frames_;
  ++figures_.frames_sent;
  if (which.key.space == lane_space::our_actor) {
    if (frame.window == needed_window::request) {
      const auto id = frame.id;
      which.frames.pop_front();
      auto* of = find({id, true});
      of->waiting_request = nullptr;
      of->request = 0;
      if (of->stream && of->stream->waiting) settle(*of->stream->waiting);
      return settle(which);
    }
    message_left(frame.id);
  }
  which.frames.pop_front();
  settle(which);
}

void link_session::state::message_left(std::uint64_t number) {
  waiting_messages_.erase(number);
  send_ends();
}

void link_session::state::drop_frame(waiting_frame& frame) {
  waiting_bytes_ -= frame.left();
  --waiting_frames_;
  frame.dropped = true;
  if (frame.granted) {
    if (frame.window == needed_window::request)
      requests_out_.give_back(request_cost(frame.bytes.size()));
    else
      items_out_.give_back(frame.bytes.size());
  }
  if (frame.begun) {
    --partial_frames_;
    partial_bytes_ -= frame.bytes.size();
    if (frame.sent > wire::frame_length_size) append_fragment(control_, frame.stream, true, {});
  }
  frame.bytes = {};
  frame.sent = 0;
}

void link_session::state::drop_lane(call_stream& of) {
  if (!of.waiting) return;
  for (auto& frame : of.waiting->frames)
    drop_frame(frame);
  of.waiting.reset();
  wake_items();
  wake_room();
}

void link_session::state::drop_request(call_state& of) {
  auto& frame = *std::exchange(of.waiting_request, nullptr);
  auto& where = *frame.where;
  const bool was_first = &where.frames.front() == &frame;
  drop_frame(frame);
  if (was_first) settle(where);
  wake_requests();
  wake_room();
}

void link_session::state::send_turns(byte_buffer& out) {
  bool sent = false;
  while (!turns_.empty() && (out.size() < limits_.batch_bytes || !sent)) {
    lane& which = turns_.front();
    auto& frame = which.frames.front();
    sent = true;
    if (!frame.begun) {
      append(out, frame.bytes);
      waiting_bytes_ -= frame.bytes.size();
      first_frame_gone(which);
      continue;
    }
    const auto size = std::min(limits_.fragment_bytes, frame.left());
    const bool last = size == frame.left();
    append_fragment(out, frame.stream, last, byte_view{frame.bytes}.subspan(frame.sent, size));
    frame.sent += size;
    waiting_bytes_ -= size;
    if (last) {
      --partial_frames_;
      partial_bytes_ -= frame.bytes.size();
      first_frame_gone(which);
      wake_room();
    } else {
      which.unlink();
      turns_.push_back(which);
    }
  }
}

bool link_session::state::wants_to_send() const noexcept {
  if (!first_.empty()) return true;
  switch (phase_) {
  case phase::greeting:
    return false;
  case phase::ended:
    return !last_words_.empty();
  case phase::established:
    break;
  }
  if (goodbye_sent_) return false;
  return !control_.empty() || returns_.any() || pong_ || !batches_.empty() || !turns_.empty() || goodbye_;
}

void link_session::state::drop_idle_memory() {
  batches_.drop_spares();
  if (tail_.empty()) tail_ = {};
  if (control_.empty()) control_ = {};
}

byte_buffer link_session::state::next_batch(byte_buffer spare) {
  spare.clear();
  byte_buffer out = std::move(spare);
  if (!wants_to_send()) return out;
  append(out, std::exchange(first_, {}));
  if (phase_ == phase::ended) append(out, std::exchange(last_words_, {}));
  if (phase_ != phase::established) return out;

  flush_returns();
  if (pong_) add_control([&](byte_buffer& to) { append_pong(to, *std::exchange(pong_, std::nullopt)); });
  append(out, control_);
  control_.clear();
  if (!batches_.empty()) {
    if (out.empty()) {
      batches_.give_spare(std::exchange(out, batches_.take()));
    } else if (batches_.front_size() <= cheap_to_copy) {
      auto batch = batches_.take();
      append(out, batch);
      batches_.give_spare(std::move(batch));
    }
    while (!batch_line_.empty() && batches_.has_gone(batch_line_.front().frames.front().after)) {
      lane& first = batch_line_.front();
      first.unlink();
      admit(first);
    }
  }
  send_turns(out);
  if (goodbye_ && batches_.empty() && turns_.empty()) {
    append_goodbye(out, *goodbye_);
    goodbye_sent_ = true;
  }
  return out;
}

std::vector<std::uint64_t> link_session::state::drop_unacceptable() {
  std::vector<std::uint64_t> refused;
  std::size_t calls = 0;
  for (auto& which : greeting_line_) {
    for (auto& frame : which.frames) {
      const bool too_large = frame.payload_size > longest_payload();
      const bool is_call = frame.window == needed_window::request;
      if (is_call && !too_large && ++calls <= open_calls_limit_) continue;
      if (!is_call && !too_large) continue;
      if (which.key.space == lane_space::our_actor && !is_call) {
        waiting_messages_.erase(frame.id);
        drop_frame(frame);
      } else {
        refused.push_back(frame.id);
      }
    }
  }
  return refused;
}

} // namespace troupe
