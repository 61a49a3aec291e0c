#include "discovery/gossip_seal/gossip_frame.hpp"
#include "discovery/gossip_seal/replay_window.hpp"
#include "runtime/environment/random_source.hpp"
#include "sealers.hpp"

#include <algorithm>
#include <set>

using namespace troupe;
using namespace troupe::gossip_test;

TEST_CASE("a window says of each number whether it was seen, or that it is too old to know") {
  // Against a set that forgets nothing, over steps of all sizes.
  random_source random{7};
  for (const std::uint64_t step : {1ull, 3ull, 70ull, 700ull, 5000ull, 1ull << 40}) {
    replay_window window;
    std::set<std::uint64_t> seen;
    std::uint64_t newest = 0;
    for (int i = 0; i < 4000; ++i) {
      auto number = newest + random.below(step) + 1;
      if (random.chance(0.7)) number -= std::min(number, random.below(2 * replay_window::size));
      const bool knowable = number != 0 && (number > newest || newest - number < replay_window::size);
      const bool expected = knowable && !seen.contains(number);
      INFO("step " << step << ", newest " << newest << ", number " << number);
      REQUIRE(window.is_new(number) == expected);
      if (!expected) continue;
      window.mark(number);
      seen.insert(number);
      newest = std::max(newest, number);
      REQUIRE(window.newest() == newest);
    }
  }
}

TEST_CASE("the window's edges are where they are said to be") {
  replay_window window;
  CHECK_FALSE(window.is_new(0));
  CHECK(window.is_new(1));
  window.mark(replay_window::size + 1);
  CHECK_FALSE(window.is_new(1));
  CHECK(window.is_new(2));
  window.mark(2);
  CHECK_FALSE(window.is_new(2));
  CHECK(window.is_new(3));
}

TEST_CASE("each datagram is opened once, in any order within the window") {
  for (const std::string_view keys : {"a", ""}) {
    auto one = node("one", keys);
    auto two = node("two", keys);
    std::vector<datagram> sent;
    for (std::uint64_t i = 0; i < replay_window::size; ++i)
      sent.push_back(seal(one, std::to_string(i)));
    random_source random{11};
    random.shuffle(sent);
    std::set<std::string> heard;
    for (const auto& each : sent)
      heard.insert(open(two, each, start, here));
    CHECK(heard.size() == sent.size());
    CHECK(two.counters().opened == sent.size());
    for (const auto& each : sent)
      REQUIRE(open(two, each, start, here) == "!replayed");
  }
}

TEST_CASE("a datagram that too many overtook is refused") {
  auto one = node("one");
  auto two = node("two");
  const auto slow = seal(one);
  const auto next = seal(one);
  for (std::uint64_t i = 2; i < replay_window::size; ++i)
    seal(one);
  CHECK(open(two, seal(one)) == "ping");
  CHECK(open(two, slow) == "!replayed");
  CHECK(open(two, next) == "ping");
}

TEST_CASE("a replay stays one after its sender was forgotten") {
  auto two = node("two");
  std::vector<datagram> recorded;
  {
    auto one = node("one");
    for (int i = 0; i < 10; ++i)
      recorded.push_back(seal(one, "old", start + i * 10s));
  }
  for (int i = 0; i < 10; ++i)
    CHECK(open(two, recorded[static_cast<std::size_t>(i)], start + i * 10s) == "old");
  auto three = node("three");
  bool forgotten = false;
  for (auto now = start + 100s; now < start + 30min; now += 1s) {
    // Datagrams of new lives make it forget.
    auto options = options_of("restarted");
    options.started = new_year + (now - start);
    options.now = now;
    auto restarted = make(options);
    CHECK(open(two, seal(restarted, "new", now), now) == "new");
    for (const auto& each : recorded) {
      const auto out = open(two, each, now);
      REQUIRE((out == "!replayed" || out == "!stale"));
      forgotten = forgotten || out == "!stale";
    }
  }
  CHECK(forgotten);
  CHECK(two.counters().senders <= 2 * 300 + 1);
}

TEST_CASE("a silent sender is remembered for as long as any of its datagrams would be fresh") {
  auto options = options_of("two");
  options.freshness = 1h;
  options.forget_after = 1s;
  auto two = make(options);
  auto one = node("one");
  const auto early = seal(one, "early", start);
  const auto late = seal(one, "late", start + 50min);
  CHECK(open(two, late, start + 50min) == "late");
  CHECK(open(two, early, start + 50min) == "early"); // overtaken: it is not the newest
  for (const auto minute : {51min, 61min, 109min, 110min}) {
    auto from = options_of("stranger");
    from.started += minute;
    from.now += minute;
    auto stranger = make(from);
    CHECK(open(two, seal(stranger, "new", start + minute), start + minute)
          == "new"); // makes it forget others
    CHECK(open(two, late, start + minute) == "!replayed");
  }
  auto from = options_of("stranger");
  from.started += 111min;
  auto stranger = make(from);
  CHECK(open(two, seal(stranger, "new"), start + 111min) == "new");
  CHECK(open(two, late, start + 111min) == "!stale");
}

