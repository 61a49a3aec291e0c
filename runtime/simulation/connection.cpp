#include "runtime/simulation/connection.hpp"

#include "runtime/simulation/bound_listener.hpp"
#include "runtime/simulation/world_parts.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

// Linux: TCP_RTO_MIN; the longest is cut, so that a healed link is noticed within the time of a test.
constexpr duration first_retry = std::chrono::milliseconds{200};
constexpr duration longest_retry = std::chrono::seconds{5};

duration retry_after(std::uint32_t retries) {
  return std::min(longest_retry, first_retry * (std::int64_t{1} << std::min<std::uint32_t>(retries, 10)));
}

} // namespace

simulated_connection::simulated_connection(std::uint64_t number, machine& from,
                                           std::shared_ptr<loop_core> from_loop, endpoint source, machine& to,
                                           std::shared_ptr<loop_core> to_loop, endpoint target)
  : id(number), client(*this, 0, from, std::move(from_loop), source),
    server(*this, 1, to, std::move(to_loop), target) {}

void simulated_connection::settle() {
  if (client.done() && server.done()) client.at().world.network.forget(id);
}

stream_end::stream_end(simulated_connection& of, std::uint32_t side, machine& at,
                       std::shared_ptr<loop_core> loop, endpoint local)
  : of_(of), side_(side), at_(at), loop_(std::move(loop)), local_(local), open_(side == 0) {}

stream_end& stream_end::other() const noexcept { return side_ == 0 ? of_.server : of_.client; }

endpoint stream_end::peer() const noexcept { return other().local_; }

// -- what byte_stream promises

void stream_end::begin(stream_handler& handler) {
  handler_ = &handler;
  if (ended_)
    loop_->add(closed_work_);
  else if (!inbox_.empty() && reading_)
    loop_->add(read_work_);
  else if (finished_ && reading_)
    tell_closed({});
}

void stream_end::write(byte_buffer bytes) {
  if (!loop_->alive() || ended_) return;
  pending_ = std::move(bytes);
  pumped_ = 0;
  writing_ = true;
  pump();
}

void stream_end::resume_reading() {
  if (std::exchange(reading_, true)) return;
  if (!handler_ || ended_) return;
  if (!inbox_.empty())
    loop_->add(read_work_);
  else if (finished_)
    tell_closed({});
}

void stream_end::close() {
  const auto keep = of_.shared_from_this();
  if (std::exchange(open_, false) && loop_->session()->alive && !ended_)
    send(inbox_.empty() ? part_kind::finish : part_kind::reset, {});
  if (std::exchange(counted_, false))
    if (const auto listener = listener_.lock()) listener->left();
  forget_work();
  of_.settle();
}

void stream_end::forget_work() noexcept {
  handler_ = nullptr;
  inbox_.clear();
  inbox_read_ = 0;
  pending_ = {};
  writing_ = false;
  read_work_.withdraw();
  drained_work_.withdraw();
  closed_work_.withdraw();
}

// -- outgoing

void stream_end::send_establish() { send(part_kind::establish, {}); }

void stream_end::pump() {
  const auto limit = at_.world.options.stream_buffer;
  while (pumped_ < pending_.size() && outstanding_ < limit) {
    const auto fits = std::min(pending_.size() - pumped_, limit - outstanding_);
    byte_buffer bytes;
    if (fits == pending_.size()) {
      bytes = std::exchange(pending_, at_.world.network.take_buffer());
      pumped_ = 0;
    } else {
      bytes = at_.world.network.take_buffer();
      const auto first = pending_.begin() + static_cast<std::ptrdiff_t>(pumped_);
      bytes.assign(first, first + static_cast<std::ptrdiff_t>(fits));
      pumped_ += fits;
    }
    outstanding_ += fits;
    send(part_kind::bytes, std::move(bytes));
  }
  if (!writing_ || pumped_ < pending_.size()) return;
  writing_ = false;
  loop_->add(drained_work_);
}

