#include "tests/actors/cluster/cluster_nodes.hpp"

#include "runtime/contract/status_details.hpp"

using namespace cluster_test;

namespace {

struct pair_of_nodes : surroundings {
  std::unique_ptr<node> callee = echo_node();
  std::unique_ptr<node> caller = caller_node({callee.get()});
  pair_of_nodes() { REQUIRE(connected(*caller)); }
};

} // namespace

TEST_CASE("a call to a service of another node is the same line of code") {
  pair_of_nodes nodes;
  auto reply = say(*nodes.caller, "hello");
  REQUIRE(reply);
  CHECK(reply->text() == "hello");
}

TEST_CASE("a refusal comes back with its code, its words and no hint to retry") {
  pair_of_nodes nodes;
  auto outcome = run_on(*nodes.caller, [](visitor& self) -> task<test::Text> {
    auto request = text("too late");
    co_return co_await self.client<test::Echo>().refuse(request);
  });
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code() == status_code::failed_precondition);
  CHECK(outcome.error().message() == "no: too late");
  CHECK(retry_hint_of(outcome.error()) == retry_hint::none);
}

TEST_CASE("streams flow in both directions, in order, beyond their first window") {
  pair_of_nodes nodes;
  auto counted = run_on(*nodes.caller, [](visitor& self) -> task<int> {
    auto request = text("n", 500);
    auto numbers = self.client<test::Echo>().count(request);
    int expected = 0;
    while (const auto* each = co_await numbers.next()) {
      if (each->number() != expected) co_return -1;
      ++expected;
    }
    co_return expected;
  });
  REQUIRE(counted);
  CHECK(*counted == 500);

  auto joined = run_on(*nodes.caller, [](visitor& self) -> task<test::Text> {
    auto words = self.client<test::Echo>().join();
    for (int i = 0; i < 300; ++i) {
      auto word = text("x");
      co_await words.write(std::move(word));
    }
    co_return co_await words.finish();
  });
  REQUIRE(joined);
  CHECK(joined->number() == 300);

  auto shouted = run_on(*nodes.caller, [](visitor& self) -> task<std::string> {
    auto both = self.client<test::Echo>().shout();
    std::string out;
    for (int i = 0; i < 100; ++i) {
      auto word = text("a", i);
      co_await both.write(std::move(word));
      const auto* reply = co_await both.next();
      out += reply->text();
    }
    both.close_writing();
    while (co_await both.next() != nullptr) out += "?";
    co_return out;
  });
  REQUIRE(shouted);
  CHECK(shouted->size() == 200);
}

TEST_CASE("a stream that fails in the middle gives its items first") {
  pair_of_nodes nodes;
  auto outcome = run_on(*nodes.caller, [](visitor& self) -> task<std::string> {
    auto request = text("then fail", 3);
    auto numbers = self.client<test::Echo>().count(request);
    int seen = 0;
    auto read = [](auto& from, int& count) -> task<> {
      while (co_await from.next() != nullptr) ++count;
    };
    auto ended = co_await read(numbers, seen).as_result();
    co_return std::to_string(seen) + " " + ended.error().message();
  });
  REQUIRE(outcome);
  CHECK(*outcome == "3 lost count");
}

TEST_CASE("a cancellation ends the handler on the other node") {
  pair_of_nodes nodes;
  auto outcome = run_on(*nodes.caller, [&](visitor& self) -> task<bool> {
    {
      auto request = text("x");
      auto call = self.client<test::Echo>().hang(request);
      call.start();
      while (nodes.seen->count("hanging") == 0) co_await self.sleep_for(1ms);
    }
    co_return true;
  });
  REQUIRE(outcome);
  CHECK(nodes.seen->wait_for("hang frame gone", 1));
}

TEST_CASE("a deadline travels as the time left, and ends the call on both sides") {
  pair_of_nodes nodes;
  auto outcome = run_on(*nodes.caller, [](visitor& self) -> task<test::Text> {
    auto request = text("x");
    co_return co_await self.client<test::Echo>(call_options().timeout(100ms)).hang(request);
  });
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code() == status_code::deadline_exceeded);
  CHECK(nodes.seen->wait_for("hang frame gone", 1));
}

TEST_CASE("a large message arrives whole, and small ones pass it") {
  pair_of_nodes nodes;
  auto outcome = run_on(*nodes.caller, [](visitor& self) -> task<std::size_t> {
    auto large = text(std::string(5'000'000, 'x'));
    auto first = self.client<test::Echo>().say(large);
    first.start();
    auto small = text("small");
    co_await self.client<test::Echo>().say(small);
    auto reply = co_await first;
    co_return reply.text().size();
  });
  REQUIRE(outcome);
  CHECK(*outcome == 5'000'000);
}

TEST_CASE("a message that no node takes is refused where it is sent") {
  pair_of_nodes nodes;
  auto reply = say(*nodes.caller, std::string(17u << 20, 'x'));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code() == status_code::resource_exhausted);
  CHECK(reply.error().message().find("link.max_message") != std::string::npos);
  CHECK(say(*nodes.caller, "the connection is well").has_value());
}

TEST_CASE("a service calls one of another node, which calls back") {
  surroundings around;
  auto echoes = around.echo_node();
  auto how = surroundings::options("relay");
  how.peers.push_back(echoes->link()->local_address()->to_string());
  std::vector<service_module> modules;
  modules.push_back(module<relay>());
  auto relays = around.start(std::move(how), std::move(modules));
  auto caller = around.caller_node({relays.get()});
  REQUIRE(around.connected(*caller));
  REQUIRE(around.connected(*relays, 2));
  auto reply = run_on(*caller, [](visitor& self) -> task<test::Text> {
    auto request = text("through two nodes");
    co_return co_await self.client<test::Relay>().pass(request);
  });
  REQUIRE(reply);
  CHECK(reply->text() == "through two nodes");
}

TEST_CASE("a handler's crash on another node is told with the hint whether to retry") {
  pair_of_nodes nodes;
  auto outcome = run_on(*nodes.caller, [](visitor& self) -> task<test::Text> {
    auto request = text("x");
    co_return co_await self.client<test::Echo>().throw_(request);
  });
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code() == status_code::internal);
}

TEST_CASE("ten thousand calls in flight are all answered") {
  pair_of_nodes nodes;
  auto outcome = run_on(*nodes.caller, [](visitor& self) -> task<int> {
    int answered = 0;
    for (int round = 0; round < 20; ++round) {
      std::vector<task<int>> all_of_them;
      auto one = [](visitor& caller, int number) -> task<int> {
        auto request = text("x", number);
        auto reply = co_await caller.client<test::Echo>().say(request);
        co_return reply.number() == number ? 1 : 0;
      };
      for (int i = 0; i < 500; ++i)
        all_of_them.push_back(one(self, i));
      for (int each : co_await all(std::move(all_of_them)))
        answered += each;
    }
    co_return answered;
  });
  REQUIRE(outcome);
  CHECK(*outcome == 10'000);
}

TEST_CASE("a stream of large items flows on although they fill its window of bytes") {
  pair_of_nodes nodes;
  auto shouted = run_on(*nodes.caller, [](visitor& self) -> task<std::size_t> {
    auto words = self.client<test::Echo>().join();
    for (int i = 0; i < 40; ++i) {
      auto word = text(std::string(300'000, 'x'));
      co_await words.write(std::move(word));
    }
    auto all_of_it = co_await words.finish();
    co_return all_of_it.text().size();
  });
  REQUIRE(shouted);
  CHECK(*shouted == 12'000'000);
}