TEST_CASE("a sender that was forgotten and comes back brings none of its old datagrams with it") {
  auto options = options_of("two");
  options.freshness = 60s;
  options.forget_after = 10s;
  auto two = make(options);
  auto one = node("one");
  const auto old = seal(one, "old", start + 10s);
  CHECK(open(two, old, start + 10s) == "old");
  // An ahead node moves the time by less than a minute, so that `one` is forgotten; and what `one` said then
  // is fresh.
  const auto recent = seal(one, "recent", start + 30s);
  auto from = options_of("ahead");
  from.started += 55s;
  auto ahead = make(from);
  CHECK(open(two, seal(ahead, "new", start + 30s), start + 30s) == "new");
  CHECK(open(two, recent, start + 30s) == "recent");
  CHECK(open(two, old, start + 30s) == "!stale");
  CHECK(open(two, recent, start + 30s) == "!replayed");
}

TEST_CASE("a replay stays one after its sender left for lack of room, even within the time of freshness") {
  auto options = options_of("two");
  options.max_senders = 64;
  auto two = make(options);
  std::vector<datagram> recorded;
  auto now = start;
  for (int life = 0; life < 1000; ++life) {
    now += 10ms;
    auto from = options_of("life" + std::to_string(life));
    from.started = new_year + (now - start);
    from.now = now;
    auto sender = make(from);
    recorded.push_back(seal(sender, "hello", now));
    REQUIRE(open(two, recorded.back(), now) == "hello");
    REQUIRE(two.counters().senders <= 64);
  }
  CHECK(two.counters().evicted > 900);
  for (const auto& each : recorded) {
    const auto out = open(two, each, now);
    REQUIRE((out == "!replayed" || out == "!stale"));
  }
}

TEST_CASE("a sender that left for lack of room and is alive comes back with its next datagram") {
  auto options = options_of("two");
  options.max_senders = 16;
  auto two = make(options);
  auto one = node("one");
  const auto old = seal(one);
  CHECK(open(two, old) == "ping");
  auto now = start;
  for (int life = 0; life < 100; ++life) {
    now += 10ms;
    auto from = options_of("life" + std::to_string(life));
    from.started = new_year + (now - start);
    from.now = now;
    auto sender = make(from);
    REQUIRE(open(two, seal(sender, "hello", now), now) == "hello");
  }
  CHECK(two.counters().evicted > 80);
  CHECK(open(two, old, now) == "!stale");
  CHECK(open(two, seal(one, "still here", now), now) == "still here");
  CHECK(open(two, old, now) == "!stale"); // its window is a new one, which does not know this
}

TEST_CASE("what is too old for strangers stays so when an older one takes the room") {
  auto options = options_of("two");
  options.max_senders = 1;
  auto two = make(options);
  auto first = node("first");
  auto older = node("older");
  auto last = node("last");
  const auto recorded = seal(first, "first", start + 1000ms);
  CHECK(open(two, recorded, start + 1s) == "first");
  CHECK(open(two, seal(older, "older", start + 999ms), start + 1s) == "older");
  CHECK(open(two, seal(last, "last", start + 2000ms), start + 2s) == "last");
  CHECK(open(two, recorded, start + 2s) == "!stale");
}

TEST_CASE("there is no datagram of number 0") {
  auto two = node("two", "");
  gossip_header header;
  REQUIRE(hint_of("shop", header.cluster));
  header.time = 1'767'225'600'000;
  const auto with_number = [&](std::uint64_t number) {
    header.sequence = number;
    const auto head = encode(header);
    gossip_tag checksum;
    REQUIRE(checksum_of("shop", head, {}, checksum));
    datagram out(head.begin(), head.end());
    out.insert(out.end(), checksum.begin(), checksum.end());
    return out;
  };
  CHECK(open(two, with_number(0), start, here) == "!replayed");
  CHECK(open(two, with_number(1), start, here).empty());
}

TEST_CASE("a hundred thousand forgeries from one address leave nothing behind") {
  auto outsider = node("outsider", "b");
  auto two = node("two");
  auto forged = seal(outsider);
  const auto ours = key_of('a').fingerprint();
  std::copy(ours.bytes.begin(), ours.bytes.end(), forged.begin() + 6);
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    for (std::size_t byte = 0; byte < 4; ++byte)
      forged[14 + byte] = static_cast<std::byte>(i >> 8 * byte & 0xFF);
    two.open(forged, elsewhere, start);
  }
  CHECK(two.counters().dropped_for(gossip_drop::forged) == 100'000);
  CHECK(two.counters().senders == 0);
  auto one = node("one");
  CHECK(open(two, seal(one)) == "ping");
}
