// What runtime/link/link_session.hpp says of greeting, ordering, refusing and ending, sentence by sentence.
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

// Everything in its own batch, as if the network took one frame after the other.
link_limits small_batches() {
  link_limits out;
  out.batch_bytes = 1;
  return out;
}

} // namespace

TEST_CASE("the dialing side greets first, and the accepting one after it") {
  session_pair pair;
  CHECK(pair.a.session.wants_to_send());
  CHECK_FALSE(pair.b.session.wants_to_send());
  CHECK_FALSE(pair.a.session.established());
  pair.a_to_b();
  CHECK(pair.b.session.established());
  CHECK(pair.b.events.take() == lines{"greeting of a"});
  pair.b_to_a();
  CHECK(pair.a.session.established());
  CHECK(pair.a.events.take() == lines{"greeting of b"});
  CHECK(pair.a.session.version() == 1);
  CHECK(pair.a.session.theirs().node == "b");
  CHECK(pair.a.session.theirs().services == greeting_of("b").services);
}

TEST_CASE("versions and sizes of a greeting are taken from the limits") {
  link_limits limits;
  limits.lowest_version = 1;
  limits.highest_version = 3;
  limits.max_message_bytes = 5'000;
  limits.request_window_bytes = 100'000;
  limits.item_window_bytes = 200'000;
  limits.stream_window_bytes = 300'000;
  limits.max_open_calls = 17;
  session_pair pair{{}, limits};
  pair.settle();
  const auto& theirs = pair.a.session.theirs();
  CHECK(theirs.lowest_version == 1);
  CHECK(theirs.highest_version == 3);
  CHECK(theirs.max_message_bytes == 5'000);
  CHECK(theirs.request_window_bytes == 100'000);
  CHECK(theirs.item_window_bytes == 200'000);
  CHECK(theirs.stream_window_bytes == 300'000);
  CHECK(theirs.max_open_calls == 17);
}

TEST_CASE("a call goes to the other side, and its answer comes back") {
  session_pair pair;
  pair.greet();
  call_metadata metadata;
  metadata.identity = "alice";
  CHECK(pair.a.request(1, "hello", 5, {.method = 1, .metadata = &metadata}));
  pair.settle();
  CHECK(pair.b.events.take() == lines{"request 1 method 1 hello from alice"});
  CHECK(pair.b.reply(1, "world", 5));
  pair.settle();
  CHECK(pair.a.events.take() == lines{"reply 1 world"});
  // Both sides number their calls.
  CHECK(pair.b.request(1, "and you?"));
  pair.settle();
  CHECK(pair.a.events.take() == lines{"request 1 method 0 and you?"});
  pair.a.session.add_failure(0, 1, not_found("me"), nullptr);
  pair.settle();
  CHECK(pair.b.events.take() == lines{"failure 1 NOT_FOUND: me"});
}

TEST_CASE("streams of both directions carry items, credit and half_close") {
  session_pair pair;
  pair.greet();
  REQUIRE(pair.a.request(1, "chat", 0, {.credit = 2}));
  pair.settle();
  pair.b.session.request_begun(1);
  pair.b.session.add_credit({1, false}, 4);
  const header_list headers{{"x-a", "1"}};
  auto* room = pair.b.session.add_item({1, false}, &headers, 1, pair.b.refused);
  REQUIRE(room != nullptr);
  *room = std::byte{'0'};
  CHECK(pair.b.item({1, false}, "1"));
  pair.settle();
  CHECK(pair.a.events.take() == lines{"credit ours:1 4", "item ours:1 0 x-a=1", "item ours:1 1"});
  CHECK(pair.a.item({1, true}, "2"));
  pair.a.session.add_credit({1, true}, 2);
  pair.a.session.add_half_close(1);
  pair.settle();
  // Credit is control: it goes first.
  CHECK(pair.b.events.take()
        == lines{"request 1 method 0 chat", "credit theirs:1 2", "item theirs:1 2", "half_close 1"});
  CHECK(pair.b.reply(1, ""));
  pair.settle();
  CHECK(pair.a.events.take() == lines{"reply 1 "});
}

TEST_CASE("frames may be added before the greeting; they wait") {
  session_pair pair;
  CHECK(pair.a.request(1, "first", 1));
  CHECK(pair.a.request(2, large, 1));
  CHECK(pair.a.request(3, "third", 1));
  CHECK(pair.a.item({3, true}, "item"));
  CHECK(pair.a.message(7, "message"));
  pair.a.session.add_ended(7, bytes_of("why"));
  pair.a.session.add_watch(9);
  CHECK_FALSE(pair.a.session.add_cancel(99, {}));
  pair.a_to_b();
  CHECK(pair.b.events.take() == lines{"greeting of a"});
  pair.settle();
  CHECK(pair.b.events.take()
        == lines{"watch 9", "request 1 method 0 first", "message 7->1 message",
                 "request 2 method 0 <100000 bytes>", "request 3 method 0 third", "item theirs:3 item",
                 "ended 7 why"});
}

TEST_CASE("what waited for the greeting and is more than the peer takes is given up") {
  link_limits modest;
  modest.max_message_bytes = 1'024;
  modest.max_open_calls = 2;
  session_pair pair{{}, modest};
  CHECK(pair.a.request(1, std::string(1'025, 'x'), 1));
  CHECK(pair.a.request(2, std::string(1'024, 'x'), 1));
  CHECK(pair.a.message(1, std::string(2'000, 'x')));
  CHECK(pair.a.request(3, "", 2));
  CHECK(pair.a.item({3, true}, std::string(2'000, 'x')));
  CHECK(pair.a.request(4, "", 3));
  CHECK(pair.a.request(5, "", 4));
  CHECK(pair.a.message(1, "small"));
  pair.settle();
  CHECK(pair.b.failed.ok());
  CHECK(pair.a.events.take()
        == lines{"greeting of b", "failure 1 RESOURCE_EXHAUSTED: node \"b\" takes no call like this one",
                 "failure 3 RESOURCE_EXHAUSTED: node \"b\" takes no call like this one",
                 "failure 4 RESOURCE_EXHAUSTED: node \"b\" takes no call like this one",
                 "failure 5 RESOURCE_EXHAUSTED: node \"b\" takes no call like this one"});
  CHECK(pair.b.events.take()
        == lines{"greeting of a", "request 2 method 0 <1024 bytes>", "message 1->1 small"});
  CHECK(pair.a.session.figures().queued_bytes == 0);
}

TEST_CASE("an accepting side that refuses a greeting says nothing but that") {
  session_pair pair;
  pair.b.events.verdict = already_exists("there is a node a");
  pair.a_to_b();
  CHECK(pair.b.failed == already_exists("there is a node a"));
  CHECK_FALSE(pair.b.session.established());
  const auto said = pair.b.output();
  CHECK(said == encode_refusal(already_exists("there is a node a")));
  CHECK(pair.a.session.receive(said, pair.a.events, pair.now) == already_exists("there is a node a"));
  CHECK_FALSE(pair.a.session.wants_to_send());
  CHECK(pair.a.events.lines.empty());
}

TEST_CASE("a dialing side that refuses a greeting says goodbye") {
  session_pair pair;
  pair.a.events.verdict = aborted("another connection joins us");
  pair.a_to_b();
  pair.b_to_a();
  CHECK(pair.a.failed == aborted("another connection joins us"));
  pair.a_to_b();
  CHECK(pair.b.failed == aborted("another connection joins us"));
  CHECK(pair.b.events.take() == lines{"greeting of a", "goodbye ABORTED: another connection joins us"});
}

TEST_CASE("nodes of different clusters refuse each other") {
  auto ours = greeting_of("a");
  ours.cluster = "staging";
  link_session a{false, ours, {}, monotonic_time{1h}};
  session_end b{true, "b", {}, monotonic_time{1h}};
  const auto outcome = b.session.receive(a.next_batch({}), b.events, monotonic_time{1h});
  CHECK(outcome == failed_precondition("node \"b\" is of the cluster \"test\", node \"a\" of \"staging\""));
  CHECK(b.events.lines.empty());
  recorded_events events;
  CHECK(a.receive(b.output(), events, monotonic_time{1h}) == outcome);
}

TEST_CASE("a cluster is upgraded version by version") {
  const auto speaking = [](int lowest, int highest) {
    link_limits out;
    out.lowest_version = static_cast<std::uint16_t>(lowest);
    out.highest_version = static_cast<std::uint16_t>(highest);
    return out;
  };
  SECTION("the new dials the old, and the old dials the new") {
    for (const bool new_dials : {true, false}) {
      session_pair pair{speaking(1, new_dials ? 2 : 1), speaking(1, new_dials ? 1 : 2)};
      pair.greet();
      CHECK(pair.a.session.version() == 1);
      CHECK(pair.b.session.version() == 1);
      // Kinds 64 to 127 are for later versions.
      byte_buffer news;
      append_ping(news, 1);
      for (const int kind : {64, 100, 127}) {
        news[4] = static_cast<std::byte>(kind);
        CHECK(pair.b.session.receive(news, pair.b.events, pair.now).ok());
      }
      append_fragment(news = {}, 1, false, bytes_of("\x40new"));
      append_fragment(news, 1, true, bytes_of("er"));
      CHECK(pair.b.session.receive(news, pair.b.events, pair.now).ok());
      CHECK(pair.a.request(1, "still works"));
      pair.settle();
      CHECK(pair.b.events.take() == lines{"request 1 method 0 still works"});
    }
  }
  SECTION("both speak the newer one when both can") {
    session_pair pair{speaking(1, 2), speaking(2, 3)};
    pair.settle();
    CHECK(pair.a.session.version() == 2);
    CHECK(pair.b.session.version() == 2);
  }
  SECTION("two versions apart they refuse each other, saying why") {
    session_pair pair{speaking(1, 1), speaking(2, 3)};
    pair.settle();
    const auto why =
      failed_precondition("node \"b\" speaks versions 2 to 3 of the link, node \"a\" 1 to 1: there "
                          "is none that both speak; upgrade a cluster one version at a time");
    CHECK(pair.b.failed == why);
    CHECK(pair.a.failed == why);
    CHECK(pair.b.events.lines.empty());
  }
}

TEST_CASE("control frames go first") {
  session_pair pair;
  pair.greet();
  pair.a.message(1, "message");
  pair.a.session.add_watch(5);
  pair.a.session.add_unwatch(5);
  pair.a.session.add_drain();
  pair.settle();
  CHECK(pair.b.events.take() == lines{"watch 5", "unwatch 5", "drain", "message 1->1 message"});
}

TEST_CASE("a large message holds up nobody but its own lane") {
  session_pair pair;
  pair.greet();
  pair.a.message(1, "before");
  pair.a.message(1, large);
  pair.a.message(1, "behind");
  pair.a.message(2, "beside");
  pair.settle();
  CHECK(pair.b.events.take()
        == lines{"message 1->1 before", "message 2->1 beside", "message 1->1 <100000 bytes>",
                 "message 1->1 behind"});
}

TEST_CASE("lanes of requests and of replies have nothing to do with each other") {
  session_pair pair;
  pair.greet();
  pair.a.request(1, "question", 1);
  pair.settle();
  pair.b.events.take();
  pair.b.message(1, large);
  pair.b.reply(1, "answer", 1);
  pair.settle();
  CHECK(pair.a.events.take() == lines{"reply 1 answer", "message 1->1 <100000 bytes>"});
}

TEST_CASE("large messages take turns, a fragment at a time, and each batch carries one") {
  session_pair pair;
  pair.greet();
  const std::string three(150'000, 'x');
  pair.a.message(1, three);
  pair.a.message(2, three);
  pair.a.message(3, large);
  int batches = 0;
  while (pair.a.session.wants_to_send()) {
    for (int i = 0; i < 2; ++i)
      pair.a.message(9, std::string(60'000, 'y'));
    const auto batch = pair.a.session.next_batch({});
    // A full batch of others, and a fragment.
    CHECK(batch.size() > 120'000 + 18'000);
    REQUIRE(pair.b.session.receive(batch, pair.b.events, pair.now).ok());
    if (++batches == 8) break;
  }
  auto came = pair.b.events.take();
  std::erase_if(came, [](const std::string& line) { return line.starts_with("message 9"); });
  CHECK(
    came
    == lines{"message 3->1 <100000 bytes>", "message 1->1 <150000 bytes>", "message 2->1 <150000 bytes>"});
}

TEST_CASE("a large frame does not overtake what was added before it") {
  session_pair pair{small_batches()};
  pair.greet();
  for (int i = 0; i < 5; ++i)
    pair.a.message(1, fmt::format("{}", i));
  pair.a.message(1, large);
  pair.settle();
  CHECK(pair.b.events.take()
        == lines{"message 1->1 0", "message 1->1 1", "message 1->1 2", "message 1->1 3", "message 1->1 4",
                 "message 1->1 <100000 bytes>"});
}

TEST_CASE("an actor's end is told after its messages") {
  session_pair pair;
  pair.greet();
  pair.a.message(1, large);
  pair.a.session.add_ended(1, bytes_of("done"));
  pair.a.message(2, "later");
  pair.settle();
  CHECK(pair.b.events.take() == lines{"message 2->1 later", "message 1->1 <100000 bytes>", "ended 1 done"});
  pair.a.session.add_ended(1, bytes_of(std::string(max_status_bytes + 1, 'x')));
  pair.settle();
  CHECK(pair.b.events.take() == lines{"ended 1 "});
}

TEST_CASE("a cancel never overtakes its request") {
  session_pair pair{small_batches()};
  pair.greet();
  pair.a.message(1, "in the way");
  pair.a.request(1, "question");
  CHECK_FALSE(pair.a.session.request_sent(1));
  CHECK_FALSE(pair.a.session.add_cancel(1, cancelled("no")));
  pair.settle();
  CHECK(pair.b.events.take()
        == lines{"message 1->1 in the way", "request 1 method 0 question", "cancel 1 CANCELLED: no"});
  // Nor does credit.
  pair.a.message(1, "in the way");
  pair.a.request(2, "question");
  pair.a.session.add_credit({2, true}, 3);
  pair.settle();
  CHECK(pair.b.events.take()
        == lines{"message 1->1 in the way", "request 2 method 0 question", "credit theirs:2 3"});
  // Once it has gone, they go first.
  CHECK(pair.a.session.request_sent(2));
  pair.a.message(1, "in the way");
  CHECK_FALSE(pair.a.session.add_cancel(2, cancelled("no")));
  pair.settle();
  CHECK(pair.b.events.take() == lines{"cancel 2 CANCELLED: no", "message 1->1 in the way"});
}

TEST_CASE("the peer never learns of a call that is cancelled before its request has gone") {
  session_pair pair;
  pair.greet();
  pair.a.request(1, large, 1);
  pair.a.request(2, "behind", 1);
  pair.a.item({2, true}, "item");
  SECTION("nothing of it was sent") {}
  SECTION("a part of it was sent") {
    REQUIRE(pair.b.session.receive(pair.a.session.next_batch({}), pair.b.events, pair.now).ok());
    pair.a.request(3, std::string(1'000'000, 'x'), 2);
    const auto batch = pair.a.session.next_batch({});
    REQUIRE(pair.b.session.receive(batch, pair.b.events, pair.now).ok());
    CHECK_FALSE(pair.a.session.request_sent(3));
    pair.b.events.take();
    CHECK(pair.a.session.add_cancel(3, cancelled("no")));
    CHECK(pair.a.session.figures().queued_bytes < 100);
    pair.settle();
    CHECK(pair.b.events.take().empty());
    CHECK(pair.b.failed.ok());
    return;
  }
  CHECK(pair.a.session.add_cancel(1, cancelled("no")));
  CHECK(pair.a.session.add_cancel(2, cancelled("no")));
  pair.settle();
  CHECK(pair.b.events.take().empty());
  CHECK(pair.a.session.figures().queued_bytes == 0);
  CHECK(pair.a.session.figures().waiting_frames == 0);
  CHECK(pair.a.session.figures().request_bytes_outstanding == 0);
}

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

TEST_CASE("a goodbye from within on_greeting goes behind the greeting") {
  session_pair pair;
  pair.b.events.on_line = [&](const std::string&) {
    pair.b.session.add_watch(5);
    pair.b.session.add_goodbye(aborted("another connection joins us"));
  };
  pair.settle();
  CHECK(pair.a.events.take()
        == lines{"greeting of b", "watch 5", "goodbye ABORTED: another connection joins us"});
}

TEST_CASE("the owner may add frames from within events") {
  session_pair pair;
  pair.greet();
  std::uint64_t next = 1;
  pair.b.events.on_line = [&](const std::string& line) {
    if (!line.starts_with("request")) return;
    pair.b.session.request_begun(next);
    // Many calls of its own, so that tables grow while a frame is being taken.
    for (int i = 0; i < 50; ++i)
      pair.b.request(next * 100 + static_cast<std::uint64_t>(i), "back");
    pair.b.reply(next++, "answer");
  };
  for (std::uint64_t id = 1; id <= 20; ++id)
    pair.a.request(id, "question");
  pair.settle();
  const auto came = pair.a.events.take();
  CHECK(std::count_if(came.begin(), came.end(), [](auto& line) { return line.ends_with(" answer"); }) == 20);
  CHECK(std::count_if(came.begin(), came.end(), [](auto& line) { return line.ends_with(" back"); }) == 1000);
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
