#include "runtime/environment/random_source.hpp"
#include "runtime/simulation/event_queue.hpp"
#include "runtime/simulation/network_faults.hpp"
#include "runtime/simulation/node_clock.hpp"
#include "runtime/simulation/trace.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <sstream>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

monotonic_time at(duration since_start) { return monotonic_time{since_start}; }

class noted final : public timed_event {
public:
  noted(int name, std::vector<int>& log) : name_(name), log_(log) {}
  std::function<void()> also;

private:
  void fire() override {
    log_.push_back(name_);
    if (also) also();
  }
  int name_;
  std::vector<int>& log_;
};

} // namespace

TEST_CASE("events fire by their time, and in the order of adding at the same time") {
  event_queue queue;
  std::vector<int> log;
  std::deque<noted> events;
  std::vector<std::pair<std::int64_t, int>> expected;
  random_source chance{1};
  for (int i = 0; i < 1000; ++i) {
    auto& event = events.emplace_back(i, log);
    const auto when = chance.between(0, 50);
    queue.add(event, at(duration{when}));
    if (chance.chance(0.3)) {
      queue.remove(event);
      CHECK_FALSE(event.waiting());
    } else {
      expected.emplace_back(when, i);
    }
  }
  std::stable_sort(expected.begin(), expected.end(), [](auto& x, auto& y) { return x.first < y.first; });
  while (!queue.empty()) {
    const auto next = queue.next();
    queue.advance();
    CHECK(queue.now() == next);
  }
  std::vector<int> names;
  for (const auto& [when, name] : expected)
    names.push_back(name);
  CHECK(log == names);
}

TEST_CASE("events that are taken out anywhere leave the others in order") {
  random_source chance{2};
  for (int round = 0; round < 100; ++round) {
    event_queue queue;
    std::vector<int> log;
    std::deque<noted> events;
    std::vector<std::int64_t> times;
    for (int i = 0; i < 100; ++i) {
      times.push_back(chance.between(0, 1000));
      queue.add(events.emplace_back(i, log), at(duration{times.back()}));
    }
    for (int i = 0; i < 50; ++i)
      queue.remove(events[chance.below(events.size())]);
    const auto left =
      std::count_if(events.begin(), events.end(), [](const noted& each) { return each.waiting(); });
    while (!queue.empty())
      queue.advance();
    CHECK(static_cast<std::ptrdiff_t>(log.size()) == left);
    CHECK(std::is_sorted(log.begin(), log.end(), [&](int a, int b) {
      return times[static_cast<std::size_t>(a)] < times[static_cast<std::size_t>(b)];
    }));
  }
}

TEST_CASE("an event may move, remove and destroy others, itself included") {
  event_queue queue;
  std::vector<int> log;
  noted moved{1, log};
  noted removed{2, log};
  auto destroyed = std::make_unique<noted>(3, log);
  noted first{0, log};
  queue.add(first, at(1ns));
  queue.add(moved, at(1ns));
  queue.add(removed, at(1ns));
  queue.add(*destroyed, at(1ns));
  first.also = [&] {
    queue.add(moved, at(5ns));
    queue.remove(removed);
    destroyed.reset();
    queue.add(first, at(0ns)); // has passed: now, but after what else is due
    first.also = nullptr;
  };
  queue.advance();
  CHECK(log == std::vector<int>{0});
  CHECK(queue.next() == at(1ns));
  queue.advance();
  queue.advance();
  CHECK(log == std::vector<int>{0, 0, 1});
  CHECK(queue.empty());
  CHECK(queue.next() == monotonic_time::max());
}

