#include "actors/service/timer_queue.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct entry final : timer_entry {
  entry(std::vector<int>& fired_log, int name_of) : fired(fired_log), name(name_of) {}
  void timer_due() override {
    fired.push_back(name);
    if (then) then();
  }
  std::vector<int>& fired;
  int name;
  std::function<void()> then;
};

monotonic_time at(int seconds) { return monotonic_time{std::chrono::seconds{seconds}}; }

} // namespace

TEST_CASE("timers fire in the order of their moments, and only those that are due") {
  std::vector<int> fired;
  timer_queue queue;
  entry a{fired, 1}, b{fired, 2}, c{fired, 3};
  queue.insert(a, at(3));
  queue.insert(b, at(1));
  queue.insert(c, at(2));
  CHECK(queue.earliest() == at(1));
  queue.fire(at(2));
  CHECK(fired == std::vector{2, 3});
  CHECK(a.queued());
  CHECK_FALSE(b.queued());
  queue.fire(at(3));
  CHECK(fired == std::vector{2, 3, 1});
  CHECK(queue.empty());
  CHECK(queue.earliest() == monotonic_time::max());
}

TEST_CASE("an entry that is destroyed or cancelled does not fire") {
  std::vector<int> fired;
  timer_queue queue;
  entry a{fired, 1};
  {
    entry b{fired, 2};
    queue.insert(b, at(1));
    queue.insert(a, at(2));
  }
  CHECK(queue.size() == 1);
  a.cancel_timer();
  queue.fire(at(9));
  CHECK(fired.empty());
}

TEST_CASE("inserting a queued entry moves it") {
  std::vector<int> fired;
  timer_queue queue;
  entry a{fired, 1}, b{fired, 2};
  queue.insert(a, at(1));
  queue.insert(b, at(2));
  queue.insert(a, at(3));
  queue.fire(at(3));
  CHECK(fired == std::vector{2, 1});
}

TEST_CASE("an entry that inserts itself again while it fires does not keep fire() from returning") {
  std::vector<int> fired;
  timer_queue queue;
  entry a{fired, 1};
  a.then = [&] { queue.insert(a, at(1)); };
  queue.insert(a, at(1));
  queue.fire(at(1));
  CHECK(fired.size() == 1);
  CHECK(a.queued());
}

TEST_CASE("a queue that is destroyed lets its entries go") {
  std::vector<int> fired;
  entry a{fired, 1};
  {
    timer_queue queue;
    queue.insert(a, at(1));
  }
  CHECK_FALSE(a.queued());
}

TEST_CASE("thousands of timers inserted and removed in any order fire sorted") {
  std::vector<int> fired;
  timer_queue queue;
  std::vector<std::unique_ptr<entry>> entries;
  std::uint64_t state = 42;
  auto next = [&] { return state = state * 6364136223846793005ull + 1442695040888963407ull, state >> 33; };
  for (int i = 0; i < 5000; ++i) {
    auto when = static_cast<int>(next() % 10'000);
    entries.push_back(std::make_unique<entry>(fired, when));
    queue.insert(*entries.back(), at(when));
    if (i % 3 == 0) {
      auto& victim = entries[next() % entries.size()];
      victim->cancel_timer();
    }
  }
  auto expected = queue.size();
  queue.fire(at(10'000));
  CHECK(fired.size() == expected);
  CHECK(std::is_sorted(fired.begin(), fired.end()));
}
