#include "tests/runtime/environment/stream_pair.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <future>
#include <pthread.h>
#include <thread>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("posts of many threads all run, on the loop, those of one thread in their order") {
  real_environment world;
  auto loop = world.get().network.open_loop("posts");
  constexpr int threads = 4, posts = 5000;
  std::array<std::vector<int>, threads> seen; // of the loop
  std::atomic<int> elsewhere = 0;
  {
    std::vector<std::jthread> posters;
    for (int t = 0; t < threads; ++t) {
      posters.emplace_back([&, t] {
        for (int i = 0; i < posts; ++i) {
          loop->post([&, t, i] {
            seen[static_cast<std::size_t>(t)].push_back(i);
            elsewhere += !loop->is_current();
          });
        }
      });
    }
  }
  loop->run([] {});
  for (const auto& one : seen) {
    REQUIRE(one.size() == posts);
    CHECK(std::is_sorted(one.begin(), one.end()));
  }
  CHECK(elsewhere == 0);
  CHECK_FALSE(loop->is_current());
}

TEST_CASE("run waits for its work, and the thread has the loop's name") {
  real_environment world;
  auto loop = world.get().network.open_loop("a name that is too long");
  std::string name(64, '\0');
  std::thread::id where;
  loop->run([&] {
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    where = std::this_thread::get_id();
  });
  CHECK(std::string_view{name.c_str()} == "a name that is ");
  CHECK(where != std::this_thread::get_id());
  int sum = 0; // of the loop
  {
    std::vector<std::jthread> callers;
    for (int t = 0; t < 4; ++t)
      callers.emplace_back([&] {
        for (int i = 0; i < 200; ++i)
          loop->run([&] { ++sum; });
      });
  }
  CHECK(sum == 800);
}

TEST_CASE("what the loop posts to itself runs after the callback that posts, in order") {
  real_environment world;
  auto loop = world.get().network.open_loop("self");
  std::promise<std::vector<int>> done;
  std::vector<int> order;
  loop->post([&] {
    loop->post([&] {
      order.push_back(2);
      loop->post([&] { done.set_value(order); });
    });
    loop->post([&] { order.push_back(3); });
    order.push_back(1);
  });
  CHECK(done.get_future().get() == std::vector<int>{1, 2, 3});
}

TEST_CASE("timers fire once each, in the order of their times and never early") {
  real_environment world;
  auto& clock = world.get().clock;
  auto loop = world.get().network.open_loop("timers");
  constexpr std::array delays{30, 1, 20, 0, 10, -5, 25};
  // When a timer is due: it was set somewhen within its call, which may take long on a busy machine.
  struct bounds {
    monotonic_time soonest, latest;
  };
  std::array<bounds, delays.size()> due;
  std::vector<std::unique_ptr<loop_timer>> timers;
  std::vector<std::size_t> fired;
  int early = 0;
  std::promise<void> done;
  loop->run([&] {
    for (std::size_t i = 0; i < delays.size(); ++i) {
      const std::chrono::milliseconds delay{delays[i]};
      due[i].soonest = clock.now() + delay;
      timers.push_back(loop->after(delay, [&, i] {
        fired.push_back(i);
        early += clock.now() < due[i].soonest;
        if (fired.size() == delays.size()) done.set_value();
      }));
      due[i].latest = clock.now() + std::max(delay, 0ms); // less than zero is "now" too
    }
  });
  REQUIRE(done.get_future().wait_for(20s) == std::future_status::ready);
  loop->run([&] { timers.clear(); });
  CHECK(early == 0);
  REQUIRE(fired.size() == delays.size());
  for (std::size_t i = 1; i < fired.size(); ++i)
    CHECK(due[fired[i - 1]].soonest <= due[fired[i]].latest);
}

TEST_CASE("a timer that is destroyed does not fire, whoever destroys it") {
  real_environment world;
  auto loop = world.get().network.open_loop("timers");
  std::unique_ptr<loop_timer> own, other, late, far;
  int fired = 0, wrong = 0;
  auto held = std::make_shared<int>(0);
  std::promise<void> done;
  loop->run([&] {
    far = loop->after(duration::max(), [&] { ++wrong; });
    // Both are due at once: the first to run destroys the other and itself.
    own = loop->after(1ms, [&, held] {
      ++fired;
      other.reset();
      own.reset();
      ++*held; // what the callback holds lives as long as it runs
    });
    other = loop->after(2ms, [&] { ++wrong; });
    late = loop->after(10ms, [&] { done.set_value(); });
    auto never = loop->after(0ms, [&] { ++wrong; });
    never.reset();
    // Time passes for all of them while the loop is busy.
    const auto until = world.get().clock.now() + 4ms;
    while (world.get().clock.now() < until) {
    }
  });
  REQUIRE(done.get_future().wait_for(20s) == std::future_status::ready);
  loop->run([&] {
    late.reset();
    far.reset();
  });
  CHECK(fired == 1);
  CHECK(wrong == 0);
  CHECK(*held == 1);
  CHECK(held.use_count() == 1);
}

TEST_CASE("a callback of a timer may set the next, time and again") {
  real_environment world;
  auto loop = world.get().network.open_loop("timers");
  std::unique_ptr<loop_timer> timer;
  int rounds = 0;
  std::promise<void> done;
  std::function<void()> again = [&] {
    if (++rounds == 500)
      done.set_value();
    else
      timer = loop->after(1us, again);
  };
  loop->run([&] { timer = loop->after(1us, again); });
  REQUIRE(done.get_future().wait_for(20s) == std::future_status::ready);
  loop->run([&] { timer.reset(); });
  CHECK(rounds == 500);
}

TEST_CASE("the end of a loop waits for what runs and drops the rest") {
  real_environment world;
  auto& net = world.get().network;
  auto held = std::make_shared<int>(0);
  std::atomic<bool> running = false, finished = false;
  std::promise<void> started;
  std::function<void()> for_ever; // runs until the loop has ended
  {
    auto loop = net.open_loop("ending");
    for_ever = [&] { loop->post(for_ever); };
    loop->post(for_ever);
    loop->post([&, held] {
      running = true;
      started.set_value();
      for (int i = 0; i < 100; ++i)
        loop->post([held] { ++*held; });
      finished = true;
    });
    started.get_future().get();
  }
  CHECK(running);
  CHECK(finished);
  CHECK(held.use_count() == 1);
}

TEST_CASE("what is dropped with its loop may post while it is destroyed") {
  struct posts_at_its_end {
    explicit posts_at_its_end(event_loop* on) : loop(on) {}
    ~posts_at_its_end() {
      if (loop->is_current()) return;
      loop->post([] {});
      loop->run([] {});
    }
    event_loop* loop;
  };
  real_environment world;
  auto loop = world.get().network.open_loop("ending");
  std::promise<void> started, go_on;
  loop->post([&] {
    started.set_value();
    go_on.get_future().wait();
  });
  started.get_future().wait();
  loop->post([object = std::make_shared<posts_at_its_end>(loop.get())] {});
  std::weak_ptr<posts_at_its_end> gone;
  {
    auto object = std::make_shared<posts_at_its_end>(loop.get());
    gone = object;
    loop->post([object = std::move(object)] {});
  }
  go_on.set_value();
  loop.reset();
  CHECK(gone.expired());
}
