// Flow control: who has to wait for which window, and how each byte of a window comes back.
#include "tests/runtime/link/session_pair.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

link_limits windows(std::size_t requests, std::size_t items, std::size_t stream) {
  link_limits out;
  out.request_window_bytes = requests;
  out.item_window_bytes = items;
  out.stream_window_bytes = stream;
  return out;
}

// What b takes from a.
session_pair& greeted(session_pair& pair) { return pair.greet(); }

std::uint64_t requests_out(session_pair& pair) { return pair.a.session.figures().request_bytes_outstanding; }
std::uint64_t items_out(session_pair& pair) { return pair.a.session.figures().item_bytes_outstanding; }

// The ids of the requests that came.
std::vector<std::uint64_t> requests_at(session_end& end) {
  std::vector<std::uint64_t> out;
  for (const auto& line : end.events.take())
    if (line.starts_with("request ")) out.push_back(std::stoull(line.substr(8)));
  return out;
}

// Items that came, by call.
std::vector<std::uint64_t> items_at(session_end& end) {
  std::vector<std::uint64_t> out;
  for (const auto& line : end.events.take()) {
    const auto at = line.find(':');
    if (line.starts_with("item ")) out.push_back(std::stoull(line.substr(at + 1)));
  }
  return out;
}

using ids = std::vector<std::uint64_t>;

const std::string kilobyte(1'000, 'x');

} // namespace

