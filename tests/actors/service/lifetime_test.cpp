#include "tests/actors/service/echo_node.hpp"

using namespace echo_test;

TEST_CASE(
  "an exception crashes the actor, and is an INTERNAL error to its caller without the exception's text") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Echo>().throw_(text("x"));
  });
  CHECK(outcome.error().code() == status_code::internal);
  CHECK(outcome.error().message().find("a bug") == std::string::npos);
  CHECK(node.seen->wait_for("echo ended", 1));
  std::lock_guard lock{node.log_mutex};
  CHECK(std::any_of(node.log_lines.begin(), node.log_lines.end(),
                    [](const std::string& line) { return line.find("a bug") != std::string::npos; }));
}

TEST_CASE("the reference survives the crash: later calls reach the restarted actor") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<test::Text> {
    (void)co_await self.client<test::Echo>().throw_(text("x")).as_result();
    co_return co_await self.client<test::Echo>().say(text("still here"));
  });
  CHECK(outcome->text() == "still here");
  CHECK(node.reference->readings().restarts == 1);
}

TEST_CASE("a call in flight to a crashed actor fails at once and says that it may have executed") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<test::Text> {
    auto waiting = self.client<test::Echo>().say_later(text("x", 60'000));
    waiting.start();
    (void)co_await self.client<test::Echo>().throw_(text("x")).as_result();
    co_return co_await waiting;
  });
  CHECK(outcome.error().code() == status_code::unavailable);
  CHECK(retry_hint_of(outcome.error()) == retry_hint::may_have_executed);
  CHECK(outcome.error().message()
        == "test.Echo.SayLater: test.Echo/0 crashed; the call may have executed, and the method is not "
           "idempotent: find "
           "out what happened before retrying");
}

TEST_CASE("an idempotent call that was in flight is made again by the client") {
  echo_node node;
  auto outcome = node.run([&node](visitor& self) -> task<> {
    auto waiting = self.client<test::Echo>().hang(text("x"));
    waiting.start();
    (void)co_await self.client<test::Echo>().throw_(text("x")).as_result();
    while (node.seen->count("hanging") < 2)
      co_await self.sleep_for(1ms);
  });
  CHECK(outcome);
  CHECK(node.seen->count("hanging") == 2);
}

TEST_CASE("the call that crashed the actor is not repeated, for it may crash the next one too") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Echo>().throw_once(text("x"));
  });
  CHECK(outcome.error().code() == status_code::internal);
  CHECK(node.seen->count("throw_once") == 1);
}

TEST_CASE("requests that arrive between crash and restart wait for it") {
  echo_node node;
  node.restart = false;
  caf::anon_send_exit(node.echo_actor, caf::exit_reason::kill);
  REQUIRE(node.seen->wait_for("echo ended", 1));
  node.reference->suspend(true, "it was killed");
  auto future = visit(node.system, node.services, [](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Echo>().say(text("patience"));
  });
  while (node.reference->depth() == 0)
    std::this_thread::yield();
  node.start_echo();
  CHECK(future.get()->text() == "patience");
}

TEST_CASE("a cancelled caller ends the handler at its suspension point") {
  echo_node node;
  auto outcome = node.run([&node](visitor& self) -> task<> {
    {
      auto call = self.client<test::Echo>().hang(text("x"));
      call.start();
      while (node.seen->count("hanging") == 0)
        co_await self.sleep_for(1ms);
    }
    co_return;
  });
  CHECK(outcome);
  CHECK(node.seen->wait_for("hang frame gone", 1));
}

TEST_CASE("a stop in good order finishes the calls under way, refuses new ones and runs on_stop()") {
  echo_node node;
  node.restart = false;
  auto under_way = visit(node.system, node.services, [](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Echo>().say_later(text("finish me", 100));
  });
  REQUIRE(node.seen->wait_for("say_later begun", 1));
  caf::anon_send_exit(node.echo_actor, caf::exit_reason::user_shutdown);
  auto refused = node.run([](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Echo>(call_options().attempts(1)).say_later(text("too late", 0));
  });
  CHECK(refused.error().code() == status_code::unavailable);
  CHECK(under_way.get()->text() == "finish me");
  CHECK(node.seen->wait_for("echo ended", 1));
  CHECK(node.seen->count("stopped") == 1);
}

TEST_CASE("an actor that is killed answers the calls it had") {
  echo_node node;
  node.restart = false;
  auto under_way = visit(node.system, node.services, [](visitor& self) -> task<test::Text> {
    co_return co_await self.client<test::Echo>().say_later(text("lost", 60'000));
  });
  REQUIRE(node.seen->wait_for("say_later begun", 1));
  caf::anon_send_exit(node.echo_actor, caf::exit_reason::kill);
  CHECK(under_way.get().error().code() == status_code::unavailable);
}
