// Two register services: one is linearizable, the other answers one write in eight before it is written.
#include "tests/planted_bugs/storm.hpp"

#include <catch2/catch.hpp>

TEST_CASE("the register of the ledger is linearizable") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto found = planted_bugs::question_register(seed, "");
    INFO("seed " << seed << ": " << (found ? found->what : ""));
    REQUIRE_FALSE(found);
  }
}

TEST_CASE("a linearizable and a subtly broken register are told apart") {
  constexpr std::uint64_t most_seeds = 1000;
  std::uint64_t found_by = 0;
  for (std::uint64_t seed = 1; seed <= most_seeds && found_by == 0; ++seed) {
    const auto right = planted_bugs::question_register(seed, "");
    INFO("seed " << seed << ": " << (right ? right->what : ""));
    REQUIRE_FALSE(right);
    const auto broken = planted_bugs::question_register(seed, "ledger.answers_early");
    if (!broken) continue;
    CHECK(broken->by == "linearizability");
    found_by = seed;
  }
  INFO("found by seed " << found_by);
  CHECK(found_by != 0);
}
