// What a session refuses to take of its owner, how calls and connections end, and what is counted.
#include "tests/runtime/link/session_pair.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;
using refusal = link_session::refusal;

namespace {

const std::string large(100'000, 'x'); // two fragments

} // namespace

TEST_CASE("after a call's end nothing more can be said of it") {
  session_pair pair;
  pair.greet();
  for (std::uint64_t id = 1; id <= 2; ++id)
    pair.a.request(id, "question");
  pair.settle();
  CHECK(pair.b.reply(1, "answer"));
  CHECK_FALSE(pair.b.reply(1, "answer"));
  CHECK(pair.b.refused == refusal::call_over);
  CHECK_FALSE(pair.b.item({1, false}, "item"));
  CHECK(pair.b.refused == refusal::call_over);
  pair.b.session.add_failure(0, 1, aborted("no"), nullptr);
  pair.a.session.add_cancel(2, cancelled("no"));
  pair.settle();
  CHECK(pair.a.events.take() == lines{"reply 1 answer"});
  CHECK_FALSE(pair.b.reply(2, "answer"));
  CHECK(pair.b.refused == refusal::call_over);
  pair.b.session.add_failure(0, 2, aborted("no"), nullptr);
  pair.a.session.add_half_close(1);
  pair.a.session.add_credit({1, true}, 1);
  pair.b.session.add_credit({1, false}, 1);
  CHECK_FALSE(pair.a.item({1, true}, "item"));
  CHECK_FALSE(pair.a.session.add_cancel(1, cancelled("no")));
  pair.settle();
  CHECK(pair.a.events.lines.empty());
}

TEST_CASE("frames of a call that cross its end are a race, and ignored") {
  session_pair pair;
  pair.greet();
  pair.a.request(1, "question", 0, {.credit = 5});
  pair.settle();
  pair.b.events.take();
  // The answer is on its way while the caller goes on.
  pair.b.item({1, false}, "reply's item");
  pair.b.reply(1, "answer");
  const auto answer = pair.b.output();
  pair.a.item({1, true}, "item");
  pair.a.session.add_half_close(1);
  pair.a.session.add_credit({1, true}, 1);
  pair.a.session.add_cancel(1, cancelled("no"));
  pair.settle();
  CHECK(pair.b.events.take().empty());
  CHECK(pair.b.failed.ok());
  CHECK(pair.a.session.receive(answer, pair.a.events, pair.now).ok());
  CHECK(pair.a.events.take().empty());
  pair.settle();
  CHECK(pair.a.session.figures().item_bytes_outstanding == 0);
  CHECK(pair.b.session.figures().item_bytes_outstanding == 0);
}

TEST_CASE("requests are refused for what would be too much") {
  link_limits limits;
  limits.max_message_bytes = 200'000;
  limits.max_open_calls = 3;
  limits.send_buffer_bytes = 300'000;
  link_limits theirs;
  theirs.max_message_bytes = 150'000;
  session_pair pair{limits, theirs};
  pair.greet();
  CHECK_FALSE(pair.a.request(1, std::string(150'001, 'x')));
  CHECK(pair.a.refused == refusal::too_large);
  CHECK(pair.a.request(1, std::string(150'000, 'x')));
  CHECK(pair.a.request(2, std::string(150'000, 'x')));
  CHECK_FALSE(pair.a.request(3, ""));
  CHECK(pair.a.refused == refusal::buffer_full);
  pair.settle();
  CHECK(pair.a.request(3, ""));
  CHECK(pair.a.refused == refusal::none);
  CHECK_FALSE(pair.a.request(4, ""));
  CHECK(pair.a.refused == refusal::too_many_calls);
  pair.b.reply(1, "");
  pair.settle();
  CHECK(pair.a.request(4, ""));
  CHECK_FALSE(pair.a.request(4, ""));
  pair.b.session.add_drain();
  pair.settle();
  pair.b.reply(2, "");
  pair.settle();
  CHECK_FALSE(pair.a.request(5, ""));
  CHECK(pair.a.refused == refusal::draining);
  CHECK(pair.b.request(1, "a node that stops may still call"));
}

TEST_CASE("the smaller one of both sides' max_open_calls counts") {
  link_limits theirs;
  theirs.max_open_calls = 1;
  session_pair pair{{}, theirs};
  pair.greet();
  CHECK(pair.a.request(1, ""));
  CHECK_FALSE(pair.a.request(2, ""));
  CHECK(pair.a.refused == refusal::too_many_calls);
}

TEST_CASE("replies, items and messages are refused when twice the buffer waits") {
  link_limits limits;
  limits.send_buffer_bytes = 100'000;
  session_pair pair{{}, limits};
  pair.greet();
  for (std::uint64_t id = 1; id <= 4; ++id)
    pair.a.request(id, "", 0, {.credit = 9});
  pair.settle();
  CHECK(pair.b.reply(1, std::string(120'000, 'x')));
  CHECK_FALSE(pair.b.request(1, ""));
  CHECK(pair.b.refused == refusal::buffer_full);
  CHECK(pair.b.reply(2, std::string(120'000, 'x')));
  CHECK_FALSE(pair.b.reply(3, ""));
  CHECK(pair.b.refused == refusal::buffer_full);
  CHECK_FALSE(pair.b.item({3, false}, ""));
  CHECK(pair.b.refused == refusal::buffer_full);
  CHECK_FALSE(pair.b.message(1, ""));
  CHECK(pair.b.refused == refusal::buffer_full);
  // Instead: the failure is always sent.
  pair.b.session.add_failure(7, 3, resource_exhausted("slow down"), nullptr);
  pair.a.events.take();
  pair.settle();
  CHECK(
    pair.a.events.take()
    == lines{"failure 3 RESOURCE_EXHAUSTED: slow down", "reply 1 <120000 bytes>", "reply 2 <120000 bytes>"});
}

TEST_CASE("metadata that the peer would not take is refused") {
  session_pair pair;
  pair.greet();
  const call_metadata bad{.headers = {{"Upper", "x"}}};
  CHECK_FALSE(pair.a.request(1, "", 0, {.metadata = &bad}));
  CHECK(pair.a.refused == refusal::bad_metadata);
  CHECK_FALSE(pair.a.request(1, "", 0, {.shard_key = std::string_view{large}}));
  CHECK(pair.a.refused == refusal::bad_metadata);
  REQUIRE(pair.a.request(1, ""));
  pair.settle();
  CHECK(pair.b.session.add_item({1, false}, &bad.headers, 0, pair.b.refused) == nullptr);
  CHECK(pair.b.refused == refusal::bad_metadata);
  CHECK(pair.b.session.add_reply(0, {.id = 1, .headers = &bad.headers}, false, 0, pair.b.refused) == nullptr);
  CHECK(pair.b.refused == refusal::bad_metadata);
  // A failure matters more than its headers.
  pair.b.session.add_failure(0, 1, aborted("no"), &bad.headers);
  pair.settle();
  CHECK(pair.a.events.take() == lines{"failure 1 ABORTED: no"});
  message_fields foreign;
  foreign.sender_node = bytes_of(large);
  CHECK(pair.a.session.add_message(1, foreign, 0, pair.a.refused) == nullptr);
  CHECK(pair.a.refused == refusal::bad_metadata);
}

TEST_CASE("a goodbye goes after what is ready, and is the last frame") {
  session_pair pair;
  pair.greet();
  pair.a.message(1, large);
  pair.a.request(1, "question");
  pair.a.session.add_goodbye(unavailable("stopping"));
  CHECK_FALSE(pair.a.message(1, "too late"));
  CHECK(pair.a.refused == refusal::closed);
  CHECK_FALSE(pair.a.request(2, "too late"));
  CHECK(pair.a.refused == refusal::closed);
  pair.a.session.add_watch(1);
  pair.a_to_b();
  CHECK(
    pair.b.events.take()
    == lines{"request 1 method 0 question", "message 1->1 <100000 bytes>", "goodbye UNAVAILABLE: stopping"});
  CHECK(pair.b.failed == unavailable("stopping"));
  CHECK_FALSE(pair.a.session.wants_to_send());
  CHECK(pair.a.session.next_batch({}).empty());
  // It is over: nothing is taken, nothing is said.
  CHECK_FALSE(pair.b.reply(1, "answer"));
  CHECK(pair.b.refused == refusal::closed);
  CHECK_FALSE(pair.b.session.wants_to_send());
  CHECK(pair.b.session.receive({}, pair.b.events, pair.now) == unavailable("stopping"));
}

TEST_CASE("a goodbye without a reason still ends the connection") {
  session_pair pair;
  pair.greet();
  pair.a.session.add_goodbye({});
  pair.settle();
  CHECK(pair.b.events.take() == lines{"goodbye OK"});
  CHECK(pair.b.failed == unavailable("the peer said goodbye"));
}

TEST_CASE("batches are handed over as they were built, and buffers come back") {
  session_pair pair;
  pair.greet();
  auto why = refusal::none;
  auto* room = pair.a.session.add_message(1, {}, 500, why);
  auto batch = pair.a.session.next_batch({});
  CHECK(room > batch.data());
  CHECK(room + 500 == batch.data() + batch.size());
  // One is on its way, one is being filled, one is kept.
  std::set<const std::byte*> memory;
  for (int i = 0; i < 20; ++i) {
    pair.a.message(1, std::string(300, 'x'));
    batch = pair.a.session.next_batch(std::move(batch));
    if (i >= 4) memory.insert(batch.data());
  }
  CHECK(memory.size() <= 3);
}

TEST_CASE("figures say what has gone, what has come and what waits") {
  session_pair pair;
  pair.greet();
  const auto before = pair.a.session.figures();
  pair.a.message(1, "0123456789");
  CHECK(pair.a.session.figures().queued_bytes == 19);
  pair.a.message(2, large);
  pair.a.message(2, "behind");
  CHECK(pair.a.session.figures().waiting_frames == 2);
  CHECK(pair.a.session.figures().queued_bytes > 100'000);
  pair.settle();
  const auto after = pair.a.session.figures();
  CHECK(after.frames_sent - before.frames_sent == 3);
  CHECK(after.bytes_sent - before.bytes_sent > 100'000);
  CHECK(after.queued_bytes == 0);
  CHECK(after.waiting_frames == 0);
  CHECK(pair.b.session.figures().frames_received == after.frames_sent);
  CHECK(pair.b.session.figures().bytes_received == after.bytes_sent);
}
