#include "runtime/link/link_session.hpp"

#include "runtime/link/session_state.hpp"
#include "runtime/probe/probe.hpp"

#include <algorithm>

namespace troupe {

namespace {

// What the peer is told of us is what we hold it to.
greeting with_limits(greeting ours, const link_limits& limits) {
  ours.lowest_version = limits.lowest_version;
  ours.highest_version = limits.highest_version;
  ours.max_message_bytes = limits.max_message_bytes;
  ours.request_window_bytes = limits.request_window_bytes;
  ours.item_window_bytes = limits.item_window_bytes;
  ours.stream_window_bytes = limits.stream_window_bytes;
  ours.max_open_calls = limits.max_open_calls;
  return ours;
}

} // namespace

link_session::state::state(bool accepted, greeting ours, const link_limits& limits, monotonic_time now)
  : accepted_(accepted), ours_(with_limits(std::move(ours), limits)), limits_(limits),
    open_calls_limit_(limits.max_open_calls), requests_in_(limits.request_window_bytes),
    assembly_(limits.max_message_bytes + max_envelope_bytes,
              limits.request_window_bytes + limits.item_window_bytes
                + 2 * (limits.max_message_bytes + max_envelope_bytes)),
    batches_(limits.batch_bytes), began_(now), last_received_(now), last_ping_(now) {
  if (!accepted_) first_ = encode_greeting(ours_);
}

link_session::link_session(bool accepted, greeting ours, const link_limits& limits, monotonic_time now)
  : state_(std::make_unique<state>(accepted, std::move(ours), limits, now)) {}

link_session::~link_session() = default;

bool link_session::established() const noexcept { return state_->phase_ == state::phase::established; }
const greeting& link_session::theirs() const noexcept { return state_->theirs_; }
std::uint16_t link_session::version() const noexcept { return state_->version_; }

status link_session::receive(byte_view bytes, link_events& events, monotonic_time now) {
  state_->last_received_ = now;
  return state_->receive(bytes, events);
}

bool link_session::wants_to_send() const noexcept { return state_->wants_to_send(); }

byte_buffer link_session::next_batch(byte_buffer spare) {
  auto out = state_->next_batch(std::move(spare));
  state_->figures_.bytes_sent += out.size();
  return out;
}

monotonic_time link_session::next_tick() const noexcept {
  const auto& s = *state_;
  switch (s.phase_) {
  case state::phase::greeting:
    return s.began_ + s.limits_.greeting_timeout;
  case state::phase::ended:
    return monotonic_time::max();
  case state::phase::established:
    break;
  }
  return std::min(s.last_received_ + s.limits_.silence_limit,
                  std::max(s.last_received_, s.last_ping_) + s.limits_.heartbeat_interval);
}

status link_session::tick(monotonic_time now) {
  auto& s = *state_;
  if (s.phase_ == state::phase::ended) return s.failure_;
  if (s.phase_ == state::phase::greeting) {
    if (now - s.began_ < s.limits_.greeting_timeout) return {};
    return s.fail(deadline_exceeded("the peer did not introduce itself in time"));
  }
  if (s.queued_bytes() > 3 * s.limits_.send_buffer_bytes)
    return s.fail(resource_exhausted("the peer does not read: {} bytes wait for it", s.queued_bytes()));
  const auto interval = s.limits_.heartbeat_interval;
  // Much later than asked for, this node itself stood still, and what the peer sent meanwhile is still to be
  // read: it gets the time of an answer.
  if (now - next_tick() > interval) s.last_received_ = std::max(s.last_received_, now - interval);
  // A dead peer is waited for.
  if (TROUPE_PLANTED_BUG("link.silence_unnoticed"))
    s.last_received_ = std::max(s.last_received_, now - interval);
  if (now - s.last_received_ >= s.limits_.silence_limit)
    return s.fail(
      unavailable("the peer gave no sign of life for {} ms",
                  std::chrono::duration_cast<std::chrono::milliseconds>(now - s.last_received_).count()));
  if (now - std::max(s.last_received_, s.last_ping_) >= interval) {
    s.last_ping_ = now;
    s.add_control([&](byte_buffer& to) { append_ping(to, ++s.pings_); });
    s.drop_idle_memory();
  }
  return {};
}

void link_session::ask_for_sign_of_life(monotonic_time now) {
  auto& s = *state_;
  if (s.phase_ != state::phase::established || !s.may_add()) return;
  s.last_ping_ = now;
  s.add_control([&](byte_buffer& to) { append_ping(to, ++s.pings_); });
}

std::size_t link_session::unfinished_bytes() const noexcept { return state_->tail_.capacity(); }

bool link_session::request_sent(std::uint64_t id) const noexcept {
  const auto* of = std::as_const(state_->our_calls_).find(id);
  return of == nullptr || (of->waiting_request == nullptr && state_->batches_.has_gone(of->request));
}

link_session_figures link_session::figures() const noexcept {
  auto out = state_->figures_;
  out.queued_bytes = state_->queued_bytes();
  out.waiting_frames = state_->waiting_frames_;
  out.request_bytes_outstanding = state_->requests_out_.outstanding;
  out.item_bytes_outstanding = state_->items_out_.outstanding;
  return out;
}

} // namespace troupe
