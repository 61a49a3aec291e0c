#include "tests/actors/service/echo_node.hpp"

using namespace echo_test;

TEST_CASE("a call yields its reply") {
  echo_node node;
  auto reply = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Echo>().say(text("hello", 3));
  });
  CHECK(reply->text() == "hello");
  CHECK(reply->number() == 3);
}

TEST_CASE("a call passes through a service to another, and its error comes back the same way") {
  echo_node node;
  auto passed = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Relay>().pass(text("through"));
  });
  CHECK(passed->text() == "through");
  auto refused = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Relay>().pass(text("refuse"));
  });
  CHECK(refused.error() == failed_precondition("no: refuse"));
  auto looked = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Relay>().pass_and_look(text("look"));
  });
  CHECK(looked->text() == "no: look");
  auto helped = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Relay>().pass_later(text("refuse"));
  });
  CHECK(helped.error() == permission_denied("the helper says no"));
}

TEST_CASE("calls that were started run at the same time") {
  echo_node node;
  auto reply = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Relay>().pass_twice(text("x", 5));
  });
  CHECK(reply->text() == "xx");
  CHECK(node.seen->count("say_later begun") == 2);
}

TEST_CASE("ten thousand calls, all answered") {
  echo_node node;
  auto good = node.run([](visitor& self) -> task<int> {
    int answered = 0;
    for (int i = 0; i < 10'000; ++i) {
      auto reply = co_await self.client<test::Relay>().pass(text("n", i));
      answered += reply.number() == i ? 1 : 0;
    }
    co_return answered;
  });
  CHECK(*good == 10'000);
}

TEST_CASE("the time-out of a call ends it, and cancels its handler") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Echo>(call_options().timeout(20ms)).hang(text("x"));
  });
  CHECK(outcome.error().code() == status_code::deadline_exceeded);
  CHECK(node.seen->wait_for("hang frame gone", 1));
}

TEST_CASE("the deadline of a handler's call ends the handler, and the calls that it made") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Relay>(call_options().timeout(20ms)).pass(text("hang"));
  });
  CHECK(outcome.error().code() == status_code::deadline_exceeded);
  CHECK(node.seen->wait_for("hang frame gone", 1));
}

TEST_CASE("a call whose deadline passed in the mailbox is not executed") {
  echo_node node{1};
  auto outcome = node.run([&node](visitor& self) -> task<std::string> {
    std::string why;
    {
      auto first = self.client<test::Echo>().hang(text("slow")); // makes way when it is dropped
      first.start();
      while (node.seen->count("hanging") == 0)
        co_await self.sleep_for(1ms);
      auto second =
        co_await self.client<test::Echo>(call_options().timeout(10ms)).say_later(text("late", 0)).as_result();
      why = second.error().message();
    }
    // A third call passes through the mailbox behind the second, so that the second has been dealt with.
    co_await self.client<test::Echo>().say(text("x"));
    co_return why;
  });
  CHECK(*outcome == "test.Echo.SayLater did not answer in time");
  CHECK(node.seen->count("say_later begun") == 0);
}

TEST_CASE("one_at_a_time begins a handler when the one before it has ended") {
  echo_node node{1};
  auto ended_before = node.run([&node](visitor& self) -> task<int> {
    auto slow = self.client<test::Echo>().say_later(text("slow", 30));
    slow.start();
    co_await self.client<test::Echo>().say(text("quick"));
    const int ended = node.seen->count("say_later frame gone");
    co_await slow;
    co_return ended;
  });
  CHECK(*ended_before == 1);
}

TEST_CASE("a full mailbox refuses with RESOURCE_EXHAUSTED at once") {
  echo_node node{1, 2};
  auto outcome = node.run([&node](visitor& self) -> task<int> {
    auto echo = self.client<test::Echo>();
    auto a = echo.say_later(text("a", 0));
    auto b = echo.say_later(text("b", 0));
    auto c = echo.say_later(text("c", 0));
    status_code code;
    {
      auto slow = echo.hang(text("slow")); // makes way when it is dropped
      slow.start();
      while (node.seen->count("hanging") == 0) // until it has left the mailbox and runs
        co_await self.sleep_for(1ms);
      a.start();
      b.start();
      auto refused = co_await c.as_result();
      code = refused.error().code();
    }
    co_await a;
    co_await b;
    co_return static_cast<int>(code);
  });
  CHECK(*outcome == static_cast<int>(status_code::resource_exhausted));
  CHECK(node.reference->readings().rejected >= 1);
  CHECK(node.reference->depth() == 0);
}

TEST_CASE("a service that nobody plays refuses with UNAVAILABLE and its name") {
  echo_node node;
  static_directory empty;
  node_services services = node.services;
  services.directory = &empty;
  auto outcome = visit(node.system, services, [](visitor& self) -> task<test::Text> {
                   co_return co_await self.client<test::Echo>(call_options().timeout(1s)).say(text("x"));
                 }).get();
  CHECK(outcome.error().code() == status_code::unavailable);
  CHECK(outcome.error().message().find("test.Echo") != std::string::npos);
}
