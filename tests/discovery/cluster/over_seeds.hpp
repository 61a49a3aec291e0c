// Runs a test under many seeds, some of them twice: two runs of one seed have to do the same. The environment
// decides as for troupe::simulate():
//   TROUPE_SIM_SEED=17         this seed only
//   TROUPE_SIM_SEEDS=2000      how many seeds, in place of what the test says
//   TROUPE_SIM_FIRST_SEED=101  where they begin
//   TROUPE_SIM_SHARD=1/2       the first half of them
//   TROUPE_SIM_ONCE=1          each seed once
#pragma once

#include "runtime/environment/real_environment.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

namespace troupe::cluster_test {

// Of so many seeds one runs twice.
inline constexpr std::uint64_t twice_each = 8;

struct seed_choice {
  explicit seed_choice(std::uint64_t usual) {
    const auto variables = process_variables();
    const auto number = [&](const char* name, std::uint64_t otherwise) {
      const auto found = variables.find(name);
      return found == variables.end() ? otherwise : std::stoull(found->second);
    };
    first = number("TROUPE_SIM_FIRST_SEED", 1);
    count = number("TROUPE_SIM_SEEDS", usual);
    once = number("TROUPE_SIM_ONCE", 0) != 0;
    if (const auto only = number("TROUPE_SIM_SEED", 0); only != 0) {
      first = only;
      count = 1;
    } else if (const auto found = variables.find("TROUPE_SIM_SHARD"); found != variables.end()) {
      std::size_t slash = 0;
      shard = std::stoull(found->second, &slash) - 1;
      shards = std::stoull(found->second.substr(slash + 1));
    }
  }

  bool mine(std::uint64_t seed) const { return (seed - first) % shards == shard; }

  std::uint64_t first = 1;
  std::uint64_t count = 0;
  std::uint64_t shard = 0;
  std::uint64_t shards = 1;
  bool once = false;
};

// `run(seed)` checks, and gives the hash of what has happened.
template <class Run>
void over_seeds(std::uint64_t usual, Run run) {
  const seed_choice choice{usual};
  for (auto seed = choice.first; seed < choice.first + choice.count; ++seed) {
    if (!choice.mine(seed)) continue;
    INFO("TROUPE_SIM_SEED=" << seed);
    const auto hash = run(seed);
    if (choice.once || (seed % twice_each != 0 && choice.count > 1)) continue;
    REQUIRE(run(seed) == hash);
  }
}

} // namespace troupe::cluster_test
