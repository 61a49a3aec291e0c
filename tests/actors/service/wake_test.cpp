// Who is woken, when and by whom: several coroutines of one run, frames that are being destroyed, timers.
#include "actors/service/all.hpp"
#include "actors/service/notification.hpp"
#include "tests/actors/service/echo_node.hpp"

#include <optional>

using namespace echo_test;

namespace {

task<> wait_on(notification& changed, int& woken) {
  co_await changed.wait();
  ++woken;
}

struct notify_at_end {
  notification& changed;
  ~notify_at_end() { changed.notify_all(); }
};

task<> fail_later(visitor& self) {
  co_await self.sleep_for(1ms);
  co_await not_found("nothing here");
}

task<> guard_for_ever(visitor& self, notification& changed) {
  notify_at_end guard{changed};
  co_await self.sleep_for(1h);
}

} // namespace

TEST_CASE("a notification wakes several tasks of the run that gives it, and the one that gives it goes on") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<int> {
    notification changed;
    int woken = 0;
    auto tell = [](visitor& in, notification& what) -> task<> {
      auto nothing = []() -> task<> { co_return; };
      co_await in.sleep_for(1ms);
      what.notify_all();
      co_await nothing();
    };
    std::vector<task<>> tasks;
    for (int i = 0; i < 3; ++i)
      tasks.push_back(wait_on(changed, woken));
    tasks.push_back(tell(self, changed));
    co_await all(std::move(tasks));
    co_return woken;
  });
  CHECK(*outcome == 3);
}

TEST_CASE("a notification from a task that all() has just begun does not run tasks around that all()") {
  echo_node node;
  auto outcome = node.run([](visitor&) -> task<int> {
    notification changed;
    int woken = 0;
    auto inner = [](notification& what) -> task<> {
      auto tell = [](notification& of) -> task<> {
        of.notify_all();
        co_return;
      };
      std::vector<task<>> tasks;
      tasks.push_back(tell(what));
      tasks.push_back(tell(what));
      co_await all(std::move(tasks));
    };
    auto failing = [](notification& what) -> task<> {
      co_await what.wait();
      co_await not_found("nothing here");
    };
    std::vector<task<>> tasks;
    tasks.push_back(failing(changed));
    tasks.push_back(wait_on(changed, woken));
    tasks.push_back(inner(changed));
    auto outcome = co_await
      [](std::vector<task<>> of) -> task<> { co_await all(std::move(of)); }(std::move(tasks)).as_result();
    co_return outcome ? -1 : static_cast<int>(outcome.error().code());
  });
  CHECK(*outcome == static_cast<int>(status_code::not_found));
}

TEST_CASE("a destructor that notifies while its run ends wakes nobody of that run") {
  echo_node node;
  // The whole run ends with the error.
  auto ended = node.run([](visitor& self) -> task<> {
    notification changed;
    int woken = 0;
    std::vector<task<>> tasks;
    tasks.push_back(guard_for_ever(self, changed));
    tasks.push_back(wait_on(changed, woken));
    tasks.push_back(fail_later(self));
    tasks.push_back(wait_on(changed, woken));
    co_await all(std::move(tasks));
  });
  CHECK(ended.error().code() == status_code::not_found);
  // Part of it ends, and the rest goes on.
  auto part = node.run([](visitor& self) -> task<int> {
    notification changed;
    int woken = 0;
    auto some = [](visitor& in, notification& what, int& count) -> task<> {
      std::vector<task<>> tasks;
      tasks.push_back(guard_for_ever(in, what));
      tasks.push_back(wait_on(what, count));
      tasks.push_back(fail_later(in));
      co_await all(std::move(tasks));
    };
    (void)co_await some(self, changed, woken).as_result();
    co_await self.sleep_for(2ms);
    co_return woken;
  });
  CHECK(*part == 0);
}

