#include "discovery/gossip_seal/cluster_time.hpp"
#include "sealers.hpp"

using namespace troupe;
using namespace troupe::gossip_test;

namespace {

gossip_sealer node_off_by(std::string name, duration off) {
  auto options = options_of(std::move(name));
  options.started += off;
  return make(options);
}

bool is_asked_to_tell(gossip_sealer& sealer, const datagram& what, monotonic_time now = start) {
  const auto out = sealer.open(what, elsewhere, now);
  const auto* refused = std::get_if<refused_gossip>(&out);
  return refused != nullptr && refused->should_tell_time;
}

} // namespace

TEST_CASE("cluster time goes on with the monotonic clock and only forward") {
  cluster_time time{new_year, start};
  const std::uint64_t begun = 1'767'225'600'000;
  CHECK(time.at(start) == begun);
  CHECK(time.at(start + 2500us) == begun + 2);
  CHECK(time.at(start - 1s) == begun);
  time.hear(begun - 1000, start + 1s);
  CHECK(time.at(start + 1s) == begun + 1000);
  time.hear(begun + 5000, start + 1s);
  CHECK(time.at(start + 1s) == begun + 5000);
  CHECK(time.at(start + 2s) == begun + 6000);
  time.hear(gossip_largest_number, start + 2s);
  CHECK(time.at(start + 2s) == gossip_largest_number);
  CHECK(time.at(start + 1h) == gossip_largest_number);
  CHECK(cluster_time{wall_time{-1s}, start}.at(start) == 0);
  CHECK(cluster_time{wall_time::max(), start}.at(start) > begun);
}

TEST_CASE("clocks may differ by the freshness, to the millisecond") {
  auto two = node("two");
  auto just = node_off_by("just", -60s);
  auto late = node_off_by("late", -60s - 1ms);
  CHECK(open(two, seal(just)) == "ping");
  CHECK(open(two, seal(late)) == "!stale");
  auto options = options_of("patient");
  options.freshness = 1h;
  auto patient = make(options);
  CHECK(open(patient, seal(late)) == "ping");
}

TEST_CASE("a node that starts a day behind is told the time, and is in after one round trip") {
  for (const duration off : {duration{24h}, duration{24h} * 365 * 50, duration{61s}}) {
    auto one = node_off_by("one", -off);
    auto two = node("two");
    const auto join = seal(one, "join");
    auto out = two.open(join, elsewhere, start);
    REQUIRE(std::holds_alternative<refused_gossip>(out));
    CHECK(std::get<refused_gossip>(out).why == gossip_drop::stale);
    CHECK(std::get<refused_gossip>(out).should_tell_time);
    const auto answer = seal(two, "");
    CHECK(answer.size() <= join.size());
    CHECK(open(one, answer).empty());
    CHECK(one.counters().opened == 1);
    CHECK(open(two, seal(one, "join")) == "join");
    CHECK(open(two, join) == "!stale"); // its number was never opened, but its time is over
  }
}

TEST_CASE(
  "a node that starts a day ahead takes the others with it, and nobody loses a datagram of a known sender") {
  auto one = node("one");
  auto two = node("two");
  auto three = node("three");
  CHECK(open(two, seal(one)) == "ping");
  CHECK(open(one, seal(two)) == "ping");
  CHECK(open(two, seal(three)) == "ping");
  auto ahead = node_off_by("ahead", 24h);
  CHECK(open(two, seal(ahead)) == "ping");
  CHECK(open(ahead, seal(two)) == "ping"); // its time has moved
  // The others have not heard of it yet.
  CHECK(open(two, seal(one, "ping", start + 1s), start + 1s) == "ping");
  CHECK(open(two, seal(three, "ping", start + 100s), start + 100s) == "ping");
  // They have once they hear anything.
  CHECK(open(one, seal(two, "ping", start + 100s), start + 100s) == "ping");
  CHECK(open(ahead, seal(one, "ping", start + 101s), start + 101s) == "ping");
  // A new node, with the right time, is a stranger that is behind.
  auto options = options_of("new");
  options.started += 100s;
  options.now += 100s;
  auto fresh = make(options);
  CHECK(is_asked_to_tell(two, seal(fresh, "join", start + 101s), start + 101s));
  CHECK(open(fresh, seal(two, "", start + 101s), start + 101s).empty());
  CHECK(open(two, seal(fresh, "join", start + 101s), start + 101s) == "join");
}

TEST_CASE("old datagrams of an ahead node are not taken again while its time has not come") {
  auto two = node("two");
  auto ahead = node_off_by("ahead", 24h);
  const auto recorded = seal(ahead);
  CHECK(open(two, recorded) == "ping");
  for (auto now = start; now < start + 50h; now += 30min) {
    const auto out = open(two, recorded, now);
    REQUIRE((out == "!replayed" || out == "!stale"));
  }
}

TEST_CASE("a machine that slept is behind, and is told") {
  auto one = node("one");
  auto two = node("two");
  CHECK(open(two, seal(one)) == "ping");
  // Its monotonic clock stood still for a day: what it sends then is as old by its own account.
  const auto woken = start + 1s;
  const auto now = start + 24h;
  CHECK(is_asked_to_tell(two, seal(one, "back", woken), now));
  CHECK(open(one, seal(two, "", now), woken).empty());
  CHECK(open(two, seal(one, "back", woken), now) == "back");
}

TEST_CASE("a datagram that is held back is stale, of a known sender and of a stranger") {
  for (const bool known : {true, false}) {
    auto one = node("one");
    auto two = node("two");
    if (known) {
      CHECK(open(two, seal(one)) == "ping");
    }
    const auto late = seal(one, "late", start + 1s);
    const auto in_time = seal(one, "in time", start + 1s + 1ms);
    CHECK(open(two, late, start + 61s + 1ms) == "!stale");
    CHECK(open(two, in_time, start + 61s + 1ms) == "in time");
  }
}

TEST_CASE("telling the time is limited a second") {
  auto options = options_of("two");
  options.time_answers_a_second = 3;
  auto two = make(options);
  auto late = node_off_by("late", -24h);
  const auto old = seal(late);
  int told = 0;
  for (int i = 0; i < 20; ++i)
    told += is_asked_to_tell(two, old, start + i * 50ms) ? 1 : 0; // stale is not remembered as seen
  CHECK(told == 3);
  CHECK(is_asked_to_tell(two, old, start + 1s));
  // A forgery makes nobody answer.
  auto forged = old;
  forged.back() ^= std::byte{1};
  CHECK_FALSE(is_asked_to_tell(two, forged, start + 2s));
}

TEST_CASE("an end of time cuts nobody off") {
  auto options = options_of("end");
  options.started = wall_time::max();
  auto end = make(options);
  auto one = node("one");
  auto two = node("two");
  CHECK(open(one, seal(end)) == "ping");
  CHECK(open(two, seal(one)) == "ping");
  CHECK(open(end, seal(two, "ping", start + 1h), start + 1h) == "ping");
}
