// Any bytes from a peer that greeted well, to a session whose owner answers, streams and calls: nothing of it
// breaks the session or makes it take memory without bound.
#include "runtime/link/link_session.hpp"

#include <algorithm>

using namespace troupe;

namespace {

constexpr link_limits small_limits() {
  link_limits out;
  out.max_message_bytes = 1'024;
  out.fragment_bytes = 256;
  out.request_window_bytes = 4'096;
  out.item_window_bytes = 4'096;
  out.stream_window_bytes = 2'048;
  out.send_buffer_bytes = 8'192;
  out.max_open_calls = 20;
  out.batch_bytes = 512;
  return out;
}

class answering_owner final : public link_events {
public:
  explicit answering_owner(link_session& session) : session_(session) {}

  status on_greeting(const greeting&) override { return {}; }
  void on_request(decoded_request& what) override {
    // Each kind of call has a life of its own.
    switch (what.id % 4) {
    case 0:
      return session_.add_failure(what.lane, what.id, unavailable("no"), nullptr);
    case 1:
      session_.request_begun(what.id);
      return reply(what.id, what.lane, what.payload.size());
    case 2:
      session_.request_begun(what.id);
      for (int i = 0; i < 5; ++i)
        item({what.id, false}, 600);
      return;
    default:
      session_.add_credit({what.id, false}, 4);
    }
  }
  void on_item(decoded_item& what) override {
    if (what.payload.size() % 2 == 0) session_.add_credit(what.call, 1);
  }
  void on_half_close(std::uint64_t id) override { reply(id, 1, 700); }
  void on_credit(call_key call, std::uint32_t items) override {
    for (; items > 0 && items < 5; --items)
      item(call, 300);
  }
  void on_cancel(std::uint64_t id, status) override { session_.request_begun(id); }
  void on_reply(decoded_reply&) override { call(); }
  void on_failure(decoded_failure&) override { call(); }
  void on_message(const message_fields& what) override {
    message_fields back;
    back.receiver = what.sender;
    auto why = link_session::refusal::none;
    session_.add_message(what.sender % 4, back, std::min<std::size_t>(what.payload.size(), 1'024), why);
  }
  void on_watch(std::uint64_t actor) override { session_.add_ended(actor, {}); }
  void on_unwatch(std::uint64_t) override {}
  void on_ended(std::uint64_t actor, byte_view) override { session_.add_unwatch(actor); }
  void on_drain() override {}
  void on_goodbye(const status&) override {}

  void call() {
    auto why = link_session::refusal::none;
    const auto id = ++last_id_;
    session_.add_request(id % 3, {.id = id, .credit = 4}, true, id * 100 % 1'000, why);
    item({id, true}, 100);
    if (id % 5 == 0) session_.add_cancel(id - 2, cancelled("no"));
  }

private:
  void reply(std::uint64_t id, std::uint64_t lane, std::size_t size) {
    auto why = link_session::refusal::none;
    if (session_.add_reply(lane, {.id = id}, true, size, why) == nullptr)
      session_.add_failure(lane, id, resource_exhausted("full"), nullptr);
  }
  void item(call_key call, std::size_t size) {
    auto why = link_session::refusal::none;
    session_.add_item(call, nullptr, size, why);
  }

  link_session& session_;
  std::uint64_t last_id_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const monotonic_time now{std::chrono::hours{1}};
  greeting ours;
  ours.node = "victim";
  link_session session{true, ours, small_limits(), now};
  answering_owner owner{session};
  greeting theirs;
  theirs.node = "peer";
  theirs.max_message_bytes = theirs.request_window_bytes = theirs.item_window_bytes =
    theirs.stream_window_bytes = 1'024;
  theirs.max_open_calls = 20;
  if (!session.receive(encode_greeting(theirs), owner, now).ok()) __builtin_trap();
  for (int i = 0; i < 6; ++i)
    owner.call();
  byte_buffer spare;
  spare = session.next_batch(std::move(spare));
  // The first byte says how the others are cut, and how often we may send.
  const std::size_t cut = size == 0 ? 1 : 1 + data[0] % 64;
  auto bytes = std::as_bytes(std::span{data, size}).subspan(std::min<std::size_t>(size, 1));
  for (int round = 0; !bytes.empty(); ++round) {
    const auto piece = bytes.first(std::min(cut * cut, bytes.size()));
    bytes = bytes.subspan(piece.size());
    const bool going_on = session.receive(piece, owner, now).ok();
    // Thrice the buffer is the end; beside it there are one input's answers.
    if (session.figures().queued_bytes > 3 * 8'192 + 64 * piece.size() + 4'096) __builtin_trap();
    if (round % 3 == 0 || !going_on) spare = session.next_batch(std::move(spare));
    if (!going_on) break;
  }
  while (session.wants_to_send())
    spare = session.next_batch(std::move(spare));
  return 0;
}