void stream_end::run_drained() {
  if (!handler_ || ended_) return;
  auto spent = std::exchange(pending_, {});
  spent.clear();
  pumped_ = 0;
  handler_->on_drained(std::move(spent));
}

void stream_end::send(part_kind kind, byte_buffer bytes) {
  auto& world = at_.world;
  auto& there = other();
  const auto chance = world.network.pass(at_, there.at_, bytes.size());
  part made{.kind = kind, .message = world.network.next_message(), .bytes = std::move(bytes)};
  auto delay = chance.delay;
  if (chance.lost) {
    made.resent = true;
    delay += first_retry;
  }
  made.arrival = world.events.now() + delay; // or when those before it have arrived
  static constexpr std::string_view names[] = {"stream.establish", "stream.bytes", "stream.finish",
                                               "stream.reset"};
  world.tracing.record(world.elapsed(), trace_kind::send, at_.index, trace_place(at_.index, local_.port),
                       trace_place(there.at_.index, there.local_.port), made.message, made.bytes.size(), 0,
                       names[static_cast<std::size_t>(kind)]);
  const bool breaks = chance.reset && kind == part_kind::bytes;
  parts_.push_back(std::move(made));
  if (parts_.size() == 1 && !held_) world.events.add(arrival_, parts_.front().arrival);
  if (!breaks) return;
  send(part_kind::reset, {});
  there.send(part_kind::reset, {});
}

void stream_end::arrive_due() {
  const auto keep = of_.shared_from_this();
  auto& world = at_.world;
  while (!parts_.empty() && parts_.front().arrival <= world.events.now()) {
    auto& next = parts_.front();
    const auto& link = world.network.conditions(at_, other().at_);
    if (link.clogged) {
      held_ = true;
      world.network.hold(keep);
      return;
    }
    // A machine that is off answers nothing: to the sender it is as if the link were cut.
    if (link.cut || !other().at_.powered) {
      retry();
      break;
    }
    if (next.resent && forgotten_) {
      parts_.clear(); // nobody is left to send it again
      break;
    }
    auto what = std::move(next);
    parts_.pop_front();
    retries_ = 0;
    unacknowledged_ = {};
    if (!other().arrive(what)) other().refuse_part(what);
  }
  if (!parts_.empty()) world.events.add(arrival_, parts_.front().arrival);
  of_.settle();
}

void stream_end::go_on() {
  if (!std::exchange(held_, false) || parts_.empty()) return;
  at_.world.events.add(arrival_, parts_.front().arrival);
}

// The first part did not get through.
void stream_end::retry() {
  auto& next = parts_.front();
  if (next.kind == part_kind::reset || forgotten_) {
    parts_.clear(); // an RST is not repeated, and a machine without power repeats nothing
    return;
  }
  if (unacknowledged_ >= at_.world.options.stream_patience) {
    const auto peer = other().local_.to_string();
    break_off(unavailable("{} does not acknowledge: the connection timed out", peer));
    return;
  }
  const auto wait = retry_after(retries_++);
  unacknowledged_ += wait;
  next.resent = true;
  next.arrival = at_.world.events.now() + wait;
}

void stream_end::vanish() {
  forgotten_ = true;
  open_ = false;
  counted_ = false;
  forget_work();
  // What is on its way arrives, but nothing is sent again, and nothing behind what would be.
  const auto first_lost =
    std::find_if(parts_.begin(), parts_.end(), [](const part& each) { return each.resent; });
  parts_.erase(first_lost, parts_.end());
}

// -- incoming

