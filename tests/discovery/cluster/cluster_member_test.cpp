// What one cluster of members does in a simulated world: each case is one story, under a few seeds.
#include "tests/discovery/cluster/over_seeds.hpp"
#include "tests/discovery/cluster/simulated_cluster.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::cluster_test;

namespace {

double seconds(duration time) { return std::chrono::duration<double>(time).count(); }

} // namespace

TEST_CASE("three members find each other and know what each plays") {
  over_seeds(5, [](std::uint64_t seed) {
    simulated_cluster cluster{seed, {}};
    cluster.boot_all();
    CHECK(cluster.view(0)->phase == cluster_phase::joining);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(took) << " s; " << cluster.disagreement());
    CHECK(took < 5s);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(cluster.view(i)->phase == cluster_phase::member);
      CHECK(cluster.program(i)->snapshots_agree);
    }
    return cluster.in.trace_hash();
  });
}
