#include "tests/actors/cluster/cluster_nodes.hpp"

using namespace cluster_test;

TEST_CASE("two nodes that dial each other at the same time are joined by one connection") {
  for (int round = 0; round < 10; ++round) {
    surroundings around;
    auto a = around.echo_node("a");
    auto b = around.caller_node({}, "b");
    REQUIRE(a->link()->keep_connected(b->link()->local_address()->to_string()).ok());
    REQUIRE(b->link()->keep_connected(a->link()->local_address()->to_string()).ok());
    REQUIRE(around.connected(*a));
    REQUIRE(around.connected(*b));
    REQUIRE(say(*b, "x").has_value());
    CHECK(a->link()->peers().size() == 1);
    CHECK(b->link()->peers().size() == 1);
  }
}

TEST_CASE("a peer that comes back is found again") {
  surroundings around;
  auto callee = around.echo_node();
  auto caller = around.caller_node({callee.get()});
  REQUIRE(around.connected(*caller));
  REQUIRE(say(*caller, "before"));
  const auto address = *callee->link()->local_address();
  callee.reset();
  REQUIRE(around.connected(*caller, 0));
  auto while_away = say(*caller, "away");
  REQUIRE_FALSE(while_away);
  CHECK(while_away.error().code() == status_code::unavailable);
  CHECK(retry_hint_of(while_away.error()) == retry_hint::not_executed);
  auto how = surroundings::options("echo");
  how.link->listen = address;
  std::vector<service_module> modules;
  modules.push_back(module<echo>(around.seen));
  callee = around.start(std::move(how), std::move(modules));
  REQUIRE(around.connected(*caller));
  CHECK(say(*caller, "after")->text() == "after");
}

TEST_CASE("a node that stops finishes the calls it has, and its peers go elsewhere") {
  surroundings around;
  auto first = around.echo_node("first");
  auto second = around.echo_node("second");
  auto caller = around.caller_node({first.get(), second.get()});
  REQUIRE(around.connected(*caller, 2));
  auto slow = caller->run([](visitor& self) -> task<int> {
    int answered = 0;
    std::vector<task<int>> calls;
    auto one = [](visitor& from) -> task<int> {
      auto request = text("x", 300);
      co_await from.client<test::Echo>().say_later(request);
      co_return 1;
    };
    for (int i = 0; i < 20; ++i)
      calls.push_back(one(self));
    for (int each : co_await all(std::move(calls)))
      answered += each;
    co_return answered;
  });
  REQUIRE(around.seen->wait_for("say_later begun", 20));
  first->stop();
  for (int i = 0; i < 20; ++i)
    CHECK(say(*caller, "elsewhere").has_value());
  auto outcome = slow.get();
  REQUIRE(outcome);
  CHECK(*outcome == 20);
}

TEST_CASE("a connection lost in the middle says whether the call may have executed") {
  surroundings around;
  auto callee = around.echo_node();
  auto caller = around.caller_node({callee.get()});
  REQUIRE(around.connected(*caller));
  auto pending = caller->run([](visitor& self) -> task<test::Text> {
    auto request = text("x", 60'000);
    co_return co_await self.client<test::Echo>(call_options().attempts(1)).say_later(request);
  });
  REQUIRE(around.seen->wait_for("say_later begun", 1));
  callee->link()->close(0s);
  auto outcome = pending.get();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code() == status_code::unavailable);
  CHECK(retry_hint_of(outcome.error()) == retry_hint::may_have_executed);
  CHECK(around.seen->wait_for("say_later frame gone", 1));
}

TEST_CASE("a node of the same name, of another cluster or of another protocol is refused, saying why") {
  surroundings around;
  auto callee = around.echo_node();
  auto try_with = [&](auto change, const std::string& words) {
    auto how = surroundings::options("other");
    how.peers.push_back(callee->link()->local_address()->to_string());
    change(how);
    auto stranger = around.start(std::move(how), {});
    INFO(words);
    if (!around.wait_for_log(words)) FAIL(around.log());
    for (const auto& each : stranger->link()->peers())
      CHECK_FALSE(each.connected);
  };
  try_with([](node_options& how) { how.name = "echo"; }, "a node named echo is running already");
  try_with([](node_options& how) { how.link->cluster = "elsewhere"; },
           "of \\\"elsewhere\\\"");
  try_with(
    [](node_options& how) {
      how.link->limits.lowest_version = 2;
      how.link->limits.highest_version = 3;
    },
    "version");
  auto friendly = around.caller_node({callee.get()}, "friend");
  REQUIRE(around.connected(*friendly));
  auto twin = surroundings::options("friend");
  twin.peers.push_back(callee->link()->local_address()->to_string());
  auto second_friend = around.start(std::move(twin), {});
  CHECK(around.wait_for_log("another node named friend is connected"));
  CHECK(say(*friendly, "the first one stays").has_value());
}

TEST_CASE("a node that is told its own address leaves itself alone") {
  surroundings around;
  auto callee = around.echo_node();
  REQUIRE(callee->link()->keep_connected(callee->link()->local_address()->to_string()).ok());
  auto caller = around.caller_node({callee.get()});
  REQUIRE(around.connected(*caller));
  CHECK(say(*caller, "x").has_value());
  CHECK(callee->link()->peers().size() == 1);
}

TEST_CASE("without TLS the link stays on this machine") {
  surroundings around;
  auto how = surroundings::options("open");
  how.link->listen = endpoint{ip_address::any_v4(), 0};
  auto refused = node::start(std::move(how), around.world.get(), nullptr, nullptr, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == status_code::failed_precondition);
  CHECK(refused.error().message().find("link.certificate_file") != std::string::npos);
  auto caller = around.caller_node({});
  auto dialed = caller->link()->keep_connected("10.1.2.3:4000");
  CHECK(dialed.code() == status_code::failed_precondition);
  CHECK(caller->link()->keep_connected("nonsense").code() == status_code::invalid_argument);
  CHECK(caller->link()->keep_connected("host:0").code() == status_code::invalid_argument);
}
