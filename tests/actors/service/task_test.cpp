#include "actors/service/all.hpp"
#include "actors/service/ask.hpp"
#include "tests/actors/service/echo_node.hpp"

using namespace echo_test;

namespace {

task<int> value(int number) { co_return number; }
task<int> refused() { co_return not_found("nothing here"); }
task<int> refused_deep() { co_return 1 + co_await refused(); }
task<> nothing() { co_return; }
task<> checked(status outcome) {
  co_await std::move(outcome);
  co_return;
}
task<int> thrown() {
  throw std::runtime_error{"thrown"};
  co_return 0;
}

} // namespace

TEST_CASE("a task yields its value to the task that awaits it") {
  echo_node node;
  auto sum = node.run([](visitor&) -> task<int> {
    co_await nothing();
    auto first = co_await value(1);
    co_return first + co_await value(2);
  });
  CHECK(*sum == 3);
}

TEST_CASE("an error ends every task up to the one that looks at it") {
  echo_node node;
  bool went_on = false;
  auto outcome = node.run([&](visitor&) -> task<int> {
    auto number = co_await refused_deep();
    went_on = true;
    co_return number;
  });
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error() == not_found("nothing here"));
  CHECK_FALSE(went_on);
}

TEST_CASE("as_result() yields the error as a value") {
  echo_node node;
  auto outcome = node.run([](visitor&) -> task<std::string> {
    auto seen = co_await refused_deep().as_result();
    co_return seen.error().message();
  });
  CHECK(*outcome == "nothing here");
}

TEST_CASE("awaiting a status or a result goes on, or ends the task") {
  echo_node node;
  CHECK(node.run([](visitor&) -> task<> { co_await checked(status{}); }));
  CHECK(node.run([](visitor&) -> task<> { co_await checked(aborted("stop")); }).error() == aborted("stop"));
  auto number = node.run([](visitor&) -> task<int> { co_return co_await result<int>{7}; });
  CHECK(*number == 7);
  auto none = node.run([](visitor&) -> task<int> { co_return co_await result<int>{out_of_range("no")}; });
  CHECK(none.error() == out_of_range("no"));
}

TEST_CASE("an exception reaches the task that awaits, which may catch it") {
  echo_node node;
  auto caught = node.run([](visitor&) -> task<std::string> {
    std::string what;
    try {
      co_await thrown();
    } catch (const std::exception& error) {
      what = error.what();
    }
    co_return what;
  });
  CHECK(*caught == "thrown");
  CHECK_THROWS_WITH(node.run([](visitor&) -> task<int> { co_return co_await thrown(); }), "thrown");
}

TEST_CASE("destructors run when an error ends a task") {
  echo_node node;
  auto seen = std::make_shared<probe>();
  (void)node.run([seen](visitor& self) -> task<> {
    on_destruction guard{*seen, "gone"};
    co_await self.sleep_for(1ms);
    co_await refused();
  });
  CHECK(seen->wait_for("gone", 1));
}

TEST_CASE("a hundred thousand tasks in a loop do not grow the stack") {
  echo_node node;
  auto sum = node.run([](visitor&) -> task<std::int64_t> {
    std::int64_t total = 0;
    for (int i = 0; i < 100'000; ++i)
      total += co_await value(i);
    co_return total;
  });
  CHECK(*sum == 4'999'950'000);
}

TEST_CASE("all() yields the values in order, whatever the order they come in") {
  echo_node node;
  auto values = node.run([](visitor& self) -> task<std::vector<int>> {
    auto slow = [](visitor& in, int number) -> task<int> {
      co_await in.sleep_for(std::chrono::milliseconds{20 - 5 * number});
      co_return number;
    };
    std::vector<task<int>> tasks;
    for (int i = 0; i < 4; ++i)
      tasks.push_back(slow(self, i));
    co_return co_await all(std::move(tasks));
  });
  CHECK(*values == std::vector{0, 1, 2, 3});
}

TEST_CASE("all() of nothing, and of tasks that do not wait, yields at once") {
  echo_node node;
  CHECK(
    node.run([](visitor&) -> task<std::vector<int>> { co_return co_await all(std::vector<task<int>>{}); })
      ->empty());
  auto values = node.run([](visitor&) -> task<std::vector<int>> {
    std::vector<task<int>> tasks;
    tasks.push_back(value(1));
    tasks.push_back(value(2));
    co_return co_await all(std::move(tasks));
  });
  CHECK(*values == std::vector{1, 2});
}

TEST_CASE("the first error of all() ends the others where they wait") {
  echo_node node;
  auto seen = std::make_shared<probe>();
  auto outcome = node.run([seen](visitor& self) -> task<> {
    auto forever = [](visitor& in, std::shared_ptr<probe> log) -> task<int> {
      on_destruction guard{*log, "forever gone"};
      co_await in.sleep_for(1h);
      co_return 0;
    };
    auto later = [](visitor& in) -> task<int> {
      co_await in.sleep_for(1ms);
      co_return co_await refused();
    };
    std::vector<task<int>> tasks;
    tasks.push_back(forever(self, seen));
    tasks.push_back(later(self));
    tasks.push_back(forever(self, seen));
    co_await all(std::move(tasks));
  });
  CHECK(outcome.error() == not_found("nothing here"));
  CHECK(seen->wait_for("forever gone", 2));
}

TEST_CASE("an error at once in all() does not begin the tasks behind it") {
  echo_node node;
  bool begun = false;
  auto outcome = node.run([&begun](visitor&) -> task<> {
    auto mark = [](bool& flag) -> task<int> {
      flag = true;
      co_return 1;
    };
    std::vector<task<int>> tasks;
    tasks.push_back(refused());
    tasks.push_back(mark(begun));
    co_await all(std::move(tasks));
  });
  CHECK(outcome.error().code() == status_code::not_found);
  CHECK_FALSE(begun);
}

TEST_CASE("ask() awaits the answer of a plain CAF actor") {
  echo_node node;
  auto adder = node.system.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](int a, int b) { return a + b; },
            [](int a) -> caf::result<int, std::string> {
              return {a, std::string{"and a word"}};
            },
            [](std::string) -> caf::result<int> { return caf::sec::invalid_argument; },
            [](double) -> caf::result<int> { return caf::skip(); }};
  });
  auto sum = node.run(
    [&](visitor& self) -> task<int> { co_return co_await ask<int>(self.self(), adder, 5s, 20, 22); });
  CHECK(*sum == 42);
  auto pair = node.run([&](visitor& self) -> task<std::string> {
    auto [number, word] = co_await ask<int, std::string>(self.self(), adder, 5s, 7);
    co_return std::to_string(number) + word;
  });
  CHECK(*pair == "7and a word");
  auto error = node.run([&](visitor& self) -> task<int> {
    co_return co_await ask<int>(self.self(), adder, 5s, std::string{"x"});
  });
  CHECK(error.error().code() == status_code::unknown);
  auto late =
    node.run([&](visitor& self) -> task<int> { co_return co_await ask<int>(self.self(), adder, 5ms, 1.5); });
  CHECK(late.error().code() == status_code::deadline_exceeded);
  caf::anon_send_exit(adder, caf::exit_reason::kill);
  caf::scoped_actor waiter{node.system};
  waiter->wait_for(adder);
  auto down =
    node.run([&](visitor& self) -> task<int> { co_return co_await ask<int>(self.self(), adder, 5s, 1, 2); });
  CHECK(down.error().code() == status_code::unavailable);
}
