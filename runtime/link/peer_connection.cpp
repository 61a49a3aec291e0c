#include "runtime/link/peer_connection.hpp"

#include "runtime/environment/clock.hpp"
#include "runtime/link/remote_actors.hpp"
#include "runtime/probe/probe.hpp"

#include <algorithm>

namespace troupe {

peer_connection::peer_connection(const connection_surroundings& around, std::uint64_t number,
                                 std::unique_ptr<byte_stream> stream, bool accepted, greeting ours,
                                 const link_limits& limits)
  : around_(around), number_(number), stream_(std::move(stream)), address_(stream_->peer()),
    accepted_(accepted), unread_limit_(limits.unread_limit),
    session_(accepted, std::move(ours), limits, around.time.now()), last_heard_(around.time.now()) {}

peer_connection::~peer_connection() = default;

void peer_connection::begin() {
  outbox_ = outbox_ptr{new outbox(around_.loop, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->flush();
  })};
  caller_ = call_end_ptr{new connection_caller(outbox_)};
  stream_->begin(*this);
  flush();
  watch_silence();
}

// Whatever happens on a connection happens in a turn: actors that it wakes run at its end, and then what they
// and the session have to say is sent together.
template <class Work>
void peer_connection::turn(Work&& work) {
  auto self = shared_from_this();
  ++turns_;
  outbox_->begin_turn();
  if (around_.inline_unit) {
    inline_execution::scope scope{*around_.inline_unit};
    work();
  } else {
    work();
  }
  if (--turns_ == 0) flush();
}

void peer_connection::flush() {
  if (ended_ || turns_ > 0) return;
  auto self = shared_from_this();
  for (;;) {
    outbox_->take(taken_, true);
    if (taken_.empty()) break;
    for (auto& each : taken_.calls)
      send_frame(each);
    taken_.calls.clear();
    for (auto& each : taken_.actors)
      send_actor_entry(each);
    taken_.actors.clear();
  }
  finish_if_idle();
  write_next();
  if (ended_) return;
  // Once both have greeted, the next tick is due sooner than the end of the patience with a greeting.
  if (session_.next_tick() < tick_armed_for_) watch_silence();
  const auto figures = session_.figures();
  metrics_.count(counted_, figures);
  counted_ = figures;
}

void peer_connection::write_next() {
  if (ended_ || writing_) return;
  if (session_.wants_to_send()) {
    auto batch = session_.next_batch(std::move(spare_));
    if (!batch.empty()) {
      writing_ = true;
      write_began_ = around_.time.now();
      stream_->write(std::move(batch));
      return;
    }
  }
  if (finishing_) end(parting_);
}

void peer_connection::watch_silence() {
  if (ended_) return;
  const auto now = around_.time.now();
  const auto due = session_.next_tick();
  tick_armed_for_ = due;
  timer_ = around_.loop.after(due > now ? duration{due - now} : duration::zero(), [this] {
    auto self = shared_from_this();
    const auto now = around_.time.now();
    if (auto outcome = session_.tick(now); !outcome.ok()) {
      end(outcome);
      return;
    }
    // This node itself stood still; whether the peer reads is still to be seen.
    if (now - tick_armed_for_ > unread_limit_ / 4) write_began_ = now;
    if (writing_ && now - write_began_ > unread_limit_) {
      using namespace std::chrono;
      end(resource_exhausted("the peer did not read for {} ms",
                             duration_cast<milliseconds>(now - write_began_).count()));
      return;
    }
    if (auto outcome = around_.actors.tidy(*this); !outcome.ok())
      return finish(outcome, std::chrono::seconds{1});
    flush();
    watch_silence();
  });
}

void peer_connection::probe(duration limit, status why) {
  if (ended_ || probe_) return;
  const auto now = around_.time.now();
  session_.ask_for_sign_of_life(now);
  const auto heard = session_.figures().bytes_received;
  probe_ = around_.loop.after(limit, [this, heard, limit, due = now + limit, why = std::move(why)] {
    auto self = shared_from_this();
    const auto answered = session_.figures().bytes_received != heard;
    const auto late = around_.time.now() - due;
    auto done = std::move(probe_);
    if (answered) return;
    // This node itself stood still, and what came meanwhile is still to be read.
    if (late > limit / 4) return probe(limit, why);
    end(why);
  });
  flush();
}

void peer_connection::count_stranger_bytes() {
  if (!accepted_) return;
  const auto now = ended_ || established() ? 0 : session_.unfinished_bytes();
  const auto before = std::exchange(stranger_bytes_, now);
  if (now != before)
    around_.owner.on_stranger_bytes(static_cast<std::ptrdiff_t>(now) - static_cast<std::ptrdiff_t>(before));
}

void peer_connection::on_bytes(std::span<const std::byte> bytes) {
  if (ended_) return;
  last_heard_ = around_.time.now();
  status outcome;
  auto self = shared_from_this();
  turn([&] {
    outcome = session_.receive(bytes, *this, last_heard_);
    if (outcome.ok() && !protocol_error_.ok()) {
      outcome = protocol_error_;
      session_.add_goodbye(outcome);
    }
  });
  // What the session says last (a refusal, a goodbye) is worth a try.
  if (!outcome.ok() && !ended_) finish(outcome, std::chrono::seconds{1});
  count_stranger_bytes();
}

