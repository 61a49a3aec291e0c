// Whole nodes that find each other by discovery: who is there, who plays what, and where calls go.
#include "discovery/cluster/cluster_member.hpp"
#include "tests/actors/testing/simulated_garden.hpp"

#include <set>

using namespace simulated_garden;
using troupe::member_state;

namespace {

constexpr unsigned seeds = TROUPE_DISCOVERY_SEEDS;

troupe::simulation_options cluster_of(unsigned nodes) {
  troupe::simulation_options out;
  out.nodes = nodes;
  out.discovery = true;
  auto& how = out.node.discovery.emplace();
  how.membership.leave_linger = 1s;
  return out;
}

// What a node sees of all members: their states.
std::map<std::string, member_state> states(simulation& sim, std::uint32_t node) {
  std::map<std::string, member_state> out;
  for (const auto& each : sim.node_of(node)->cluster()->view()->members)
    out[each.name] = each.state;
  return out;
}

std::set<std::string> ready_places(simulation& sim, std::uint32_t node) {
  std::set<std::string> out;
  for (const auto& each : sim.node_of(node)->cluster()->services()->find("garden.Well"))
    if (each.entry.health == troupe::service_health::ready) out.insert(each.node);
  return out;
}

// Whether all nodes that are on see the same members and services, these and no other ones alive and ready.
bool all_agree(simulation& sim, unsigned nodes) {
  if (!sim.together()) return false;
  std::set<std::string> wanted;
  for (unsigned i = 0; i < nodes; ++i)
    if (sim.node_of(i) != nullptr) wanted.insert("node-" + std::to_string(i));
  for (unsigned i = 0; i < nodes; ++i) {
    if (sim.node_of(i) == nullptr) continue;
    if (ready_places(sim, i) != wanted) return false;
    for (const auto& [name, state] : states(sim, i))
      if (name.starts_with("node-") && (state == member_state::alive) != wanted.contains(name)) return false;
  }
  return true;
}

// Draws from the well every 20 ms, and counts what fails.
task<> draw_on(visitor& self, const bool& over, unsigned& drawn, std::vector<std::string>& failures) {
  while (!over) {
    auto call = self.client<garden::Well>().draw(bucket(5));
    auto outcome = co_await call.as_result();
    ++drawn;
    if (!outcome) failures.push_back(outcome.error().to_string());
    co_await self.sleep_for(20ms);
  }
}

} // namespace

TEST_CASE("nodes find each other and call what others play") {
  troupe::simulate({.seeds = seeds, .cluster = cluster_of(5)}, [](simulation& sim) {
    sim.install_on({1, 3}, troupe::module<well>());
    sim.start();
    const bool known = sim.run_until(
      [&] {
        return ready_places(sim, sim.client()) == std::set<std::string>{"node-1", "node-3"};
      },
      30s);
    CHECK(known);
    CHECK(sim.run(draw(5)));
  });
}

TEST_CASE("no idempotent call fails because its node was killed") {
  troupe::simulate({.seeds = seeds, .cluster = cluster_of(4)}, [](simulation& sim) {
    sim.install(troupe::module<well>());
    sim.start();
    REQUIRE(sim.run_until([&] { return ready_places(sim, sim.client()).size() == 4; }, 30s));
    bool over = false;
    unsigned drawn = 0;
    std::vector<std::string> failures;
    for (int i = 0; i < 4; ++i)
      sim.spawn([&](visitor& self) { return draw_on(self, over, drawn, failures); });
    sim.run_for(1s);
    sim.kill(2);
    sim.run_for(3s);
    sim.restart(2);
    CHECK(sim.run_until([&] { return all_agree(sim, 4); }, 60s));
    over = true;
    REQUIRE(sim.join().ok());
    CHECK(drawn > 100);
    CHECK(failures == std::vector<std::string>{});
  });
}

