#include "runtime/call/inline_execution.hpp"

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

using namespace troupe;

namespace {

struct handled_message {
  int actor;
  std::thread::id by;
};

// Actors that note who ran them, for which message.
class fixture {
public:
  caf::actor spawn(int number, std::chrono::milliseconds work = {}) {
    // Lazily: it is idle until its first message.
    return system_.spawn<caf::lazy_init>([this, number, work](caf::event_based_actor*) -> caf::behavior {
      return {[this, number, work](int) {
        const auto until = std::chrono::steady_clock::now() + work;
        while (std::chrono::steady_clock::now() < until) {
        }
        note(number);
      }};
    });
  }

  void send(const caf::actor& to, int messages) {
    for (int i = 0; i < messages; ++i)
      caf::actor_cast<caf::abstract_actor*>(to)->enqueue(nullptr, caf::make_message_id(),
                                                         caf::make_message(i), inline_execution::current());
  }

  std::vector<handled_message> handled() {
    std::lock_guard lock{mutex_};
    return handled_;
  }

  void wait_for(std::size_t messages) {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds{30}, [&] { return handled_.size() >= messages; }));
  }

  inline_execution& unit() { return unit_; }

private:
  void note(int actor) {
    std::lock_guard lock{mutex_};
    handled_.push_back({actor, std::this_thread::get_id()});
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<handled_message> handled_;
  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  inline_execution unit_{system_};
};

} // namespace

TEST_CASE("what is delivered in a scope is handled on its thread when it ends, however much it is") {
  fixture actors;
  auto actor = actors.spawn(1);
  {
    inline_execution::scope scope{actors.unit()};
    actors.send(actor, 1000);
    CHECK(actors.handled().empty());
  }
  const auto handled = actors.handled();
  CHECK(handled.size() == 1000);
  for (const auto& each : handled)
    REQUIRE(each.by == std::this_thread::get_id());
}

TEST_CASE("an actor with many messages does not make the others wait for all of them") {
  fixture actors;
  auto busy = actors.spawn(1);
  auto other = actors.spawn(2);
  {
    inline_execution::scope scope{actors.unit()};
    actors.send(busy, 1000);
    actors.send(other, 1);
  }
  const auto handled = actors.handled();
  REQUIRE(handled.size() == 1001);
  std::size_t place = 0;
  while (handled[place].actor != 2)
    ++place;
  CHECK(place < 500);
}

TEST_CASE("an actor that works for long goes to the scheduler's threads") {
  fixture actors;
  auto slow = actors.spawn(1, std::chrono::milliseconds{1});
  {
    inline_execution::scope scope{actors.unit()};
    actors.send(slow, 200);
  }
  CHECK(actors.handled().size() < 200);
  actors.wait_for(200);
  CHECK(actors.handled().back().by != std::this_thread::get_id());
}
