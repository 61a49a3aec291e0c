// simulation: what authors' tests of clusters rely on.
#include "runtime/linearizability/register_model.hpp"
#include "simulated_garden.hpp"

#include <algorithm>

using namespace simulated_garden;

namespace {

bool any_line(const simulation& sim, std::string_view part) {
  const auto lines = sim.log_lines();
  return std::any_of(lines.begin(), lines.end(),
                     [&](const auto& line) { return line.find(part) != line.npos; });
}

} // namespace

TEST_CASE("a client calls a service on another node") {
  simulation sim{{.nodes = 3, .seed = 7}};
  sim.install_on({1}, troupe::module<well>());
  sim.start();
  CHECK(sim.together());
  CHECK(sim.servers() == troupe::node_set{0, 1, 2});
  CHECK(sim.client() == 3);
  auto reply = sim.run(draw(4));
  REQUIRE(reply);
  CHECK(reply->litres() == 4);
  CHECK(sim.run(draw(10)).error() == troupe::out_of_range("a bucket holds 9 litres"));
  CHECK(sim.now() < 10s);
  CHECK(any_line(sim, "node-1   "));
  CHECK(any_line(sim, "drawn"));
}

TEST_CASE("modules stand on all nodes but the clients, unless named") {
  simulation sim{{.nodes = 2}};
  sim.install(troupe::module<well>());
  sim.start();
  for (const auto number : sim.servers())
    CHECK(sim.node_of(number)->contracts().size() == 1);
  CHECK(sim.node_of(sim.client())->contracts().empty());
  CHECK(sim.run_on(0, draw(2))->litres() == 2);
  CHECK(sim.run_on(1, draw(3))->litres() == 3);
  CHECK_THROWS_AS(sim.install(troupe::module<well>()), std::logic_error);
}

TEST_CASE("options out of range are refused") {
  CHECK_THROWS_AS(simulation({.nodes = 0}), std::invalid_argument);
  CHECK_THROWS_AS(simulation({.nodes = 101}), std::invalid_argument);
  CHECK_THROWS_AS(simulation({.clients = 0}), std::invalid_argument);
  simulation sim;
  CHECK_THROWS_AS(sim.crash(4), std::out_of_range);
}

TEST_CASE("a node whose modules make no sense does not start, and says why") {
  simulation sim{{.nodes = 1}};
  sim.install(troupe::module<well>(), troupe::module<well>());
  CHECK_THROWS_WITH(sim.start(), Catch::Contains("installed twice"));
}

TEST_CASE("work that does not end within its limit is ended, in virtual time") {
  simulation sim{{.nodes = 1}};
  sim.install(troupe::module<well>());
  sim.start();
  const auto before = sim.now();
  auto outcome = sim.run(draw(0), 10s);
  CHECK(outcome.error().code() == status_code::deadline_exceeded);
  CHECK(sim.now() - before < 11s);
  auto asleep = sim.run(
    [](visitor& self) -> task<int> {
      co_await self.sleep_for(1h);
      co_return 7;
    },
    2h);
  CHECK(asleep == troupe::result<int>{7});
  CHECK(sim.now() > 1h);
}

TEST_CASE("exceptions and assertions leave the work for the test") {
  simulation sim{{.nodes = 1}};
  sim.start();
  CHECK_THROWS_WITH(sim.run([](visitor& self) -> task<int> {
    co_await self.sleep_for(1ms);
    throw std::runtime_error("torn");
  }),
                    "torn");
  auto broken = sim.spawn([](visitor&) -> task<> { throw std::runtime_error("at once"); });
  CHECK_THROWS_WITH(sim.join(), "at once");
  CHECK_THROWS_WITH(broken.outcome(), "at once");
}

TEST_CASE("spawned work goes on beside the test, and is joined") {
  simulation sim{{.nodes = 2}};
  sim.install_on({0}, troupe::module<well>());
  sim.start();
  int ended = 0;
  for (int i = 0; i < 3; ++i)
    sim.spawn([&ended, i](visitor& self) -> task<> {
      co_await self.sleep_for(i * 1s);
      co_await self.client<garden::Well>().draw(bucket(2));
      ++ended;
    });
  auto last = sim.spawn(draw(3));
  CHECK_FALSE(last.ended());
  CHECK(last.outcome().error().code() == status_code::aborted);
  sim.run_for(1500ms);
  CHECK(ended == 2);
  CHECK(last.outcome());
  CHECK(sim.join().ok());
  CHECK(ended == 3);
  sim.spawn(draw(10));
  sim.spawn(draw(2));
  CHECK(sim.join() == troupe::out_of_range("a bucket holds 9 litres"));
  sim.spawn([](visitor& self) -> task<> { co_await self.sleep_for(1h); });
  CHECK_THROWS_WITH(sim.join(1s), Catch::Contains("1 of 1 clients"));
}

