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
  troupe::simulate({.seeds = TROUPE_SHOP_SEEDS, .cluster = shop_options()},
                   [](simulation& sim) { live_through(sim, troupe::fault_profile::everything, 60s); });
}
