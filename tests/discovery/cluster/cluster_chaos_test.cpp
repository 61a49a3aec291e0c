// Clusters of members under faults that chance plans: crashes, restarts, pauses, partitions, loss, delay,
// duplication, reordering, broken streams, wrong clocks and failing disks. Once all that is over, every view
// and every registry has to be the same within 30 s.
#include "tests/discovery/cluster/over_seeds.hpp"
#include "tests/discovery/cluster/simulated_cluster.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::cluster_test;

namespace {

// Some have many members, some one seed only, and some remember whom they knew.
cluster_options options_of(std::uint64_t seed) {
  auto random = random_source{seed}.split("chaos");
  cluster_options out;
  out.members = seed % 20 == 0 ? 10 : 3 + static_cast<std::size_t>(random.below(3));
  out.seeds = 1 + static_cast<std::size_t>(random.below(2));
  out.keeps_state = random.chance(0.5);
  return out;
}

std::uint64_t run(std::uint64_t seed, fault_profile profile, duration horizon) {
  simulated_cluster cluster{seed, options_of(seed)};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < cluster.size(); ++i)
    names.push_back(cluster.at(i).name());
  cluster.boot_all();
  const auto plan = plan_faults(profile, seed, names, horizon);
  INFO(to_text(plan));
  REQUIRE(run_faults(cluster.in, plan).ok());
  // Somebody changes what he plays, all the time.
  auto random = cluster.in.split("changes");
  for (duration at{}; at < horizon; at += 2s) {
    cluster.in.run_for(2s);
    const auto index = static_cast<std::size_t>(random.below(cluster.size()));
    if (!cluster.at(index).up()) continue;
    auto& member = cluster.member(index);
    auto entry = entry_of("some." + std::to_string(random.below(3)));
    if (random.chance(0.3))
      member.withdraw(entry.service);
    else if (random.chance(0.3))
      member.set_health(random.chance(0.5) ? service_health::draining : service_health::ready);
    else
      REQUIRE(member.publish(std::move(entry)).ok());
  }
  cluster.in.run_for(1ms);
  for (std::size_t i = 0; i < cluster.size(); ++i)
    cluster.boot(i);
  cluster.run_until([&] { return cluster.agree(); }, 30s);
  INFO(cluster.disagreement());
  REQUIRE(cluster.agree());
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    CHECK(cluster.program(i)->refusals.empty());
    CHECK(cluster.program(i)->snapshots_agree);
  }
  return cluster.in.trace_hash();
}

} // namespace

TEST_CASE("after a bad week in minutes all agree within 30 s") {
  over_seeds(TROUPE_CLUSTER_SEEDS,
             [](std::uint64_t seed) { return run(seed, fault_profile::everyday, 40s); });
}

TEST_CASE("after everything that can go wrong has, all agree within 30 s") {
  over_seeds(TROUPE_CLUSTER_SEEDS,
             [](std::uint64_t seed) { return run(seed, fault_profile::everything, 40s); });
}
