// Simulations that fail on purpose: simulate_test.py looks at how that is reported.
#include "runtime/probe/probe.hpp"
#include "simulated_garden.hpp"

#include <iostream>

using namespace simulated_garden;

namespace {

void draw_some(simulation& sim) {
  sim.install_on({0}, troupe::module<well>());
  sim.start();
  sim.chaos(troupe::fault_profile::everything, 10s);
  sim.run(draw(5));
  sim.calm();
  sim.run(draw(5));
}

} // namespace

TEST_CASE("passes") {
  troupe::simulate({.seeds = 3, .cluster = {.nodes = 2}}, [](simulation& sim) {
    draw_some(sim);
    CHECK(sim.together());
    std::cout << "[ran] " << sim.seed() << std::endl;
  });
}

TEST_CASE("fails with a CHECK") {
  troupe::simulate({.seeds = 5, .cluster = {.nodes = 2}}, [](simulation& sim) {
    draw_some(sim);
    CHECK(sim.seed() != 3);
    sim.run_for(100s); // not in the report: it is of the moment of the failure
    std::cout << "[ran] " << sim.seed() << std::endl;
  });
}

TEST_CASE("fails with a REQUIRE in a client's work") {
  troupe::simulate({.seeds = 5, .cluster = {.nodes = 2}}, [](simulation& sim) {
    draw_some(sim);
    sim.run([&](visitor& self) -> task<> {
      co_await self.sleep_for(1s);
      REQUIRE(sim.seed() < 2);
    });
  });
}

TEST_CASE("fails with an exception") {
  troupe::simulate({.seeds = 5}, [](simulation& sim) { sim.check(false, "the sky is green"); });
}

TEST_CASE("fails by a property that must always hold") {
  troupe::simulate({.seeds = 5}, [](simulation& sim) {
    sim.start();
    TROUPE_ALWAYS(sim.seed() != 2, "the seed is not two");
    TROUPE_SOMETIMES(sim.seed() == 77, "the seed is seventy-seven");
  });
}

TEST_CASE("fails by a planted bug") {
  troupe::simulate({.seeds = 2}, [](simulation& sim) {
    sim.start();
    CHECK_FALSE(TROUPE_PLANTED_BUG("test.bug"));
  });
}

TEST_CASE("fails by being different each time") {
  static int runs = 0;
  troupe::simulate({.seeds = 2, .cluster = {.nodes = 2}}, [](simulation& sim) {
    draw_some(sim);
    sim.run_for((++runs % 2) * 1ms);
    sim.run(draw(2));
  });
}

TEST_CASE("fails by looping for ever") {
  troupe::simulate({.seeds = 5}, [](simulation& sim) {
    sim.start();
    while (sim.seed() == 3 && sim.random("never").below(1) == 0) {
    }
  });
}

TEST_CASE("prints its plan") {
  troupe::simulate({.seeds = 1, .cluster = {.nodes = 2}}, [](simulation& sim) {
    draw_some(sim);
    std::cout << "[plan] " << sim.faults().events.size() << " " << sim.trace_hash() << std::endl;
  });
}
