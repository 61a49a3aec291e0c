// Actors that are found by their names from other nodes, which found each other by discovery.
#include "discovery/actor_names/actor_names.hpp"
#include "tests/actors/testing/simulated_garden.hpp"

#include <caf/all.hpp>

using namespace simulated_garden;

namespace {

// A service whose actor has a helper that others find by its name, and that answers plain messages.
class gardener final : public garden::WellHandler {
  task<> on_start() override {
    auto helper = self()->spawn(
      [](caf::event_based_actor*) -> caf::behavior { return {[](int number) { return 2 * number; }}; });
    auto outcome = names()->register_actor("gardener", helper);
    if (!outcome.ok()) co_await outcome;
  }
  task<garden::Bucket> draw(const garden::Bucket& wanted) override { co_return wanted; }
};

std::size_t found(simulation& sim, std::uint32_t node, std::string_view name) {
  return sim.node_of(node)->services().names->find(name).size();
}

} // namespace

TEST_CASE("an actor is found by its name on every node, until it or its node ends") {
  troupe::simulation_options cluster;
  cluster.nodes = 4;
  cluster.discovery = true;
  troupe::simulate({.seeds = TROUPE_DISCOVERY_SEEDS, .cluster = cluster}, [](simulation& sim) {
    sim.install_on({1, 3}, troupe::module<gardener>());
    sim.start();
    for (const std::uint32_t node : {0u, 1u, 2u, 3u, sim.client()})
      CHECK(sim.run_until([&] { return found(sim, node, "gardener") == 2; }, 30s));
    CHECK(found(sim, 0, "nobody") == 0);

    // A handle from another node takes messages.
    auto answered = sim.run([](visitor& self) -> task<int> {
      const auto actor = self.names()->find_one("gardener");
      co_return co_await troupe::ask<int>(self.self(), actor, 5s, 21);
    });
    REQUIRE(answered);
    CHECK(*answered == 42);

    sim.kill(1);
    CHECK(sim.run_until([&] { return found(sim, 0, "gardener") == 1; }, 30s));
    sim.restart(1);
    CHECK(sim.run_until([&] { return found(sim, 0, "gardener") == 2; }, 30s));
    CHECK(sim.stop(3).ok());
    CHECK(sim.run_until([&] { return found(sim, 0, "gardener") == 1; }, 30s));
  });
}
