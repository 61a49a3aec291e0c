// Frames that the owner adds: at once into a batch, or into a lane when something is in the way.
#include "runtime/link/session_state.hpp"
#include "runtime/probe/probe.hpp"

#include <algorithm>
#include <limits>

namespace troupe {

using namespace session;

namespace {

bool acceptable(const header_list* headers) {
  return headers == nullptr || headers->empty() || check_headers(*headers).ok();
}

bool acceptable(const request_fields& fields) {
  return fields.shard_key.size() <= max_text_bytes
         && (fields.metadata == nullptr || check_metadata(*fields.metadata).ok());
}

constexpr auto always = [](std::size_t) { return true; };

} // namespace

std::byte* link_session::state::refuse(refusal& why_refused, refusal why) const noexcept {
  why_refused = why;
  return nullptr;
}

template <class FindLane, class MayGo, class Append>
std::byte* link_session::state::add(bool lane_is_there, FindLane find_lane, needed_window window,
                                    std::uint64_t id, std::size_t payload_size, MayGo may_go, Append append) {
  const bool straight =
    (!lane_is_there || TROUPE_PLANTED_BUG("link.lane_overtaken")) // past larger ones of the same lane
    && phase_ == phase::established && payload_size <= limits_.fragment_bytes;
  if (straight) {
    auto& batch = batches_.open();
    const auto before = batch.size();
    auto* payload = append(batch);
    const auto size = batch.size() - before;
    if (size <= limits_.fragment_bytes && may_go(size)) {
      batches_.close();
      ++figures_.frames_sent;
      return payload;
    }
    batches_.give_up();
  }
  lane& into = find_lane();
  auto& frame = into.frames.emplace_back();
  frame.window = window;
  frame.id = id;
  frame.where = &into;
  frame.payload_size = payload_size;
  frame.after = batches_.last_batch();
  auto* payload = append(frame.bytes);
  waiting_bytes_ += frame.bytes.size();
  ++waiting_frames_;
  // The others know what they wait for.
  if (into.frames.size() == 1) settle(into);
  return payload;
}

template <class Append>
void link_session::state::add_small(call_key call, call_state& of, Append append) {
  const bool behind = of.waiting_request != nullptr || (of.stream && of.stream->waiting);
  const auto find_lane = [&]() -> lane& { return call_lane(call, of.streaming()); };
  add(behind, find_lane, needed_window::none, call.id, 0, always, [&](byte_buffer& to) {
    append(to);
    return static_cast<std::byte*>(nullptr);
  });
}

std::byte* link_session::add_request(std::uint64_t lane, const request_fields& fields, bool has_payload,
                                     std::size_t payload_size, refusal& why_refused) {
  auto& s = *state_;
  why_refused = refusal::none;
  if (!has_payload) payload_size = 0;
  if (!s.may_add()) return s.refuse(why_refused, refusal::closed);
  if (s.peer_drains_) return s.refuse(why_refused, refusal::draining);
  if (!acceptable(fields)) return s.refuse(why_refused, refusal::bad_metadata);
  if (payload_size > s.longest_payload()) return s.refuse(why_refused, refusal::too_large);
  if (s.our_calls_.size() >= s.open_calls_limit_) return s.refuse(why_refused, refusal::too_many_calls);
  if (s.queued_bytes() >= s.limits_.send_buffer_bytes) return s.refuse(why_refused, refusal::buffer_full);

  auto* const inserted = s.our_calls_.insert(fields.id);
  if (inserted == nullptr) return s.refuse(why_refused, refusal::too_many_calls);
  auto& of = *inserted;
  s.highest_of_ours_ = std::max(s.highest_of_ours_, fields.id);
  const lane_key key{lane, lane_space::our_actor};
  session::lane* into = nullptr;
  auto* payload = s.add(
    s.has_lane(key),
    [&]() -> session::lane& {
      into = &s.actor_lane(key);
      return *into;
    },
    needed_window::request, fields.id, payload_size,
    [&](std::size_t size) {
      const auto cost = request_cost(size);
      if (!s.request_line_.empty() || !request_may_go(s.requests_out_, cost)) return false;
      s.requests_out_.take(cost);
      return true;
    },
    [&](byte_buffer& to) { return append_request(to, fields, has_payload, payload_size); });
  if (into != nullptr)
    of.waiting_request = &into->frames.back();
  else
    of.request = s.batches_.last_batch();
  return payload;
}

std::byte* link_session::add_item(call_key call, const header_list* headers, std::size_t payload_size,
                                  refusal& why_refused) {
  auto& s = *state_;
  why_refused = refusal::none;
  if (!s.may_add()) return s.refuse(why_refused, refusal::closed);
  auto* of = s.find(call);
  if (of == nullptr || of->cancelled || of->answered) return s.refuse(why_refused, refusal::call_over);
  if (!acceptable(headers)) return s.refuse(why_refused, refusal::bad_metadata);
  if (payload_size > s.longest_payload()) return s.refuse(why_refused, refusal::too_large);
  if (s.queued_bytes() >= 2 * s.limits_.send_buffer_bytes) return s.refuse(why_refused, refusal::buffer_full);

  auto& stream = of->streaming();
  return s.add(
    stream.waiting != nullptr || of->waiting_request != nullptr,
    [&]() -> session::lane& { return s.call_lane(call, stream); }, needed_window::item, call.id, payload_size,
    [&](std::size_t size) {
      const bool in_line = !s.item_line_.empty() && stream.outstanding > 0;
      if (in_line || !item_may_go(stream.outstanding, s.theirs_.stream_window_bytes, s.items_out_, size))
        return false;
      stream.outstanding += size;
      s.items_out_.take(size);
      return true;
    },
    [&](byte_buffer& to) { return append_item(to, call, headers, payload_size); });
}

void link_session::add_half_close(std::uint64_t id) {
  auto& s = *state_;
  auto* of = s.find({id, true});
  if (!s.may_add() || of == nullptr) return;
  s.add_small({id, true}, *of, [&](byte_buffer& to) { append_half_close(to, id); });
}

void link_session::add_credit(call_key call, std::uint32_t items) {
  auto& s = *state_;
  auto* of = s.find(call);
  if (!s.may_add() || of == nullptr || of->cancelled || of->answered || items == 0) return;
  const bool request_is_there =
    !call.ours || (of->waiting_request == nullptr && s.batches_.has_gone(of->request));
  if (!request_is_there) {
    s.add_small(call, *of, [&](byte_buffer& to) { append_credit(to, call, items, 0); });
    return;
  }
  s.return_to_peer(call, items, of->stream ? of->stream->received.release(items, s.items_in_) : 0);
}

bool link_session::add_cancel(std::uint64_t id, const status& reason) {
  auto& s = *state_;
  auto* of = s.find({id, true});
  if (!s.may_add() || of == nullptr) return false;
  if (of->waiting_request != nullptr) {
    s.drop_request(*of);
    s.end_our_call(id);
    return true;
  }
  if (s.batches_.has_gone(of->request)) {
    s.add_control([&](byte_buffer& to) { append_cancel(to, id, reason); });
  } else {
    // As control it would overtake its request.
    append_cancel(s.batches_.open(), id, reason);
    s.batches_.close();
    ++s.figures_.frames_sent;
  }
  s.end_our_call(id);
  return false;
}

void link_session::state::end_our_call(std::uint64_t id) {
  if (auto& of = *our_calls_.find(id); of.stream) {
    const auto stream = std::move(of.stream);
    return_to_peer({id, true}, 0, stream->received.release_all(items_in_));
    drop_lane(*stream);
  }
  our_calls_.erase(id);
}

link_session::state::lane* link_session::state::end_their_call(call_state& of, std::uint64_t id) {
  request_left(of);
  --their_open_calls_;
  if (of.stream) {
    return_to_peer({id, false}, 0, of.stream->received.release_all(items_in_));
    if (of.stream->waiting) {
      of.answered = true;
      return of.stream->waiting.get();
    }
  }
  their_calls_.erase(id);
  return nullptr;
}

std::byte* link_session::add_reply(std::uint64_t lane, const reply_fields& fields, bool has_payload,
                                   std::size_t payload_size, refusal& why_refused) {
  auto& s = *state_;
  why_refused = refusal::none;
  if (!has_payload) payload_size = 0;
  if (!s.may_add()) return s.refuse(why_refused, refusal::closed);
  auto* of = s.find({fields.id, false});
  if (of == nullptr || of->cancelled || of->answered) return s.refuse(why_refused, refusal::call_over);
  if (!acceptable(fields.headers)) return s.refuse(why_refused, refusal::bad_metadata);
  if (payload_size > s.longest_payload()) return s.refuse(why_refused, refusal::too_large);
  if (s.queued_bytes() >= 2 * s.limits_.send_buffer_bytes) return s.refuse(why_refused, refusal::buffer_full);

  auto* behind = s.end_their_call(*of, fields.id);
  const lane_key key{lane, lane_space::their_actor};
  return s.add(
    behind != nullptr || s.has_lane(key),
    [&]() -> session::lane& { return behind != nullptr ? *behind : s.actor_lane(key); }, needed_window::none,
    fields.id, payload_size, always,
    [&](byte_buffer& to) { return append_reply(to, fields, has_payload, payload_size); });
}

void link_session::add_failure(std::uint64_t lane, std::uint64_t id, const status& outcome,
                               const header_list* headers) {
  auto& s = *state_;
  auto* of = s.find({id, false});
  if (!s.may_add() || of == nullptr || of->cancelled || of->answered) return;
  // The failure matters more than its headers.
  if (!acceptable(headers)) headers = nullptr;
  auto* behind = s.end_their_call(*of, id);
  const lane_key key{lane, lane_space::their_actor};
  s.add(
    behind != nullptr || s.has_lane(key),
    [&]() -> session::lane& { return behind != nullptr ? *behind : s.actor_lane(key); }, needed_window::none,
    id, 0, always,
    [&](byte_buffer& to) {
      append_failure(to, id, outcome, headers);
      return static_cast<std::byte*>(nullptr);
    });
}

std::byte* link_session::add_message(std::uint64_t lane, const message_fields& fields,
                                     std::size_t payload_size, refusal& why_refused) {
  auto& s = *state_;
  why_refused = refusal::none;
  if (!s.may_add()) return s.refuse(why_refused, refusal::closed);
  if (fields.sender_node.size() > max_text_bytes) return s.refuse(why_refused, refusal::bad_metadata);
  if (payload_size > s.longest_payload()) return s.refuse(why_refused, refusal::too_large);
  if (s.queued_bytes() >= 2 * s.limits_.send_buffer_bytes) return s.refuse(why_refused, refusal::buffer_full);
  const lane_key key{lane, lane_space::our_actor};
  const auto number = ++s.next_message_;
  return s.add(
    s.has_lane(key),
    [&]() -> session::lane& {
      s.waiting_messages_.insert(number);
      return s.actor_lane(key);
    },
    needed_window::none, number, payload_size, always,
    [&](byte_buffer& to) { return append_message(to, fields, payload_size); });
}

void link_session::add_watch(std::uint64_t actor) {
  if (state_->may_add()) state_->add_control([&](byte_buffer& to) { append_watch(to, actor); });
}

void link_session::add_unwatch(std::uint64_t actor) {
  if (state_->may_add()) state_->add_control([&](byte_buffer& to) { append_unwatch(to, actor); });
}

void link_session::add_ended(std::uint64_t actor, byte_view reason) {
  auto& s = *state_;
  if (!s.may_add()) return;
  if (reason.size() > max_status_bytes) reason = {};
  byte_buffer frame;
  append_ended(frame, actor, reason);
  s.ended_bytes_ += frame.size();
  s.waiting_ends_.push_back({s.next_message_ + 1, std::move(frame)});
  if (s.phase_ == state::phase::established) s.send_ends();
}

void link_session::state::send_ends() {
  const auto first = waiting_messages_.empty() ? next_message_ + 1 : *waiting_messages_.begin();
  while (!waiting_ends_.empty() && waiting_ends_.front().after <= first) {
    auto& frame = waiting_ends_.front().bytes;
    auto& batch = batches_.open();
    batch.insert(batch.end(), frame.begin(), frame.end());
    batches_.close();
    ++figures_.frames_sent;
    ended_bytes_ -= frame.size();
    waiting_ends_.pop_front();
  }
}

void link_session::add_drain() {
  if (state_->may_add()) state_->add_control([](byte_buffer& to) { append_drain(to); });
}

void link_session::add_goodbye(const status& reason) {
  if (state_->may_add()) state_->goodbye_ = reason;
}

void link_session::request_begun(std::uint64_t id) {
  auto& s = *state_;
  auto* of = s.find({id, false});
  if (of == nullptr) return;
  s.request_left(*of);
  if (of->cancelled) s.their_calls_.erase(id);
}

void link_session::state::request_left(call_state& of) {
  if (of.request == 0) return;
  if (TROUPE_PLANTED_BUG("link.window_kept")) return; // the peer may never send as much again
  if (const auto bytes = requests_in_.release(std::exchange(of.request, 0)); bytes > 0)
    add_control([&](byte_buffer& to) { append_window(to, bytes); });
}

void link_session::state::return_to_peer(call_key call, std::uint32_t items, std::uint64_t bytes) {
  if (items == 0 && bytes == 0) return;
  // What belongs to one call is added to another's.
  if (returns_.any() && !TROUPE_PLANTED_BUG("link.credit_misplaced")
      && (returns_.call != call || items > std::numeric_limits<std::uint32_t>::max() - returns_.items))
    flush_returns();
  returns_.call = call;
  returns_.items += items;
  returns_.bytes += bytes;
}

void link_session::state::flush_returns() {
  if (!returns_.any()) return;
  add_control([&](byte_buffer& to) { append_credit(to, returns_.call, returns_.items, returns_.bytes); });
  returns_.items = 0;
  returns_.bytes = 0;
}

} // namespace troupe