TEST_CASE("work is aborted with its node, and none begins on a node that is off") {
  simulation sim{{.nodes = 2}};
  sim.install(troupe::module<well>());
  sim.start();
  auto here = sim.spawn_on(1, [](visitor& self) -> task<> { co_await self.sleep_for(1h); });
  sim.crash(1);
  CHECK(here.ended());
  CHECK(here.outcome().error().code() == status_code::aborted);
  CHECK(sim.join().code() == status_code::aborted);
  CHECK(sim.node_of(1) == nullptr);
  CHECK(sim.run_on(1, draw(2)).error().code() == status_code::unavailable);
  sim.restart(1);
  sim.settle();
  CHECK(sim.run_on(1, draw(2))->litres() == 2);
}

TEST_CASE("a partition parts, and heals") {
  simulation sim{{.nodes = 2}};
  sim.install_on({0}, troupe::module<well>());
  sim.start();
  const auto parted = sim.partition({sim.client()}, {0});
  auto lost = sim.run(draw(2), 20s);
  CHECK(lost.error().code() == status_code::unavailable);
  CHECK(sim.run_on(1, draw(2)));
  CHECK_FALSE(sim.together());
  sim.heal(parted);
  sim.settle();
  CHECK(sim.run(draw(2)));
  sim.partition_one_way({0}, {1});
  sim.run_for(10s);
  CHECK_FALSE(sim.together());
  sim.heal();
  sim.settle();
}

TEST_CASE("a cluster that does not come together says what is missing") {
  simulation sim{{.nodes = 2}};
  sim.start();
  sim.partition({0}, {1});
  sim.run_for(10s);
  CHECK_THROWS_WITH(sim.settle(1s), Catch::Contains("node-0 is not connected to node-1"));
}

TEST_CASE("crash, kill, stop: a node forgets, and comes back") {
  simulation sim{{.nodes = 2}};
  sim.install_on({0}, troupe::module<well>());
  sim.start();
  const auto ends = GENERATE(0, 1, 2);
  CHECK(sim.run(draw(5))->litres() == 5);
  if (ends == 0) sim.crash(0);
  if (ends == 1) sim.kill(0);
  if (ends == 2) CHECK(sim.stop(0).ok());
  CHECK_FALSE(sim.world().nodes()[0]->up());
  CHECK(sim.stop(0).ok());
  sim.restart(0);
  sim.settle();
  CHECK(sim.run(draw(5))->litres() == 5);
}

TEST_CASE("a node that stops in good order lets the calls under way end") {
  simulation sim{{.nodes = 1}};
  sim.install(troupe::module<well>());
  sim.start();
  auto waits = sim.spawn(draw(0), 5s);
  sim.run_for(1s);
  CHECK(sim.stop(0, 3s).code() == status_code::deadline_exceeded);
  CHECK(sim.world().nodes()[0]->up());
  CHECK(sim.stop(0).ok());
  CHECK(waits.ended());
}

TEST_CASE("a paused node stands still, and goes on") {
  simulation sim{{.nodes = 1}};
  sim.install(troupe::module<well>());
  sim.start();
  sim.pause(0);
  auto call = sim.spawn(draw(4));
  sim.run_for(2s);
  CHECK_FALSE(call.ended());
  sim.resume(0);
  CHECK(sim.join().ok());
  CHECK(call.outcome()->litres() == 4);
}

