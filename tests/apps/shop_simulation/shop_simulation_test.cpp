// The shop under every fault there is.
#include "tests/apps/shop_simulation/shop_cluster.hpp"

using namespace shop_simulation;

TEST_CASE("the shop sells what was paid for, in calm weather") {
  troupe::simulate({.seeds = 20, .cluster = shop_options()},
                   [](simulation& sim) { live_through(sim, troupe::fault_profile::none, 30s); });
}

TEST_CASE("the shop keeps its books under everyday faults") {
  troupe::simulate({.seeds = TROUPE_SHOP_SEEDS / 4, .cluster = shop_options()},
                   [](simulation& sim) { live_through(sim, troupe::fault_profile::everyday, 60s); });
}

TEST_CASE("the shop keeps its books under all faults") {
  troupe::simulate({.seeds = TROUPE_SHOP_SEEDS * 3 / 4, .cluster = shop_options()},
                   [](simulation& sim) { live_through(sim, troupe::fault_profile::everything, 60s); });
}

TEST_CASE("the shop keeps its books under all faults while its nodes find each other") {
  troupe::simulate({.seeds = TROUPE_SHOP_SEEDS / 4, .cluster = discovered_shop_options()},
                   [](simulation& sim) { live_through(sim, troupe::fault_profile::everything, 60s); });
}

// Where services keep what they know, more can be asked of their books.
TEST_CASE("the shop keeps its books under all faults while some keep their memory") {
  const auto who = GENERATE(forgetful::nobody, forgetful::orders, forgetful::all_but_orders);
  troupe::simulate({.seeds = TROUPE_SHOP_SEEDS / 4, .cluster = shop_options()}, [who](simulation& sim) {
    live_through(sim, troupe::fault_profile::everything, 60s, who);
  });
}