void peer_connection::on_drained(byte_buffer spent) {
  spare_ = std::move(spent);
  writing_ = false;
  flush();
}

void peer_connection::on_closed(const status& why) {
  auto self = shared_from_this();
  if (!why.ok()) return end(why);
  end(established()
        ? unavailable("the peer closed the connection")
        : unavailable("the peer closed the connection before it introduced itself: it may expect TLS, or "
                      "have too many connections"));
}

status peer_connection::on_greeting(const greeting& theirs) {
  theirs_ = theirs;
  auto verdict = around_.owner.on_greeting(*this, theirs);
  if (verdict.code() == status_code::aborted) {
    session_.add_goodbye(verdict);
    finishing_ = true;
    parting_ = verdict;
    return {};
  }
  if (!verdict.ok()) return verdict;
  metrics_ = around_.metrics.of_peer(theirs.node);
  for (const auto* service : around_.services) {
    auto& route = around_.local.route(service->name);
    for (const auto& method : service->methods)
      served_methods_.push_back({&method, &route});
  }
  callee_.reset(new connection_callee(theirs.node, theirs.incarnation, outbox_));
  around_.actors.connected(*this, theirs.actor_node);
  around_.owner.on_established(*this);
  return {};
}

void peer_connection::on_drain() {
  if (peer_drains_) return;
  peer_drains_ = true;
  around_.owner.on_draining(*this);
}

void peer_connection::on_goodbye(const status&) {}

void peer_connection::drain(bool then_finish) {
  if (ended_) return;
  if (!we_drain_) session_.add_drain();
  we_drain_ = true;
  finish_when_idle_ = finish_when_idle_ || then_finish;
  flush();
}

void peer_connection::finish_if_idle() {
  if (!finish_when_idle_ || finishing_ || !calls_.empty() || !served_.empty()) return;
  finishing_ = true;
  parting_ = aborted("another connection joins the nodes");
  session_.add_goodbye(parting_);
}

void peer_connection::finish(const status& why, duration patience) {
  if (ended_) return;
  if (!finishing_) parting_ = why;
  finishing_ = true;
  patience_ = around_.loop.after(patience, [this] {
    auto self = shared_from_this();
    end(parting_);
  });
  flush();
}

void peer_connection::end(const status& why) {
  if (ended_) return;
  auto self = shared_from_this();
  ended_ = true;
  timer_.reset();
  patience_.reset();
  probe_.reset();
  count_stranger_bytes();
  if (callee_) around_.actors.disconnected(*this, theirs_.actor_node);
  auto left = outbox_->close();
  stream_.reset();
  const auto text = "the connection to the node " + theirs_.node + " broke (" + why.to_string() + ")";
  auto calls = std::move(calls_);
  auto served = std::move(served_);
  calls_.clear();
  served_.clear();
  // In the order they were made, whatever the tables' order is.
  std::vector<std::pair<std::uint64_t, call_ptr>> ours{calls.begin(), calls.end()};
  std::sort(ours.begin(), ours.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [id, each] : ours) {
    if (session_.request_sent(id) && !TROUPE_PLANTED_BUG("link.execution_denied"))
      each->mark_started(); // else its caller takes it for not executed, and makes it again
    callee_->call_ended();
    if (TROUPE_PLANTED_BUG("link.call_forgotten") && id == ours.back().first) continue; // never answered
    metrics_.calls_lost.add();
    each->abandon(text);
  }
  for (auto& each : left.calls) {
    if (each.side != call_frame::from::caller || each.what.kind != frame_kind::request) continue;
    callee_->call_ended();
    each.what.call->abandon(text);
  }
  std::vector<std::pair<std::uint64_t, call_ptr>> theirs;
  for (auto& [id, each] : served)
    theirs.emplace_back(id, std::move(each.call));
  std::sort(theirs.begin(), theirs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [id, each] : theirs)
    each->cancel(cancelled("{}: {}", each->method().full_name, text));
  metrics_.queued_bytes.set(0);
  around_.owner.on_gone(*this, why);
}

void peer_connection::break_protocol(std::string why) {
  if (protocol_error_.ok()) protocol_error_ = status{status_code::invalid_argument, std::move(why)};
}

peer_report peer_connection::report() const {
  peer_report out;
  out.node = theirs_.node;
  out.address = address_.to_string();
  out.incarnation = theirs_.incarnation;
  out.application_version = theirs_.application_version;
  out.connected = established() && !ended_;
  out.draining = peer_drains_;
  out.dialed = !accepted_;
  out.open_calls = static_cast<std::uint32_t>(calls_.size());
  out.served_calls = static_cast<std::uint32_t>(served_.size());
  out.queued_bytes = session_.figures().queued_bytes;
  return out;
}

} // namespace troupe