TEST_CASE("clocks jump and drift, and calls do not mind") {
  simulation sim{{.nodes = 2}};
  sim.install_on({0}, troupe::module<well>());
  sim.start();
  auto& world = sim.world();
  const auto off = [&](std::uint32_t number) {
    return world.nodes()[number]->surroundings().clock.wall_now() - sim.world_clock().wall_now();
  };
  CHECK(off(0) < 1s);
  sim.clock_jump(0, 1h);
  CHECK(off(0) > 59min);
  sim.clock_rate(1, 100'000);
  sim.slow_down(0, 1ms);
  CHECK(sim.run_on(1, draw(2)));
  sim.run_for(10s);
  CHECK(off(1) > 900ms);
  sim.calm();
  const auto after = off(1);
  sim.run_for(10s);
  CHECK(off(1) - after < 1ms);
}

TEST_CASE("an instance of a service crashes and is replaced") {
  simulation sim{{.nodes = 2}};
  sim.install_on({1}, troupe::module<well>());
  sim.start();
  CHECK(sim.run(draw(5))->litres() == 5);
  CHECK(sim.crash_service<garden::Well>(1).ok());
  CHECK(sim.run(draw(5))->litres() == 5);
  CHECK(sim.crash_service<garden::Well>(0).code() == status_code::not_found);
  sim.crash(1);
  CHECK(sim.crash_service<garden::Well>(1).code() == status_code::unavailable);
}

TEST_CASE("a node that ends by itself is started again, unless told otherwise") {
  const bool watched = GENERATE(true, false);
  troupe::simulation_options options{.nodes = 1};
  options.node.restart_intensity = 2;
  if (!watched) options.restart_after.reset();
  simulation sim{options};
  sim.install(troupe::module<well>());
  sim.start();
  sim.spawn([](visitor& self) -> task<> {
    for (int i = 0; i < 10; ++i) {
      co_await self.client<garden::Well>().draw(bucket(1)).as_result();
      co_await self.sleep_for(1s);
    }
  });
  const auto& on = *sim.world().nodes()[0];
  CHECK(sim.run_until([&] { return !on.up(); }, 1min));
  const bool back = sim.run_until([&] { return on.up(); }, 1min);
  CHECK(back == watched);
  CHECK(on.boots() == (watched ? 2 : 1));
}

TEST_CASE("chaos passes, and what it broke is mended") {
  simulation sim{{.nodes = 3, .seed = 5}};
  sim.install(troupe::module<well>());
  sim.start();
  sim.chaos(troupe::fault_profile::everything, 30s);
  CHECK_FALSE(sim.faults().events.empty());
  for (const auto& event : sim.faults().events)
    if (event.kind < troupe::fault_kind::partition || event.kind > troupe::fault_kind::reset)
      CHECK(std::find(event.nodes.begin(), event.nodes.end(), "client-0") == event.nodes.end());
  sim.run_for(5s);
  sim.crash(0);
  sim.pause(1);
  sim.partition({0}, {1, 2});
  sim.calm();
  CHECK(sim.now() > 30s);
  CHECK(sim.together());
  CHECK(sim.run(draw(2)));
}

TEST_CASE("a plan takes the place of what chaos would have planned") {
  troupe::fault_plan plan;
  plan.events.push_back({.at = 1s, .span = 2s, .kind = troupe::fault_kind::crash, .nodes = {"node-1"}});
  simulation sim{{.nodes = 2, .faults = plan}};
  sim.start();
  sim.chaos(troupe::fault_profile::everything, 5s);
  sim.chaos(troupe::fault_profile::everything, 5s);
  CHECK(sim.faults() == plan);
  sim.run_for(2s);
  CHECK(sim.node_of(1) == nullptr);
  sim.calm();
  CHECK(sim.world().nodes()[1]->boots() == 2);
  plan.events[0].nodes = {"node-7"};
  simulation other{{.nodes = 2}};
  CHECK_THROWS_WITH(other.chaos(plan), Catch::Contains("node-7"));
}

TEST_CASE("the same seed does the same, another one does something else") {
  const auto hash = [](std::uint64_t seed) {
    simulation sim{{.nodes = 3, .seed = seed}};
    sim.install(troupe::module<well>());
    sim.start();
    sim.chaos(troupe::fault_profile::everything, 20s);
    for (int i = 0; i < 3; ++i)
      sim.spawn([](visitor& self) -> task<> {
        for (int n = 0; n < 20; ++n) {
          co_await self.sleep_for(1s);
          co_await self.client<garden::Well>().draw(bucket(3)).as_result();
        }
      });
    sim.calm();
    CHECK(sim.join().ok());
    return sim.trace_hash();
  };
  const auto first = hash(3);
  CHECK(hash(3) == first);
  CHECK(hash(4) != first);
  CHECK(simulation{{.seed = 3}}.random("a").next() == simulation{{.seed = 3}}.random("a").next());
  CHECK(simulation{{.seed = 3}}.random("a").next() != simulation{{.seed = 4}}.random("a").next());
  CHECK(simulation{{.seed = 3}}.random("a").next() != simulation{{.seed = 3}}.random("b").next());
}

TEST_CASE("a history is stamped with the time of the world") {
  simulation sim{{.nodes = 1}};
  sim.start();
  auto history = sim.history<troupe::register_model>();
  const auto before = sim.now();
  const auto write = history.invoke(0, troupe::register_input::write("1"));
  sim.run_for(1s);
  history.complete(write, troupe::register_output::written());
  CHECK(history.operations()[0].called.time == before);
  CHECK(history.operations()[0].ended.time == before + 1s);
  CHECK(troupe::linearizable(history, troupe::register_model{}));
}

TEST_CASE("a report tells the seed, the time, what was ordered, the plan, the last events and lines") {
  simulation sim{{.nodes = 2, .seed = 99}};
  sim.install(troupe::module<well>());
  sim.start();
  sim.chaos(troupe::fault_plan{
    .events = {{.at = 1s, .span = 1s, .kind = troupe::fault_kind::pause, .nodes = {"node-1"}}}});
  sim.partition({0}, {1});
  CHECK(sim.run(draw(5)));
  const auto report = sim.report();
  for (const auto* part :
       {"seed 99", "partition between node-0 and node-1", "pause node-1", "garden.Well.Draw", "drawn"})
    CHECK_THAT(report, Catch::Contains(part));
  CHECK_THROWS_WITH(sim.check(false, "the pump works"), "the pump works");
  sim.check(true, "the pump works");
}