TEST_CASE("a caller that goes away ends a handler whose destructors notify its other tasks") {
  echo_node node;
  struct notifying final : relay {
    explicit notifying(std::shared_ptr<probe> log) : seen(std::move(log)) {}
    task<test::Text> pass(const test::Text& request) override {
      auto hold = [](notifying& in) -> task<> {
        notify_at_end guard{in.changed};
        on_destruction gone{*in.seen, "held"};
        co_await in.sleep_for(1h);
      };
      auto wait = [](notifying& in) -> task<> {
        on_destruction gone{*in.seen, "waited"};
        in.seen->add("waiting");
        co_await in.changed.wait();
        in.seen->add("went on");
      };
      std::vector<task<>> tasks;
      tasks.push_back(hold(*this));
      tasks.push_back(wait(*this));
      tasks.push_back(wait(*this));
      co_await all(std::move(tasks));
      co_return request;
    }
    notification changed;
    std::shared_ptr<probe> seen;
  };
  auto actor = spawn_service(node.system, {.name = "test.Notifying/0",
                                           .make = [&] { return std::make_unique<notifying>(node.seen); },
                                           .node = &node.services});
  auto reference = actor_reference_ptr{new actor_reference("test.Notifying/0", 10)};
  reference->attach(caf::actor_cast<caf::strong_actor_ptr>(actor));
  auto cancelled_call = [&] {
    return call_ptr{new call(test::Relay::info().methods[0], std::make_shared<test::Text>(),
                             deadline::never(), nullptr, nullptr)};
  };
  auto first = cancelled_call();
  first->send_to(reference);
  // A call that is cancelled before its tasks have begun ends without them.
  REQUIRE(node.seen->wait_for("waiting", 2));
  first->cancel(cancelled("the caller went away"));
  CHECK(node.seen->wait_for("waited", 2));
  auto second = cancelled_call();
  second->send_to(reference);
  REQUIRE(node.seen->wait_for("waiting", 4));
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  CHECK(node.seen->wait_for("waited", 4));
  CHECK(node.seen->count("went on") == 0);
}

TEST_CASE("short sleeps between calls with long deadlines leave no timers of the actor system behind") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<int> {
    auto echo = self.client<test::Echo>();
    for (int i = 0; i < 30; ++i) {
      co_await self.sleep_for(1ms);
      co_await echo.say(text("x")); // has a deadline of 30 seconds
    }
    // Each timer that is set holds its actor.
    co_return static_cast<int>(self.self()->ctrl()->strong_refs.load());
  });
  CHECK(*outcome < 10);
}

TEST_CASE("a task without a coroutine can be awaited, alone and in all()") {
  echo_node node;
  auto outcome = node.run([](visitor&) -> task<int> {
    co_await task<>{};
    auto nothing = co_await task<>{}.as_result();
    co_await nothing;
    std::vector<task<>> tasks(2);
    co_await all(std::move(tasks));
    co_return 1;
  });
  CHECK(*outcome == 1);
}

TEST_CASE("a task that fails with an OK status, which is a bug, does not let all() wait for ever") {
  echo_node node;
  auto outcome = node.run([](visitor&) -> task<int> {
    auto confused = []() -> task<int> { co_return status{}; };
    std::vector<task<int>> tasks;
    tasks.push_back(confused());
    co_await all(std::move(tasks));
    co_return 1;
  });
  CHECK(outcome.error().code() == status_code::internal);
}

TEST_CASE("an on_stop() that throws at once ends the actor at once") {
  echo_node node;
  struct bad_stop final : relay {
    task<> on_stop() override {
      throw std::runtime_error{"cannot stop"};
      co_return;
    }
  };
  auto actor = spawn_service(
    node.system,
    {.name = "test.BadStop/0", .make = [] { return std::make_unique<bad_stop>(); }, .node = &node.services});
  actor->attach_functor([seen = node.seen](const caf::error& why) {
    seen->add(why == caf::sec::runtime_error ? "crashed" : "ended otherwise");
  });
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  CHECK(node.seen->wait_for("crashed", 1, 5s));
  caf::anon_send_exit(actor, caf::exit_reason::kill);
}

TEST_CASE("a half-close waits behind its request while the actor is away") {
  echo_node node;
  auto outcome = node.run([&node](visitor& self) -> task<test::Text> {
    auto joined = self.client<test::Echo>(call_options().timeout(5s)).join();
    node.reference->suspend(true, "it is being restarted");
    auto finish = [](auto& rows) -> task<test::Text> { co_return co_await rows.finish(); };
    auto back = [](visitor& in, echo_node& of) -> task<test::Text> {
      co_await in.sleep_for(5ms);
      of.reference->attach(caf::actor_cast<caf::strong_actor_ptr>(of.echo_actor));
      co_return test::Text{};
    };
    std::vector<task<test::Text>> tasks;
    tasks.push_back(finish(joined));
    tasks.push_back(back(self, node));
    auto both = co_await all(std::move(tasks));
    co_return both[0];
  });
  INFO(status_of(outcome).to_string());
  REQUIRE(outcome);
  CHECK(outcome->number() == 0);
  CHECK(node.reference->depth() == 0);
}
