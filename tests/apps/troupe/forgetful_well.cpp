// A simulation that fails whenever the well's node was off: it keeps what it knows in memory.
// sim_commands_test.py has `troupe sim shrink` find that out.
#include "tests/actors/testing/simulated_garden.hpp"

using namespace simulated_garden;

TEST_CASE("a well remembers") {
  troupe::simulate({.seeds = 1, .cluster = {.nodes = 3}}, [](simulation& sim) {
    sim.install_on({0}, troupe::module<well>());
    sim.start();
    const auto before = sim.run(draw(5));
    REQUIRE(before.has_value());
    sim.chaos(troupe::fault_profile::everyday, 4min);
    sim.run_for(4min);
    sim.calm();
    const auto after = sim.run(draw(5));
    REQUIRE(after.has_value());
    CHECK(after->litres() == 10);
  });
}
