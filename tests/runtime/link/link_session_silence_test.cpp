// Time: greetings that do not come, peers that fall silent.
#include "tests/runtime/link/session_pair.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

TEST_CASE("a peer that does not greet in time is given up") {
  session_pair pair;
  CHECK(pair.b.session.next_tick() == pair.now + 5s);
  CHECK(pair.b.session.tick(pair.now + 4999ms).ok());
  // Bytes that are no greeting yet change nothing.
  const auto greeting = pair.a.output();
  CHECK(pair.b.session.receive(byte_view{greeting}.first(10), pair.b.events, pair.now + 4s).ok());
  CHECK(pair.b.session.next_tick() == pair.now + 5s);
  const auto why = deadline_exceeded("the peer did not introduce itself in time");
  CHECK(pair.b.session.tick(pair.now + 5s) == why);
  CHECK(pair.b.output() == encode_refusal(why));
  CHECK(pair.b.session.next_tick() == monotonic_time::max());
  CHECK(pair.b.session.tick(pair.now + 6s) == why);
}

TEST_CASE("a peer that sends nothing is asked for a sign of life, and gives one") {
  session_pair pair;
  pair.greet();
  CHECK(pair.a.session.next_tick() == pair.now + 1s);
  CHECK(pair.a.session.tick(pair.now + 999ms).ok());
  CHECK_FALSE(pair.a.session.wants_to_send());
  pair.now += 1s;
  CHECK(pair.a.session.tick(pair.now).ok());
  CHECK(pair.a.session.wants_to_send());
  CHECK(pair.a.session.next_tick() == pair.now + 1s);
  pair.settle();
  // The pong was one.
  CHECK(pair.a.session.next_tick() == pair.now + 1s);
  for (int i = 0; i < 20; ++i) {
    pair.now += 1s;
    CHECK(pair.a.session.tick(pair.now).ok());
    CHECK(pair.b.session.tick(pair.now).ok());
    pair.settle();
  }
  CHECK(pair.a.failed.ok());
}

TEST_CASE("a peer that gives no sign of life is given up") {
  session_pair pair;
  pair.greet();
  const auto last = pair.now;
  std::size_t asked = 0;
  for (;;) {
    pair.now = pair.a.session.next_tick();
    if (pair.now - last >= 5s) break;
    REQUIRE(pair.a.session.tick(pair.now).ok());
    asked += pair.a.output().size() > 0 ? 1 : 0;
  }
  CHECK(asked == 4);
  CHECK(pair.now == last + 5s);
  CHECK(pair.a.session.tick(pair.now) == unavailable("the peer gave no sign of life for 5000 ms"));
  CHECK_FALSE(pair.a.session.established());
}

TEST_CASE("any byte is a sign of life") {
  session_pair pair;
  pair.greet();
  pair.b.message(1, "a long message, of which little comes at a time");
  const auto message = pair.b.output();
  for (std::size_t i = 0; i < message.size(); ++i) {
    pair.now += 900ms;
    REQUIRE(pair.a.session.receive(byte_view{message}.subspan(i, 1), pair.a.events, pair.now).ok());
    REQUIRE(pair.a.session.tick(pair.now + 99ms).ok());
    CHECK_FALSE(pair.a.session.wants_to_send());
  }
  CHECK(pair.a.events.lines.size() == 1);
}

TEST_CASE("a node that stood still itself gives its peer time to be heard") {
  session_pair pair;
  pair.greet();
  pair.now += 1min; // stopped, and then continued
  CHECK(pair.a.session.tick(pair.now).ok());
  CHECK(pair.a.session.wants_to_send());
  SECTION("which it uses") {
    pair.settle();
    pair.now = pair.a.session.next_tick();
    CHECK(pair.a.session.tick(pair.now).ok());
  }
  SECTION("which passes") {
    status outcome;
    const auto began = pair.now;
    while (outcome.ok()) {
      pair.now = pair.a.session.next_tick();
      outcome = pair.a.session.tick(pair.now);
    }
    CHECK(outcome.code() == status_code::unavailable);
    CHECK(pair.now - began <= 5s);
  }
}

TEST_CASE("an idle connection gives its memory back, and goes on") {
  session_pair pair;
  pair.greet();
  pair.a.message(1, std::string(50'000, 'x'));
  auto batch = pair.a.session.next_batch({});
  CHECK(pair.b.session.receive(batch, pair.b.events, pair.now).ok());
  batch = pair.a.session.next_batch(std::move(batch));
  pair.now += 1s;
  CHECK(pair.a.session.tick(pair.now).ok());
  pair.settle();
  pair.b.events.take();
  pair.a.message(1, "again");
  pair.settle();
  CHECK(pair.b.events.lines == std::vector<std::string>{"message 1->1 again"});
}
