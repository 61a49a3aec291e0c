#include "tests/actors/service/echo_node.hpp"

using namespace echo_test;

TEST_CASE("server streaming delivers every item in order, then ends") {
  echo_node node;
  auto sum = node.run([](visitor& self) -> task<int> {
    auto numbers = self.client<test::Echo>().count(text("n", 1000));
    int expected = 0;
    while (const auto* each = co_await numbers.next())
      if (each->number() == expected) ++expected;
    co_return expected;
  });
  CHECK(*sum == 1000);
}

TEST_CASE("the error of a stream comes after its items") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<> {
    auto numbers = self.client<test::Echo>().count(text("then fail", 3));
    int seen = 0;
    while (co_await numbers.next())
      if (++seen > 3) co_await internal("too many");
  });
  CHECK(outcome.error() == data_loss("lost count"));
}

TEST_CASE("a slow consumer stops its producer at the window") {
  echo_node node;
  auto outcome = node.run([&node](visitor& self) -> task<> {
    auto numbers = self.client<test::Echo>().count(text("n", 1000));
    co_await numbers.next();
    co_await self.sleep_for(50ms);
    if (node.seen->count("counted") > static_cast<int>(default_stream_credit) + 1)
      co_await internal("not stopped");
  });
  CHECK(outcome);
  CHECK(node.seen->wait_for("count frame gone", 1)); // dropping the stream cancelled the handler
  CHECK(node.seen->count("counted") < 1000);
}

TEST_CASE("a widened window lets the producer be further ahead, and no further") {
  constexpr std::uint32_t window = 300;
  echo_node node;
  const auto before_reading = GENERATE(true, false);
  auto outcome = node.run([&](visitor& self) -> task<> {
    auto numbers = self.client<test::Echo>().count(text("n", 1000));
    if (!before_reading) co_await numbers.next();
    numbers.widen(window);
    numbers.widen(20); // windows do not shrink
    if (before_reading) co_await numbers.next();
    while (node.seen->count("counted") < static_cast<int>(window))
      co_await self.sleep_for(1ms);
    co_await self.sleep_for(20ms);
    if (node.seen->count("counted") > static_cast<int>(window) + 2) co_await internal("not stopped");
    for (int number = 1; number < 1000; ++number)
      if ((co_await numbers.next())->number() != number) co_await internal("out of order");
  });
  CHECK(outcome);
}

TEST_CASE("client streaming hands over every item, and yields the reply") {
  echo_node node;
  auto reply = node.run([](visitor& self) -> task<test::Text> {
    auto joined = self.client<test::Echo>().join();
    for (int i = 0; i < 100; ++i)
      co_await joined.write(text("x"));
    co_return co_await joined.finish();
  });
  CHECK(reply->number() == 100);
  CHECK(reply->text() == std::string(100, 'x'));
}

TEST_CASE("a client stream without any item") {
  echo_node node;
  auto reply = node.run([](visitor& self) -> task<test::Text> {
    auto joined = self.client<test::Echo>().join();
    co_return co_await joined.finish();
  });
  CHECK(reply->number() == 0);
}

TEST_CASE("a client stream that waits for its turn keeps its half-close") {
  echo_node node{1};
  auto reply = node.run([](visitor& self) -> task<test::Text> {
    auto slow = self.client<test::Echo>().say_later(text("slow", 20));
    slow.start();
    auto joined = self.client<test::Echo>().join();
    auto out = co_await joined.finish();
    co_await slow;
    co_return out;
  });
  REQUIRE(reply);
  CHECK(reply->number() == 0);
}

TEST_CASE("bidirectional streaming") {
  echo_node node;
  auto outcome = node.run([](visitor& self) -> task<int> {
    auto shouts = self.client<test::Echo>().shout();
    int good = 0;
    for (int i = 0; i < 200; ++i) {
      co_await shouts.write(text("hey", i));
      const auto* back = co_await shouts.next();
      if (back && back->text() == "hey!" && back->number() == i) ++good;
    }
    shouts.close_writing();
    if (co_await shouts.next()) co_await internal("more than expected");
    co_return good;
  });
  CHECK(*outcome == 200);
}

TEST_CASE("a stream to a service that is down ends with UNAVAILABLE") {
  echo_node node;
  node.restart = false;
  caf::anon_send_exit(node.echo_actor, caf::exit_reason::kill);
  REQUIRE(node.seen->wait_for("echo ended", 1));
  node.reference->suspend(false, "it was killed");
  auto outcome = node.run([](visitor& self) -> task<> {
    auto numbers = self.client<test::Echo>().count(text("n", 3));
    co_await numbers.next();
  });
  CHECK(outcome.error().code() == status_code::unavailable);
}
