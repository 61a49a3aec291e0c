#include "actors/host/node.hpp"
#include "actors/testing/catch_result.hpp"
#include "runtime/environment/real_environment.hpp"
#include "tests/actors/host/probe_modules.hpp"

#include <future>

using namespace probe_test;
using namespace std::chrono_literals;

namespace {

probe::Word word(std::string text) {
  probe::Word out;
  out.set_word(std::move(text));
  return out;
}

struct world {
  real_environment real{{.seed = 7}};
  diary_ptr events = std::make_shared<diary>();

  template <class... Modules>
  result<std::unique_ptr<node>> start(node_options options, Modules... modules) {
    std::vector<service_module> all;
    (all.push_back(std::move(modules)), ...);
    return node::start(std::move(options), real.get(), nullptr, nullptr, std::move(all));
  }
  auto both(node_options options = {}) {
    return start(std::move(options), module<first>(events), module<second>(events));
  }
};

result<probe::Word> say_to_second(node& on, const std::string& what) {
  return on
    .run([what](visitor& self) -> task<probe::Word> {
      auto request = word(what);
      co_return co_await self.client<probe::Second>().say(request);
    })
    .get();
}

} // namespace

TEST_CASE(
  "modules start in their order, each when the one before it is ready, and stop in the reverse order") {
  world around;
  auto started = around.both();
  REQUIRE(started.has_value());
  CHECK(say_to_second(**started, "hello")->word() == "hello");
  (*started)->stop();
  CHECK(around.events->read()
        == std::vector<std::string>{"first starts", "second starts", "second stops", "first stops"});
}

TEST_CASE("a service installed twice is refused with the way to do it") {
  world around;
  auto started = around.start({}, module<first>(around.events), module<first>(around.events));
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().message()
        == "the service probe.First is installed twice; use instances(n) for several actors of it");
}

TEST_CASE("a module that fails to start stops those before it, and its status says why") {
  world around;
  auto started = around.start({}, module<first>(around.events), module<refuses_to_start>());
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().message().find("the paper is out") != std::string::npos);
  CHECK(around.events->read() == std::vector<std::string>{"first starts", "first stops"});
}

TEST_CASE("an actor that crashes is restarted, and calls to it go on") {
  world around;
  auto started = around.both();
  REQUIRE(started.has_value());
  auto crashed = (*started)->run([](visitor& self) -> task<probe::Word> {
    auto request = word("now");
    co_return co_await self.client<probe::First>().fail(request);
  });
  CHECK(crashed.get().error().code() == status_code::internal);
  CHECK(say_to_second(**started, "still here")->word() == "still here");
}

TEST_CASE("killing an actor of the tree restarts it while idempotent calls keep succeeding") {
  world around;
  auto started = around.both();
  REQUIRE(started.has_value());
  auto& on = **started;
  for (int round = 0; round < 3; ++round) { // further ones would meet the backoff
    auto tree = on.run([&on](visitor& self) { return on.look_at_tree(self); }).get();
    REQUIRE(tree.has_value());
    REQUIRE(tree->children.size() == 2);
    const auto& worker = tree->children.front().children.front();
    CHECK(worker.name == "probe.First/0");
    CHECK(worker.restarts == static_cast<std::uint64_t>(round));
    const auto id = worker.actor;
    CHECK(*on.run([&on, id](visitor& self) { return on.kill_actor(self, id); }).get());
    for (int i = 0; i < 20; ++i)
      CHECK(say_to_second(on, "again")->word() == "again");
  }
  CHECK_FALSE(*on.run([&on](visitor& self) { return on.kill_actor(self, 123'456'789); }).get());
}

TEST_CASE("a module that keeps failing ends the node with the reason") {
  world around;
  node_options options;
  options.restart_intensity = 1;
  options.restart_backoff = backoff_policy::none();
  auto started = around.both(options);
  REQUIRE(started.has_value());
  std::promise<supervisor_exit> ended;
  (*started)->on_end([&](const supervisor_exit& why) { ended.set_value(why); });
  auto future = ended.get_future();
  for (int i = 0; i < 100 && future.wait_for(0s) != std::future_status::ready; ++i)
    (void)(*started)
      ->run([](visitor& self) -> task<probe::Word> {
        auto request = word("again");
        auto options_of_call = call_options().attempts(1).timeout(2s);
        co_return co_await self.client<probe::First>(options_of_call).fail(request);
      })
      .get();
  REQUIRE(future.wait_for(30s) == std::future_status::ready);
  CHECK(future.get().kind == supervisor_exit_kind::intensity_exceeded);
}

TEST_CASE("a helper runs under the module's supervisor and shows in the tree") {
  world around;
  auto started = around.both();
  REQUIRE(started.has_value());
  auto& on = **started;
  auto helped = on.run([](visitor& self) -> task<probe::Word> {
                    auto request = word("ada");
                    co_return co_await self.client<probe::First>().help(request);
                  })
                  .get();
  REQUIRE(helped);
  CHECK(helped->word() == "ada helped");
  auto tree = on.run([&on](visitor& self) { return on.look_at_tree(self); }).get();
  REQUIRE(tree.has_value());
  const auto& children = tree->children.front().children;
  auto again = on.run([](visitor& self) -> task<probe::Word> {
                   auto request = word("ada");
                   co_return co_await self.client<probe::First>().help(request);
                 })
                 .get();
  REQUIRE(again); // the helper that lives already
  CHECK(again->word() == "ada helped");
  CHECK(std::any_of(children.begin(), children.end(),
                    [](const supervision_node& each) { return each.name == "helper ada"; }));
}

TEST_CASE("several instances share the calls") {
  world around;
  auto started = around.start({}, module<first>(around.events).instances(3), module<second>(around.events));
  REQUIRE(started.has_value());
  for (int i = 0; i < 50; ++i)
    CHECK(say_to_second(**started, "x"));
  auto starts = around.events->read();
  CHECK(std::count(starts.begin(), starts.end(), "first starts") == 3);
}

TEST_CASE("a node that stops ends the visitors that are left") {
  world around;
  auto started = around.both();
  REQUIRE(started.has_value());
  auto waits_for_ever = (*started)->run([](visitor& self) -> task<> { co_await self.sleep_for(24h); });
  started->reset();
  CHECK_THROWS_AS(waits_for_ever.get(), std::future_error);
}