TEST_CASE("a node that is stopped is left by its callers before it ends") {
  troupe::simulate({.seeds = seeds, .cluster = cluster_of(3)}, [](simulation& sim) {
    sim.install(troupe::module<well>());
    sim.start();
    REQUIRE(sim.run_until([&] { return ready_places(sim, sim.client()).size() == 3; }, 30s));
    bool over = false;
    unsigned drawn = 0;
    std::vector<std::string> failures;
    for (int i = 0; i < 4; ++i)
      sim.spawn([&](visitor& self) { return draw_on(self, over, drawn, failures); });
    sim.run_for(1s);
    sim.node_of(1)->drain(true);
    CHECK(sim.run_until([&] { return ready_places(sim, sim.client()).size() == 2; }, 5s));
    CHECK(sim.stop(1).ok());
    CHECK(sim.run_until([&] { return states(sim, sim.client())["node-1"] == member_state::left; }, 5s));
    over = true;
    REQUIRE(sim.join().ok());
    CHECK(failures == std::vector<std::string>{});
  });
}

TEST_CASE("after all faults all nodes agree within 30 s, who is there and who plays what") {
  troupe::simulate({.seeds = 3 * seeds, .cluster = cluster_of(5)}, [](simulation& sim) {
    sim.install(troupe::module<well>());
    sim.start();
    sim.chaos(troupe::fault_profile::everything, 60s);
    sim.calm();
    CHECK(sim.run_until([&] { return all_agree(sim, 5); }, 30s));
    CHECK(sim.run(draw(5)));
  });
}

TEST_CASE("neither side of a partition holds its own members for dead, and it heals") {
  troupe::simulate({.seeds = seeds, .cluster = cluster_of(5)}, [](simulation& sim) {
    sim.install(troupe::module<well>());
    sim.start();
    REQUIRE(sim.run_until([&] { return all_agree(sim, 5); }, 30s));
    sim.partition({0, 1}, {2, 3, 4, sim.client()});
    const auto end = sim.now() + 5min;
    while (sim.now() < end) {
      sim.run_for(1s);
      for (const auto& side : {std::vector<std::uint32_t>{0, 1}, std::vector<std::uint32_t>{2, 3, 4}})
        for (const auto one : side)
          for (const auto other : side)
            CHECK(states(sim, one)["node-" + std::to_string(other)] != member_state::dead);
    }
    CHECK(states(sim, 0)["node-3"] == member_state::dead);
    CHECK(states(sim, 3)["node-0"] == member_state::dead);
    sim.heal();
    CHECK(sim.run_until([&] { return all_agree(sim, 5); }, 30s));
  });
}

TEST_CASE("the smaller side of a partition ends, is started anew or goes on, as the policy says") {
  using troupe::split_brain_loss;
  const auto loss = GENERATE(split_brain_loss::leave, split_brain_loss::restart, split_brain_loss::read_only);
  auto options = cluster_of(5);
  auto& policy = options.node.discovery->split_brain.emplace();
  policy.rules.strategy = troupe::split_brain_strategy::keep_majority;
  policy.loss = loss;
  troupe::simulate({.seeds = seeds, .cluster = options}, [loss](simulation& sim) {
    sim.install(troupe::module<well>());
    sim.start();
    REQUIRE(sim.run_until([&] { return all_agree(sim, 5); }, 30s));
    const auto boots = [&](std::uint32_t node) { return sim.world().nodes()[node]->boots(); };
    sim.partition({0, 1}, {2, 3, 4, sim.client()});
    sim.run_for(3min);
    for (const std::uint32_t lost : {0u, 1u}) {
      CHECK((sim.node_of(lost) == nullptr) == (loss == split_brain_loss::leave));
      CHECK((boots(lost) > 1) == (loss == split_brain_loss::restart));
      if (loss != split_brain_loss::read_only) continue;
      const auto decided = sim.node_of(lost)->cluster()->view()->decision;
      CHECK((decided && !decided->stays));
    }
    for (const std::uint32_t kept : {2u, 3u, 4u})
      CHECK((sim.node_of(kept) != nullptr && boots(kept) == 1));
    sim.heal();
    CHECK(sim.run_until([&] { return all_agree(sim, 5); }, 60s));
  });
}
