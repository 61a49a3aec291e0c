#include "tests/runtime/link/traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace troupe::testing {

namespace {

// Before the filling: whose it is, and its number there.
constexpr std::size_t head = 16;

enum tag : std::uint64_t { request_tag = 1, item_tag = 2, reply_tag = 3, message_tag = 4 };

std::uint64_t tag_of(tag kind, std::uint64_t id) { return id << 4 | kind; }

constexpr std::uint32_t client_stream_bit = 1;
constexpr std::uint32_t server_stream_bit = 2;

} // namespace

void traffic::complain(std::string what) {
  if (wrong_.empty()) wrong_ = fmt::format("side {}: {}", side_, what);
}

std::size_t traffic::any_size() {
  const auto most = random_.chance(options_.large) ? options_.largest_payload : std::size_t{200};
  return head + random_.below(std::max(most, head) - head + 1);
}

void traffic::fill(std::byte* at, std::size_t size, std::uint64_t tag, std::uint64_t number) {
  std::memcpy(at, &tag, 8);
  std::memcpy(at + 8, &number, 8);
  std::memset(at + head, static_cast<int>(number + tag), size - head);
}

std::uint64_t traffic::check(byte_view payload, std::uint64_t tag) {
  std::uint64_t found = 0;
  std::uint64_t number = 0;
  if (payload.size() < head) return complain("a payload that is too short"), 0;
  std::memcpy(&found, payload.data(), 8);
  std::memcpy(&number, payload.data() + 8, 8);
  if (found != tag) complain(fmt::format("payload of {:#x} where {:#x} was due", found, tag));
  const auto filling = static_cast<std::byte>(number + tag);
  const auto rest = payload.subspan(head);
  if (std::any_of(rest.begin(), rest.end(), [&](std::byte b) { return b != filling; }))
    complain("a payload with other content");
  return number;
}

traffic::one_call* traffic::pick(table& from, std::uint64_t& id) {
  if (from.empty()) return nullptr;
  auto at = from.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random_.below(from.size())));
  id = at->first;
  return &at->second;
}

void traffic::step(bool finishing) {
  switch (random_.below(8)) {
  case 0:
    if (!finishing) open_call();
    break;
  case 1:
    if (!finishing) send_message();
    break;
  case 2:
    if (random_.chance(options_.cancel)) cancel_call();
    break;
  case 3:
    // A cancelled request leaves its mailbox, too.
    if (!cancelled_unbegun_.empty()) {
      session_.request_begun(*cancelled_unbegun_.begin());
      cancelled_unbegun_.erase(cancelled_unbegun_.begin());
    }
    break;
  default:
    serve(finishing);
  }
}

bool traffic::idle() const { return ours_.empty() && theirs_.empty() && cancelled_unbegun_.empty(); }

void traffic::open_call() {
  one_call what;
  const auto kind = static_cast<std::uint32_t>(random_.below(4));
  what.client_streams = (kind & client_stream_bit) != 0;
  what.server_streams = (kind & server_stream_bit) != 0;
  what.lane = 1 + random_.below(options_.lanes);
  const auto id = next_id_++;
  request_fields fields;
  fields.id = id;
  fields.method = kind;
  fields.lane = what.lane;
  fields.credit = what.server_streams ? options_.credit : 0;
  const bool has_payload = !what.client_streams;
  const auto size = any_size();
  auto why = link_session::refusal::none;
  auto* at = session_.add_request(what.lane, fields, has_payload, size, why);
  if (at == nullptr) {
    if (why != link_session::refusal::buffer_full && why != link_session::refusal::too_many_calls)
      complain(fmt::format("request refused: {}", static_cast<int>(why)));
    return;
  }
  if (has_payload) fill(at, size, tag_of(request_tag, id), id);
  ours_.emplace(id, what);
}

void traffic::cancel_call() {
  std::uint64_t id = 0;
  if (pick(ours_, id) == nullptr) return;
  if (session_.add_cancel(id, cancelled("no more interest"))) ledger_.never_sent[side_].insert(id);
  end_of_ours(id, "cancelled");
}