TEST_CASE("a clock with a rate shows what it should, never goes backwards, and says when it will show what") {
  random_source chance{7};
  for (int round = 0; round < 200; ++round) {
    node_clock clock;
    auto world = at(duration{chance.between(0, 1'000'000'000)});
    clock.boot(world, at(duration{chance.between(0, 1'000'000'000'000)}));
    auto shown = clock.local(world);
    for (int step = 0; step < 20; ++step) {
      if (chance.chance(0.5))
        clock.set_rate(
          world, static_cast<std::int32_t>(chance.between(node_clock::slowest_ppm, node_clock::fastest_ppm)));
      const auto due = shown + duration{chance.between(0, 10'000'000)};
      const auto when = clock.world_of(due);
      CHECK(when >= world);
      CHECK(clock.local(when) >= due);
      if (when > world) CHECK(clock.local(when - 1ns) < due);
      world += duration{chance.between(0, 10'000'000)};
      CHECK(clock.local(world) >= shown);
      shown = clock.local(world);
    }
  }
  node_clock fast;
  fast.set_rate(at(0s), 100'000'000);
  CHECK(fast.rate_ppm() == node_clock::fastest_ppm);
  CHECK(fast.local(at(10s)) == at(20s));
  CHECK(fast.world_of(monotonic_time::max()) < monotonic_time::max());
  node_clock slow;
  slow.set_rate(at(0s), -500'000);
  CHECK(slow.world_of(monotonic_time::max()) == monotonic_time::max());
}

TEST_CASE("the calendar jumps, and survives a boot") {
  node_clock clock;
  const wall_time christmas{std::chrono::hours{24 * 20'000}};
  clock.set_wall(at(1s), christmas);
  CHECK(clock.wall(at(11s)) == christmas + 10s);
  clock.boot(at(11s), at(5h));
  CHECK(clock.wall(at(11s)) == christmas + 10s);
  CHECK(clock.local(at(12s)) == at(5h + 1s));
  clock.set_wall(at(12s), christmas - 1h);
  CHECK(clock.wall(at(12s)) == christmas - 1h);
  CHECK(clock.local(at(12s)) == at(5h + 1s));
}

TEST_CASE("conditions combine, and neutral ones change nothing") {
  const link_conditions a{.latency = 1ms, .jitter = 2ms, .loss = 0.5, .bytes_per_second = 1000};
  CHECK(a + link_conditions{} == a);
  CHECK(link_conditions{} + a == a);
  const auto both = a + link_conditions{.latency = 3ms, .loss = 0.5, .bytes_per_second = 500, .cut = true};
  CHECK(both.latency == 4ms);
  CHECK(both.jitter == 2ms);
  CHECK(both.loss == 0.75);
  CHECK(both.bytes_per_second == 500);
  CHECK(both.cut);
}

TEST_CASE("selections of links") {
  const link_selection one_way{.from = {0}, .to = {1, 2}, .both_ways = false};
  CHECK(one_way.contains(0, 1));
  CHECK_FALSE(one_way.contains(1, 0));
  CHECK_FALSE(one_way.contains(0, 3));
  const link_selection all{};
  CHECK(all.contains(3, 9));
  CHECK_FALSE(all.contains(3, 3));
  const link_selection around_two{.from = {2}};
  CHECK(around_two.contains(2, 7));
  CHECK(around_two.contains(7, 2));
  CHECK_FALSE(around_two.contains(7, 8));
}

TEST_CASE("a trace keeps the last events and hashes all") {
  trace first{{.keep = 3}};
  trace second{{.keep = 100}};
  first.add_node("a");
  second.add_node("a");
  for (std::uint64_t i = 1; i <= 10; ++i) {
    first.record(duration{i}, trace_kind::run, 0, 0, 5, i, 0, 0, "post");
    second.record({.at = duration{i}, .kind = trace_kind::run, .node = 0, .to = 5, .id = i, .name = "post"});
  }
  CHECK(first.hash() == second.hash());
  CHECK(first.events() == 10);
  REQUIRE(first.last(100).size() == 3);
  CHECK(first.last(100)[0].id == 8);
  CHECK(first.last(1)[0].id == 10);
  CHECK(second.last(100).size() == 10);
  CHECK(first.last_text(1).find("a/5 post #10") != std::string::npos);
  second.record({.at = 11ns, .kind = trace_kind::log, .detail = "x"});
  first.record({.at = 11ns, .kind = trace_kind::log, .detail = "y"});
  CHECK(first.hash() != second.hash());
}

TEST_CASE("each field of an event counts in the hash") {
  const trace_event plain{.at = 1ns, .kind = trace_kind::send, .node = 1, .name = "n"};
  auto hash_of = [](const trace_event& event) {
    trace one{{}};
    one.record(event);
    return one.hash();
  };
  std::vector<std::uint64_t> hashes{hash_of(plain)};
  auto with = [&](auto change) {
    auto other = plain;
    change(other);
    hashes.push_back(hash_of(other));
  };
  with([](trace_event& e) { e.at = 2ns; });
  with([](trace_event& e) { e.kind = trace_kind::drop; });
  with([](trace_event& e) { e.node = 2; });
  with([](trace_event& e) { e.from = 1; });
  with([](trace_event& e) { e.to = 1; });
  with([](trace_event& e) { e.id = 1; });
  with([](trace_event& e) { e.size = 1; });
  with([](trace_event& e) { e.content = 1; });
  with([](trace_event& e) { e.name = "m"; });
  with([](trace_event& e) { e.detail = "d"; });
  std::sort(hashes.begin(), hashes.end());
  CHECK(std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end());
}

TEST_CASE("lines of a full trace") {
  std::ostringstream out;
  trace full{{.full = &out}};
  full.add_node("a");
  full.add_node("b");
  full.record({.at = 1500ns,
               .kind = trace_kind::send,
               .node = 0,
               .from = trace_place(0, 1000),
               .to = trace_place(1, 2000),
               .id = 7,
               .size = 3,
               .content = 255,
               .name = "datagram"});
  full.record({.at = 2us, .kind = trace_kind::log, .node = 1, .name = "log", .detail = "say \"hi\"\n"});
  CHECK(
    out.str()
    == R"({"at": 1500, "kind": "send", "node": "a", "from": "a:1000", "to": "b:2000", "id": 7, "bytes": 3, )"
       R"("name": "datagram", "content": "00000000000000ff"})"
       "\n"
       R"({"at": 2000, "kind": "log", "node": "b", "name": "log", "detail": "say \"hi\"\n"})"
       "\n");
}