// False: the machine knows nothing of the connection, or the stream is closed.
bool stream_end::arrive(part& what) {
  auto& world = at_.world;
  if (what.kind == part_kind::establish && loop_->alive()) {
    accept();
    return true;
  }
  if (!loop_->alive() || !open_) return what.kind == part_kind::reset;
  if (ended_) return true;
  switch (what.kind) {
  case part_kind::establish:
    return true;
  case part_kind::bytes: {
    trace_hash content;
    content.add(std::span<const std::byte>{what.bytes});
    world.tracing.record(
      world.elapsed(), trace_kind::receive, at_.index, trace_place(other().at_.index, other().local_.port),
      trace_place(at_.index, local_.port), what.message, what.bytes.size(), content.value(), "stream.bytes");
    inbox_.push_back(std::move(what.bytes));
    if (handler_ && reading_) loop_->add(read_work_);
    return true;
  }
  case part_kind::finish:
    finished_ = true;
    if (handler_ && reading_ && inbox_.empty()) tell_closed({});
    return true;
  case part_kind::reset:
    break_off(unavailable("{} has reset the connection", other().local_.to_string()));
    return true;
  }
  return true;
}

// TCP's answer to a part for a connection that is not there (RFC 9293 section 3.5.2).
void stream_end::refuse_part(const part& what) {
  at_.world.tracing.record(
    at_.world.elapsed(), trace_kind::drop, at_.index, trace_place(other().at_.index, other().local_.port),
    trace_place(at_.index, local_.port), what.message, what.bytes.size(), 0, "no such connection");
  if (what.kind != part_kind::finish) send(part_kind::reset, {});
}

void stream_end::accept() {
  open_ = true;
  const auto listener = listener_.lock();
  counted_ = listener && listener->take(of_.shared_from_this(), *this);
  if (!counted_) close();
}

void stream_end::break_off(status why) {
  if (ended_) return;
  inbox_.clear();
  inbox_read_ = 0;
  // What tells the other end goes on its way.
  std::erase_if(parts_, [](const part& each) { return each.kind != part_kind::reset; });
  auto& events = at_.world.events;
  if (parts_.empty())
    events.remove(arrival_);
  else if (!held_)
    events.add(arrival_, parts_.front().arrival);
  tell_closed(std::move(why));
}

void stream_end::tell_closed(status why) {
  end_ = std::move(why);
  ended_ = true;
  read_work_.withdraw();
  drained_work_.withdraw();
  if (handler_) loop_->add(closed_work_);
}

void stream_end::run_closed() {
  const auto keep = of_.shared_from_this();
  auto* handler = std::exchange(handler_, nullptr);
  if (handler) handler->on_closed(end_);
}

void stream_end::run_reading() {
  if (!handler_ || !reading_ || inbox_.empty()) return;
  const auto keep = of_.shared_from_this();
  auto& world = at_.world;
  auto bytes = std::move(inbox_.front());
  inbox_.pop_front();
  const auto begin = std::exchange(inbox_read_, 0);
  auto count = bytes.size() - begin;
  auto& pieces = world.network.pieces;
  if (count > 1 && pieces.chance(world.options.stream_splitting)) count = 1 + pieces.below(count - 1);
  handler_->on_bytes(std::span<const std::byte>{bytes}.subspan(begin, count));
  if (begin + count < bytes.size() && open_ && !ended_) {
    inbox_.push_front(std::move(bytes));
    inbox_read_ = begin + count;
  } else {
    world.network.give_back(std::move(bytes));
  }
  other().taken(count);
  if (!handler_ || !reading_ || ended_) return;
  if (!inbox_.empty())
    loop_->add(read_work_);
  else if (finished_)
    tell_closed({});
}

// The other end has read `bytes` of what was sent.
void stream_end::taken(std::size_t bytes) {
  outstanding_ -= std::min(bytes, outstanding_);
  if (!writing_ || window_.waiting()) return;
  // The sender waits for room, and learns of it by an acknowledgement.
  auto& world = at_.world;
  world.events.add(window_, world.events.now() + world.network.pass(other().at_, at_, 0).delay);
}

void stream_end::open_window() {
  const auto& back = at_.world.network.conditions(other().at_, at_);
  if (back.cut || back.clogged) {
    at_.world.events.add(window_, at_.world.events.now() + first_retry);
    return;
  }
  if (open_ && !ended_ && loop_->alive()) pump();
}

simulated_stream::~simulated_stream() { end_.close(); }

} // namespace troupe