void traffic::serve(bool finishing) {
  std::uint64_t id = 0;
  if (random_.chance(0.5)) {
    auto* what = pick(ours_, id);
    if (what == nullptr) return;
    if (what->client_streams && !what->half_closed) {
      if (what->may_send > 0 && random_.chance(0.7)) return send_item({id, true}, *what);
      if (finishing || random_.chance(0.1)) {
        what->half_closed = true;
        session_.add_half_close(id);
      }
      return;
    }
    return consume({id, true}, *what, finishing);
  }
  auto* what = pick(theirs_, id);
  if (what == nullptr) return;
  if (!what->begun) {
    if (random_.chance(0.05)) { // refused before it was begun
      session_.add_failure(what->lane, id, unavailable("not now"), nullptr);
      theirs_.erase(id);
      return;
    }
    what->begun = true;
    session_.request_begun(id);
    if (what->client_streams) {
      session_.add_credit({id, false}, options_.credit);
      what->granted_first = true;
    }
    return;
  }
  if (what->unconsumed > 0) return consume({id, false}, *what, finishing);
  if (what->server_streams && what->may_send > 0 && random_.chance(0.7)) return send_item({id, false}, *what);
  const bool complete = !what->client_streams || what->half_closed;
  if (complete || random_.chance(0.02)) {
    if (finishing || random_.chance(0.3)) answer(id, *what);
  }
}

void traffic::send_item(call_key key, one_call& what) {
  const auto size = any_size();
  auto why = link_session::refusal::none;
  auto* at = session_.add_item(key, nullptr, size, why);
  if (at == nullptr) {
    if (why != link_session::refusal::buffer_full)
      complain(fmt::format("item refused: {}", static_cast<int>(why)));
    return;
  }
  fill(at, size, tag_of(item_tag, key.id), what.sent++);
  --what.may_send;
}

void traffic::consume(call_key key, one_call& what, bool all) {
  if (what.unconsumed > 0) {
    const auto some = all ? what.unconsumed : 1 + static_cast<std::uint32_t>(random_.below(what.unconsumed));
    what.unconsumed -= some;
    what.consumed += some;
  }
  // In larger steps, but never waiting for items with something to tell.
  if (what.consumed > 0 && (what.consumed >= options_.credit / 2 || what.unconsumed == 0))
    session_.add_credit(key, std::exchange(what.consumed, 0));
}

void traffic::answer(std::uint64_t id, one_call& what) {
  // Streams' answers come behind their items, in no order with others.
  const auto lane = what.client_streams || what.server_streams ? 1000 + id : what.lane;
  if (random_.chance(0.2)) {
    session_.add_failure(lane, id, not_found("nothing of that name"), nullptr);
    theirs_.erase(id);
    return;
  }
  const auto size = any_size();
  auto why = link_session::refusal::none;
  auto* at = session_.add_reply(lane, {.id = id}, true, size, why);
  if (at == nullptr) {
    if (why != link_session::refusal::buffer_full)
      complain(fmt::format("reply refused: {}", static_cast<int>(why)));
    session_.add_failure(lane, id, resource_exhausted("no room"), nullptr);
  } else {
    fill(at, size, tag_of(reply_tag, lane), ++replies_sent_[lane]);
  }
  theirs_.erase(id);
}

void traffic::send_message() {
  if (random_.chance(0.1)) {
    const auto sent = ledger_.messages_sent[side_];
    session_.add_ended(77, std::as_bytes(std::span{&sent, 1}));
    return;
  }
  const auto lane = 1 + random_.below(options_.lanes);
  const auto size = any_size();
  message_fields fields;
  fields.sender = lane;
  auto why = link_session::refusal::none;
  auto* at = session_.add_message(lane, fields, size, why);
  if (at == nullptr) {
    if (why != link_session::refusal::buffer_full)
      complain(fmt::format("message refused: {}", static_cast<int>(why)));
    return;
  }
  fill(at, size, tag_of(message_tag, lane), ++messages_sent_[lane]);
  ++ledger_.messages_sent[side_];
}

void traffic::end_of_ours(std::uint64_t id, const char* how) {
  if (ours_.erase(id) == 0) complain(fmt::format("call {} {}, which is not open", id, how));
  ++ledger_.calls_ended[side_];
}