TEST_CASE("requests wait when the peer has not begun to work on those before, in the order they were added") {
  session_pair pair{{}, windows(10'000, 10'000, 10'000)};
  greeted(pair);
  for (std::uint64_t id = 1; id <= 12; ++id)
    CHECK(pair.a.request(id, kilobyte, id));
  pair.settle();
  CHECK(requests_at(pair.b) == ids{1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(pair.a.session.figures().waiting_frames == 3);
  CHECK(pair.a.session.figures().window_stalls == 3);
  CHECK(requests_out(pair) <= 10'000);
  // The window is returned by quarters.
  pair.b.session.request_begun(1);
  pair.b.session.request_begun(2);
  CHECK_FALSE(pair.b.session.wants_to_send());
  pair.b.session.request_begun(3);
  pair.settle();
  CHECK(requests_at(pair.b) == ids{10, 11, 12});
}

TEST_CASE("a request that waits for the window holds up nothing but its lane") {
  session_pair pair{{}, windows(2'200, 10'000, 10'000)};
  greeted(pair);
  pair.a.request(1, kilobyte, 1);
  pair.a.request(2, kilobyte, 1);
  pair.a.request(3, "waits", 1);
  CHECK(pair.a.session.figures().waiting_frames == 1);
  pair.a.message(1, "waits behind it");
  pair.a.message(2, "does not");
  pair.a.item({1, true}, "does not either");
  pair.a.item({3, true}, "waits for its request");
  pair.settle();
  CHECK(pair.b.events.take()
        == lines{"request 1 method 0 <1000 bytes>", "request 2 method 0 <1000 bytes>",
                 "message 2->1 does not", "item theirs:1 does not either"});
  pair.b.session.request_begun(1);
  pair.settle();
  CHECK(pair.b.events.take()
        == lines{"request 3 method 0 waits", "item theirs:3 waits for its request",
                 "message 1->1 waits behind it"});
}

TEST_CASE("small requests do not starve a large one that waits") {
  session_pair pair{{}, windows(10'000, 10'000, 10'000)};
  greeted(pair);
  for (std::uint64_t id = 1; id <= 6; ++id)
    pair.a.request(id, kilobyte, id);
  pair.a.request(7, std::string(50'000, 'x'), 7);
  for (std::uint64_t id = 8; id <= 10; ++id)
    pair.a.request(id, "small", id);
  pair.settle();
  CHECK(requests_at(pair.b) == ids{1, 2, 3, 4, 5, 6});
  for (std::uint64_t id = 1; id <= 3; ++id)
    pair.b.session.request_begun(id);
  pair.settle();
  // Larger than the window, it goes when half of that is open; the next ones wait for it.
  CHECK(requests_at(pair.b) == ids{7});
  pair.b.session.request_begun(7);
  pair.settle();
  CHECK(requests_at(pair.b) == ids{8, 9, 10});
}

TEST_CASE("an answer, or a begin after a cancel, returns what the request held") {
  session_pair pair{{}, windows(4'000, 10'000, 10'000)};
  greeted(pair);
  pair.a.request(1, kilobyte);
  pair.a.request(2, kilobyte);
  pair.a.request(3, kilobyte);
  pair.settle();
  CHECK(requests_out(pair) > 3'000);
  pair.b.reply(1, "answered at once");
  pair.b.session.add_failure(0, 2, aborted("no"), nullptr);
  pair.settle();
  CHECK(requests_out(pair) < 2'000);
  pair.a.session.add_cancel(3, cancelled("no"));
  pair.settle();
  // Still in its mailbox.
  CHECK(requests_out(pair) > 1'000);
  pair.b.session.request_begun(3);
  pair.b.session.request_begun(3);
  pair.b.session.request_begun(2);
  pair.settle();
  CHECK(requests_out(pair) == 0);
  // Nothing is kept of them.
  pair.a.request(3, "again");
  pair.settle();
  CHECK(pair.b.failed.ok());
}

TEST_CASE("a stream whose consumer does not read holds up itself and nobody else") {
  session_pair pair{{}, windows(100'000, 100'000, 3'500)};
  greeted(pair);
  pair.a.request(1, "", 1);
  pair.a.request(2, "", 1);
  pair.settle();
  pair.b.events.take();
  for (int i = 0; i < 6; ++i)
    CHECK(pair.a.item({1, true}, kilobyte));
  pair.a.session.add_half_close(1);
  for (int i = 0; i < 2; ++i)
    CHECK(pair.a.item({2, true}, kilobyte));
  pair.a.request(3, "", 1);
  pair.settle();
  CHECK(pair.b.events.take()
        == lines{"item theirs:1 <1000 bytes>", "item theirs:1 <1000 bytes>", "item theirs:1 <1000 bytes>",
                 "item theirs:2 <1000 bytes>", "item theirs:2 <1000 bytes>", "request 3 method 0 "});
  CHECK(pair.a.session.figures().waiting_frames == 4);
  CHECK(pair.a.session.figures().window_stalls == 1);
  pair.b.session.add_credit({1, false}, 2);
  pair.settle();
  CHECK(pair.a.events.take() == lines{"credit ours:1 2"});
  CHECK(items_at(pair.b) == ids{1, 1});
  pair.b.session.add_credit({1, false}, 3);
  pair.settle();
  CHECK(pair.b.events.take() == lines{"item theirs:1 <1000 bytes>", "half_close 1"});
}

TEST_CASE("an answer goes behind the items of its call that wait, and holds up no other") {
  session_pair pair{windows(100'000, 100'000, 2'500), {}};
  greeted(pair);
  pair.a.request(1, "", 4, {.credit = 10});
  pair.a.request(2, "", 4);
  pair.settle();
  for (int i = 0; i < 3; ++i)
    pair.b.item({1, false}, kilobyte);
  CHECK(pair.b.reply(1, "the end", 4));
  CHECK(pair.b.reply(2, "of another call", 4));
  pair.settle();
  CHECK(pair.a.events.take()
        == lines{"item ours:1 <1000 bytes>", "item ours:1 <1000 bytes>", "reply 2 of another call"});
  pair.a.session.add_credit({1, true}, 1);
  pair.settle();
  // No credit is told to a call that was answered.
  CHECK(pair.b.events.take() == lines{"request 1 method 0 ", "request 2 method 0 "});
  CHECK(pair.a.events.take() == lines{"item ours:1 <1000 bytes>", "reply 1 the end"});
  // Nothing is kept of it.
  pair.a.request(1, "again", 4);
  pair.settle();
  CHECK(pair.b.failed.ok());
  CHECK(pair.b.session.figures().item_bytes_outstanding == 0);
}

TEST_CASE("an item larger than the stream's window goes when nothing of the stream is outstanding") {
  session_pair pair{{}, windows(100'000, 5'000, 2'000)};
  greeted(pair);
  pair.a.request(1, "", 1);
  pair.a.request(2, "", 1);
  pair.a.item({1, true}, std::string(8'000, 'x'));
  pair.a.item({1, true}, "behind");
  // The window of all streams is more than full.
  pair.a.item({2, true}, std::string(8'000, 'x'));
  pair.settle();
  CHECK(items_at(pair.b) == ids{1, 2});
  CHECK(items_out(pair) > 16'000);
  pair.b.session.add_credit({1, false}, 1);
  pair.settle();
  CHECK(items_at(pair.b) == ids{1});
}

TEST_CASE("all streams share one window") {
  session_pair pair{{}, windows(100'000, 5'500, 4'000)};
  greeted(pair);
  for (std::uint64_t id = 1; id <= 3; ++id)
    pair.a.request(id, "", id);
  for (std::uint64_t id = 1; id <= 2; ++id)
    for (int i = 0; i < 3; ++i)
      pair.a.item({id, true}, kilobyte);
  pair.a.item({3, true}, kilobyte);
  pair.a.item({3, true}, kilobyte);
  pair.settle();
  // Three, two, and the one that may always go.
  CHECK(items_at(pair.b) == ids{1, 1, 1, 2, 2, 3});
  // They stand in line; what comes back to all streams goes to the first of them.
  pair.b.session.add_credit({1, false}, 2);
  pair.settle();
  CHECK(items_at(pair.b) == ids{2});
  pair.b.session.add_credit({2, false}, 1);
  pair.settle();
  CHECK(items_at(pair.b) == ids{3});
}

TEST_CASE("a call's end returns what its items held, and so do items that come later") {
  session_pair pair{{}, windows(100'000, 50'000, 50'000)};
  greeted(pair);
  pair.a.request(1, "");
  pair.settle();
  for (int i = 0; i < 3; ++i)
    pair.a.item({1, true}, kilobyte);
  pair.settle();
  CHECK(items_out(pair) > 3'000);
  SECTION("answered") {
    pair.b.reply(1, "enough");
    pair.a.item({1, true}, kilobyte); // crosses it
    pair.settle();
  }
  SECTION("failed") {
    pair.b.session.add_failure(0, 1, aborted("no"), nullptr);
    pair.a.item({1, true}, kilobyte);
    pair.settle();
  }
  SECTION("cancelled") {
    pair.a.item({1, true}, kilobyte); // overtaken by the cancel
    pair.a.session.add_cancel(1, cancelled("no"));
    pair.settle();
    CHECK(items_at(pair.b).size() == 3);
  }
  CHECK(items_out(pair) == 0);
  CHECK(pair.a.session.figures().waiting_frames == 0);
}

TEST_CASE("a caller that has enough returns what the callee's items hold") {
  session_pair pair{windows(100'000, 50'000, 2'500), {}};
  greeted(pair);
  pair.a.request(1, "", 0, {.credit = 10});
  pair.settle();
  for (int i = 0; i < 5; ++i)
    pair.b.item({1, false}, kilobyte);
  pair.b_to_a();
  CHECK(items_at(pair.a).size() == 2);
  CHECK(pair.b.session.figures().waiting_frames == 3);
  pair.a.session.add_cancel(1, cancelled("enough"));
  pair.settle();
  CHECK(pair.b.session.figures().waiting_frames == 0);
  CHECK(pair.b.session.figures().queued_bytes == 0);
  CHECK(pair.b.session.figures().item_bytes_outstanding == 0);
  CHECK(items_at(pair.a).empty());
}

TEST_CASE("a large item that was begun is given up when its call ends") {
  session_pair pair;
  greeted(pair);
  pair.a.request(1, "", 0, {.credit = 10});
  pair.settle();
  pair.b.item({1, false}, std::string(1'000'000, 'x'));
  REQUIRE(pair.a.session.receive(pair.b.session.next_batch({}), pair.a.events, pair.now).ok());
  CHECK(pair.b.session.figures().item_bytes_outstanding > 1'000'000);
  pair.a.session.add_cancel(1, cancelled("enough"));
  pair.settle();
  CHECK(pair.b.session.figures().queued_bytes == 0);
  CHECK(pair.b.session.figures().item_bytes_outstanding == 0);
  CHECK(pair.a.failed.ok());
  CHECK(pair.a.events.lines.empty());
}

TEST_CASE("what was given up leaves nothing at the receiver") {
  link_limits limits = windows(100'000, 100'000, 100'000);
  limits.max_message_bytes = 100'000;
  limits.fragment_bytes = 1'000;
  limits.batch_bytes = 1'000;
  session_pair pair{limits, limits};
  greeted(pair);
  // Together far more than b keeps of incomplete frames.
  for (std::uint64_t id = 1; id <= 30; ++id) {
    pair.a.request(id, std::string(60'000, 'x'));
    for (int i = 0; i < 50; ++i)
      REQUIRE(pair.b.session.receive(pair.a.session.next_batch({}), pair.b.events, pair.now).ok());
    CHECK(pair.a.session.add_cancel(id, cancelled("no")));
  }
  pair.settle();
  CHECK(pair.b.failed.ok());
  CHECK(pair.b.events.lines.empty());
}

TEST_CASE("what is given up before it was sent makes way for what waits") {
  SECTION("requests") {
    session_pair pair{{}, windows(10'000, 10'000, 10'000)};
    greeted(pair);
    pair.a.request(1, std::string(90'000, 'x'), 1);
    pair.a.request(2, "waits", 2);
    CHECK(pair.a.session.figures().waiting_frames == 2);
    pair.a.session.add_cancel(1, cancelled("no"));
    pair.a_to_b();
    CHECK(requests_at(pair.b) == ids{2});
  }
  SECTION("requests in line") {
    session_pair pair{{}, windows(10'000, 10'000, 10'000)};
    greeted(pair);
    pair.a.request(1, std::string(4'000, 'x'), 1);
    pair.a.request(2, std::string(9'000, 'x'), 2);
    pair.a.request(3, std::string(9'000, 'x'), 3);
    pair.a.request(4, "waits", 4);
    pair.settle();
    CHECK(requests_at(pair.b) == ids{1, 2});
    pair.b.session.add_failure(0, 2, aborted("no"), nullptr);
    pair.a.session.add_cancel(3, cancelled("no"));
    CHECK(requests_at(pair.b).empty());
    pair.settle();
    CHECK(requests_at(pair.b) == ids{4});
  }
  SECTION("items") {
    session_pair pair{{}, windows(100'000, 2'000, 2'000)};
    greeted(pair);
    for (std::uint64_t id = 1; id <= 2; ++id)
      pair.a.request(id, "", id);
    pair.settle();
    pair.b.events.take();
    pair.a.item({2, true}, "first");
    pair.a.item({1, true}, std::string(90'000, 'x'));
    pair.a.item({2, true}, "waits");
    CHECK(pair.a.session.figures().waiting_frames == 2);
    pair.a.session.add_cancel(1, cancelled("no"));
    pair.a_to_b();
    CHECK(items_at(pair.b) == ids{2, 2});
  }
}

TEST_CASE("a stream whose window opens stands in line behind those that wait for that of all streams") {
  session_pair pair{{}, windows(100'000, 4'000, 2'500)};
  greeted(pair);
  for (std::uint64_t id = 1; id <= 2; ++id)
    pair.a.request(id, "", id);
  for (int i = 0; i < 2; ++i)
    pair.a.item({1, true}, std::string(1'200, 'x'));
  pair.a.item({2, true}, std::string(600, 'x'));
  pair.a.item({2, true}, std::string(1'400, 'x')); // waits for the window of all streams
  pair.a.item({1, true}, std::string(1'200, 'x')); // waits for its own
  pair.settle();
  CHECK(items_at(pair.b) == ids{1, 1, 2});
  pair.b.session.add_credit({1, false}, 1);
  pair.settle();
  CHECK(items_at(pair.b) == ids{2});
  pair.b.session.add_credit({1, false}, 1);
  pair.settle();
  CHECK(items_at(pair.b) == ids{1});
}

TEST_CASE("a consumer's words to one call become one frame") {
  session_pair pair;
  greeted(pair);
  pair.a.request(1, "");
  pair.settle();
  for (int i = 0; i < 10; ++i)
    pair.b.session.add_credit({1, false}, 1);
  pair.settle();
  CHECK(pair.a.events.take() == lines{"credit ours:1 10"});
  pair.b.session.add_credit({1, false}, ~0u);
  pair.b.session.add_credit({1, false}, 1);
  pair.b.session.add_credit({1, false}, 0);
  pair.settle();
  CHECK(pair.a.events.take() == lines{"credit ours:1 4294967295", "credit ours:1 1"});
}

TEST_CASE("large messages that go at a time are bounded") {
  link_limits limits = windows(4'000, 4'000, 4'000);
  limits.max_message_bytes = 100'000;
  limits.fragment_bytes = 1'000;
  limits.batch_bytes = 1'000;
  session_pair pair{limits, limits};
  greeted(pair);
  // b checks it: two of the largest and the windows.
  for (std::uint64_t i = 1; i <= 20; ++i)
    pair.a.message(i, std::string(90'000, 'x'));
  pair.settle();
  CHECK(pair.b.failed.ok());
  CHECK(pair.b.events.take().size() == 20);
}
