// What comes from the peer. Nothing of it is believed: whoever says what cannot be loses the connection.
#include "runtime/link/envelope_flags.hpp"
#include "runtime/link/session_state.hpp"
#include "runtime/link/wire.hpp"

#include <algorithm>

namespace troupe {

using namespace session;

namespace {

// Larger frames come in fragments, of at most 1 MiB.
constexpr std::size_t longest_uncut_frame = (1u << 20) + 16;

status impossible_length(std::size_t length) {
  return invalid_argument("a frame of {} bytes, where 1 to {} are possible", length, longest_uncut_frame);
}

} // namespace

status link_session::state::fail(status why) {
  failure_ = why;
  if (phase_ == phase::established || !accepted_)
    append_goodbye(last_words_, why);
  else
    last_words_ = encode_refusal(why);
  phase_ = phase::ended;
  byte_buffer{}.swap(tail_); // nothing more is read, but the last words may take their time
  return why;
}

status link_session::state::receive(byte_view bytes, link_events& events) {
  if (phase_ == phase::ended) return failure_;
  figures_.bytes_received += bytes.size();
  status outcome = phase_ == phase::greeting ? take_greeting(bytes, events) : take_frames(bytes, events);
  if (outcome.ok() && queued_bytes() > 3 * limits_.send_buffer_bytes)
    outcome = resource_exhausted("the peer sends and does not read: {} bytes wait for it", queued_bytes());
  if (outcome.ok() || phase_ == phase::ended) return outcome;
  return fail(std::move(outcome));
}

status link_session::state::take_greeting(byte_view bytes, link_events& events) {
  tail_.insert(tail_.end(), bytes.begin(), bytes.end());
  auto greeted = decode_greeting(tail_);
  if (!greeted) {
    // The peer's own words need no answer.
    if (greeted.error().code() == status_code::invalid_argument || accepted_) return greeted.error();
    failure_ = greeted.error();
    phase_ = phase::ended;
    return failure_;
  }
  if (!*greeted) return {};
  theirs_ = std::move((*greeted)->theirs);
  if (theirs_.cluster != ours_.cluster)
    return failed_precondition("node \"{}\" is of the cluster \"{}\", node \"{}\" of \"{}\"", ours_.node,
                               ours_.cluster, theirs_.node, theirs_.cluster);
  const auto version = choose_version(ours_, theirs_);
  if (!version) return version.error();
  version_ = *version;
  const auto rest = std::exchange(tail_, {});
  if (auto refused = establish(events); !refused.ok()) return refused;
  return take_frames(byte_view{rest}.subspan((*greeted)->size), events);
}

status link_session::state::establish(link_events& events) {
  if (auto verdict = events.on_greeting(theirs_); !verdict.ok()) return verdict;
  if (accepted_) first_ = encode_greeting(ours_);
  open_calls_limit_ = std::min(limits_.max_open_calls, theirs_.max_open_calls);
  requests_out_.limit = theirs_.request_window_bytes;
  items_out_.limit = theirs_.item_window_bytes;
  partial_limit_ = static_cast<std::size_t>(theirs_.request_window_bytes + theirs_.item_window_bytes
                                            + 2 * theirs_.max_message_bytes);
  phase_ = phase::established;

  auto refused = drop_unacceptable();
  std::erase_if(refused, [&](std::uint64_t id) {
    auto* of = find({id, true});
    if (of == nullptr) return true; // there twice: its request and an item
    if (of->waiting_request != nullptr) drop_request(*of);
    end_our_call(id);
    return false;
  });
  while (!greeting_line_.empty())
    settle(greeting_line_.front());
  send_ends();
  for (const auto id : refused) {
    decoded_failure failure{
      .id = id, .outcome = resource_exhausted("node \"{}\" takes no call like this one", theirs_.node)};
    events.on_failure(failure);
  }
  return {};
}

status link_session::state::take_frames(byte_view bytes, link_events& events) {
  // First the frame whose beginning came before.
  while (!tail_.empty() && !bytes.empty()) {
    std::size_t whole = wire::frame_length_size;
    if (tail_.size() >= wire::frame_length_size) {
      const std::size_t length = wire::get_fixed<std::uint32_t>(tail_.data());
      if (length - 1 >= longest_uncut_frame) return impossible_length(length);
      whole += length;
    }
    const auto more = std::min(whole - tail_.size(), bytes.size());
    tail_.insert(tail_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(more));
    bytes = bytes.subspan(more);
    if (tail_.size() < whole) return {};
    if (whole == wire::frame_length_size) continue;
    auto outcome = take_frame(static_cast<envelope_kind>(tail_[wire::frame_length_size]),
                              byte_view{tail_}.subspan(wire::frame_head_size), whole, events);
    if (!outcome.ok()) return outcome;
    tail_.clear();
  }
  // The others where they are. As find_frame(), without making results of it.
  const auto* at = bytes.data();
  const auto* const end = at + bytes.size();
  while (static_cast<std::size_t>(end - at) >= wire::frame_length_size) {
    const std::size_t length = wire::get_fixed<std::uint32_t>(at);
    if (length - 1 >= longest_uncut_frame) return impossible_length(length);
    const auto size = wire::frame_length_size + length;
    if (static_cast<std::size_t>(end - at) < size) break;
    auto outcome = take_frame(static_cast<envelope_kind>(at[wire::frame_length_size]),
                              {at + wire::frame_head_size, length - 1}, size, events);
    if (!outcome.ok()) return outcome;
    at += size;
  }
  tail_.insert(tail_.end(), at, end);
  return {};
}

status link_session::state::take_frame(envelope_kind kind, byte_view body, std::size_t size,
                                       link_events& events) {
  if (kind != envelope_kind::fragment) ++figures_.frames_received;
  switch (kind) {
  case envelope_kind::item:
    return take_item(body, size, events);
  case envelope_kind::request:
    return take_request(body, size, events);
  case envelope_kind::reply:
    return take_reply(body, events);
  case envelope_kind::failure:
    return take_failure(body, events);
  case envelope_kind::credit:
    return take_credit(body, events);
  case envelope_kind::cancel:
    return take_cancel(body, events);
  case envelope_kind::message: {
    message_fields message;
    if (auto wrong = decode_message(body, message); !wrong.ok()) return wrong;
    if (auto wrong = check_payload(message.payload.size()); !wrong.ok()) return wrong;
    events.on_message(message);
    return {};
  }
  case envelope_kind::ended: {
    std::uint64_t actor = 0;
    byte_view reason;
    if (auto wrong = decode_ended(body, actor, reason); !wrong.ok()) return wrong;
    if (reason.size() > max_status_bytes)
      return invalid_argument("an actor's exit reason of {} bytes", reason.size());
    events.on_ended(actor, reason);
    return {};
  }
  case envelope_kind::fragment:
    return take_fragment(body, events);
  case envelope_kind::half_close:
  case envelope_kind::window:
  case envelope_kind::ping:
  case envelope_kind::pong:
  case envelope_kind::watch:
  case envelope_kind::unwatch:
    return take_number(kind, body, events);
  case envelope_kind::drain:
    if (!body.empty()) return invalid_argument("a broken drain frame: it has a body");
    peer_drains_ = true;
    events.on_drain();
    return {};
  case envelope_kind::goodbye: {
    status reason;
    if (auto wrong = decode_goodbye(body, reason); !wrong.ok()) return wrong;
    failure_ = reason.ok() ? unavailable("the peer said goodbye") : reason;
    phase_ = phase::ended;
    events.on_goodbye(reason);
    return failure_;
  }
  }
  if (may_be_skipped(kind)) return {};
  return invalid_argument("a frame of the unknown kind {}", static_cast<int>(kind));
}

status link_session::state::take_number(envelope_kind kind, byte_view body, link_events& events) {
  std::uint64_t number = 0;
  if (auto wrong = decode_number(body, number); !wrong.ok()) return wrong;
  switch (kind) {
  case envelope_kind::half_close:
    return take_half_close(number, events);
  case envelope_kind::window:
    if (!requests_out_.give_back(number))
      return invalid_argument("returned {} bytes of its window for requests, more than were sent", number);
    wake_requests();
    return {};
  case envelope_kind::ping:
    // Only the last one counts, so that a peer that does not read cannot make answers pile up.
    pong_ = number;
    return {};
  case envelope_kind::watch:
    events.on_watch(number);
    return {};
  case envelope_kind::unwatch:
    events.on_unwatch(number);
    return {};
  default:
    return {};
  }
}

status link_session::state::take_fragment(byte_view body, link_events& events) {
  std::uint32_t stream = 0;
  bool last = false;
  byte_view piece;
  byte_view whole;
  if (auto wrong = decode_fragment(body, stream, last, piece); !wrong.ok()) return wrong;
  if (auto wrong = assembly_.add(stream, last, piece, whole); !wrong.ok()) return wrong;
  if (whole.empty()) return {};
  return take_frame(static_cast<envelope_kind>(whole.front()), whole.subspan(1),
                    wire::frame_length_size + whole.size(), events);
}

status link_session::state::check_payload(std::size_t size) const {
  if (size <= limits_.max_message_bytes) return {};
  return invalid_argument("a message of {} bytes, where {} are the most", size, limits_.max_message_bytes);
}

status link_session::state::check_known(call_key call, const char* frame) const {
  // Calls that were open have ended at this side while the frame was on its way.
  if (call.id <= (call.ours ? highest_of_ours_ : highest_of_theirs_)) return {};
  return invalid_argument("{} frame for the call {}, which was never made", frame, call.id);
}

status link_session::state::take_request(byte_view body, std::size_t size, link_events& events) {
  if (auto wrong = decode_request(body, request_); !wrong.ok()) return wrong;
  if (auto wrong = check_payload(request_.payload.size()); !wrong.ok()) return wrong;
  if (their_open_calls_ >= limits_.max_open_calls)
    return invalid_argument("more than {} open calls", limits_.max_open_calls);
  auto* const of = their_calls_.insert(request_.id);
  if (of == nullptr) return invalid_argument("the request of the call {}, which is open", request_.id);
  of->request = request_cost(size);
  if (!requests_in_.take(of->request))
    return invalid_argument("the request of the call {} exceeds the window for requests", request_.id);
  ++their_open_calls_;
  highest_of_theirs_ = std::max(highest_of_theirs_, request_.id);
  events.on_request(request_);
  return {};
}

status link_session::state::take_item(byte_view body, std::size_t size, link_events& events) {
  if (auto wrong = decode_item(body, item_); !wrong.ok()) return wrong;
  if (auto wrong = check_payload(item_.payload.size()); !wrong.ok()) return wrong;
  const auto call = item_.call;
  auto* of = find(call);
  if (of == nullptr || of->cancelled || of->answered) {
    if (auto wrong = check_known(call, "an item"); !wrong.ok()) return wrong;
    return_to_peer(call, 0, size);
    return {};
  }
  if (call.ours) {
    if (auto wrong = check_sent(*of, call.id, "an item"); !wrong.ok()) return wrong;
  }
  if (!of->streaming().received.take(static_cast<std::uint32_t>(size), limits_.stream_window_bytes, items_in_,
                                     limits_.item_window_bytes))
    return invalid_argument("an item of the call {} exceeds the windows for items", call.id);
  events.on_item(item_);
  return {};
}

status link_session::state::check_sent(const call_state& of, std::uint64_t id, const char* frame) const {
  if (of.waiting_request == nullptr && batches_.has_gone(of.request)) return {};
  return invalid_argument("{} frame for the call {}, whose request was not sent", frame, id);
}

status link_session::state::take_answer(std::uint64_t id, const char* frame, bool& open) {
  auto* of = find({id, true});
  open = of != nullptr;
  if (!open) return check_known({id, true}, frame);
  if (auto wrong = check_sent(*of, id, frame); !wrong.ok()) return wrong;
  end_our_call(id);
  return {};
}

status link_session::state::take_reply(byte_view body, link_events& events) {
  if (auto wrong = decode_reply(body, reply_); !wrong.ok()) return wrong;
  if (auto wrong = check_payload(reply_.payload.size()); !wrong.ok()) return wrong;
  bool open = false;
  if (auto wrong = take_answer(reply_.id, "a reply", open); !wrong.ok()) return wrong;
  if (open) events.on_reply(reply_);
  return {};
}

status link_session::state::take_failure(byte_view body, link_events& events) {
  if (auto wrong = decode_failure(body, failed_); !wrong.ok()) return wrong;
  bool open = false;
  if (auto wrong = take_answer(failed_.id, "a failure", open); !wrong.ok()) return wrong;
  if (open) events.on_failure(failed_);
  return {};
}

status link_session::state::take_credit(byte_view body, link_events& events) {
  call_key call;
  std::uint32_t items = 0;
  std::uint64_t bytes = 0;
  if (auto wrong = decode_credit(body, call, items, bytes); !wrong.ok()) return wrong;
  auto* of = find(call);
  if (of == nullptr) {
    if (auto wrong = check_known(call, "a credit"); !wrong.ok()) return wrong;
  } else if (call.ours) {
    if (auto wrong = check_sent(*of, call.id, "a credit"); !wrong.ok()) return wrong;
  }
  if (bytes > 0) {
    auto* stream = of != nullptr ? of->stream.get() : nullptr;
    if (!items_out_.give_back(bytes) || (of != nullptr && (stream == nullptr || bytes > stream->outstanding)))
      return invalid_argument("returned {} bytes of its windows for items, more than were sent", bytes);
    if (stream != nullptr) {
      stream->outstanding -= bytes;
      wake_stream(*stream);
    }
    wake_items();
  }
  if (items > 0 && of != nullptr && !of->cancelled && !of->answered) events.on_credit(call, items);
  return {};
}

status link_session::state::take_half_close(std::uint64_t id, link_events& events) {
  const auto* of = find({id, false});
  if (of == nullptr || of->cancelled || of->answered) return check_known({id, false}, "a half_close");
  events.on_half_close(id);
  return {};
}

status link_session::state::take_cancel(byte_view body, link_events& events) {
  std::uint64_t id = 0;
  status reason;
  if (auto wrong = decode_cancel(body, id, reason); !wrong.ok()) return wrong;
  auto* of = find({id, false});
  if (of == nullptr || of->cancelled) return check_known({id, false}, "a cancel");
  const bool was_answered = of->answered;
  if (of->stream) {
    auto stream = std::move(of->stream);
    return_to_peer({id, false}, 0, stream->received.release_all(items_in_));
    drop_lane(*stream);
  }
  if (was_answered) {
    their_calls_.erase(id);
    return {};
  }
  --their_open_calls_;
  // What its request holds of the window is returned when it has left its mailbox.
  if (of->request > 0)
    of->cancelled = true;
  else
    their_calls_.erase(id);
  events.on_cancel(id, std::move(reason));
  return {};
}

} // namespace troupe