void traffic::on_request(decoded_request& what) {
  if (++ledger_.requests[1 - side_][what.id] > 1) complain(fmt::format("request {} twice", what.id));
  if (ledger_.never_sent[1 - side_].contains(what.id))
    complain(fmt::format("request {} came, which was cancelled before", what.id));
  auto& last = last_request_[what.lane];
  if (what.id <= last) complain(fmt::format("request {} after {} in one lane", what.id, last));
  last = what.id;
  one_call state;
  state.client_streams = (what.method & client_stream_bit) != 0;
  state.server_streams = (what.method & server_stream_bit) != 0;
  state.lane = what.lane;
  state.may_send = what.credit;
  if (what.has_payload == state.client_streams) complain("a payload that should not be, or none");
  if (what.has_payload) check(what.payload, tag_of(request_tag, what.id));
  theirs_.emplace(what.id, state);
}

void traffic::on_item(decoded_item& what) {
  auto& from = what.call.ours ? ours_ : theirs_;
  const auto found = from.find(what.call.id);
  if (found == from.end()) return complain(fmt::format("item of call {}, which is not open", what.call.id));
  auto& state = found->second;
  const auto number = check(what.payload, tag_of(item_tag, what.call.id));
  if (number != state.received)
    complain(fmt::format("item {} of call {} where {} was due", number, what.call.id, state.received));
  if (state.half_closed && !what.call.ours) complain("an item after half_close");
  ++state.received;
  ++state.unconsumed;
  if (state.unconsumed + state.consumed > options_.credit) complain("more items than credit");
}

void traffic::on_half_close(std::uint64_t id) {
  const auto found = theirs_.find(id);
  if (found == theirs_.end()) return complain("half_close of a call that is not open");
  if (std::exchange(found->second.half_closed, true)) complain("half_close twice");
}

void traffic::on_credit(call_key call, std::uint32_t items) {
  auto& from = call.ours ? ours_ : theirs_;
  const auto found = from.find(call.id);
  if (found == from.end()) return complain("credit for a call that is not open");
  found->second.may_send += items;
}

void traffic::on_cancel(std::uint64_t id, status reason) {
  if (reason.code() != status_code::cancelled) complain("cancel with " + reason.to_string());
  const auto found = theirs_.find(id);
  if (found == theirs_.end()) return complain("cancel of a call that is not open");
  if (!found->second.begun) cancelled_unbegun_.insert(id);
  theirs_.erase(found);
  // An owner that has not noticed yet.
  if (random_.chance(0.3)) {
    auto why = link_session::refusal::none;
    if (session_.add_item({id, false}, nullptr, 5, why) != nullptr
        || session_.add_reply(1, {.id = id}, true, 5, why) != nullptr)
      complain("took frames of a call that was cancelled");
    session_.add_failure(1, id, internal("too late"), nullptr);
  }
}

void traffic::on_reply(decoded_reply& what) {
  const auto found = ours_.find(what.id);
  if (found == ours_.end()) return complain("reply for a call that is not open");
  const auto& state = found->second;
  const auto lane = state.client_streams || state.server_streams ? 1000 + what.id : state.lane;
  const auto number = check(what.payload, tag_of(reply_tag, lane));
  if (number <= replies_received_[lane])
    complain(fmt::format("reply {} after {} in one lane", number, replies_received_[lane]));
  replies_received_[lane] = number;
  end_of_ours(what.id, "answered");
}

void traffic::on_failure(decoded_failure& what) { end_of_ours(what.id, "failed"); }

void traffic::on_message(const message_fields& what) {
  const auto number = check(what.payload, tag_of(message_tag, what.sender));
  auto& last = messages_received_[what.sender];
  if (number != last + 1)
    complain(fmt::format("message {} in lane {} where {} was due", number, what.sender, last + 1));
  last = number;
  ++ledger_.messages_received[1 - side_];
}

void traffic::on_ended(std::uint64_t actor, byte_view reason) {
  std::uint64_t sent = 0;
  if (actor != 77 || reason.size() != sizeof sent) return complain("an end of another actor");
  std::memcpy(&sent, reason.data(), sizeof sent);
  if (ledger_.messages_received[1 - side_] < sent)
    complain("an end before the messages that were sent before it");
}

} // namespace troupe::testing
