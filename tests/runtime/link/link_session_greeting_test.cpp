// How sessions begin: who greets, who is refused, what waits meanwhile, and which versions go together.
#include "tests/runtime/link/session_pair.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;
using refusal = link_session::refusal;

namespace {

const std::string large(100'000, 'x'); // two fragments

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
