// What runtime/link/link_session.hpp says of calls and of the order of frames, sentence by sentence.
#include "tests/runtime/link/session_pair.hpp"

#include <catch2/catch.hpp>

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
    for (int i = 0; i < 3; ++i)
      pair.a.message(9, std::string(60'000, 'y'));
    const auto batch = pair.a.session.next_batch({});
    // A full batch of others, and a fragment.
    CHECK(batch.size() > 180'000 + 18'000);
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
