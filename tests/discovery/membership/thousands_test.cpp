// Whole clusters of many members that begin at once. How long they take is virtual time; what each sends
// meanwhile has bounds that do not come from how many they are, but for the seeds, whom all ask for the
// table.
#include "virtual_cluster.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::membership_test;

namespace {

constexpr std::size_t members = TROUPE_MANY_MEMBERS;
constexpr std::size_t seeds = 3;
// 1,000 needed 9 s; all news has to go through datagrams of a bounded size, so it grows with their number.
constexpr duration longest = members <= 1'000 ? 20s : 45s;
// A table of all, as a seed sends it to each who joins: bytes of each record in it, with room for asking
// twice.
constexpr std::uint64_t table_bytes = 2 * 100 * members;

double seconds(duration time) { return std::chrono::duration<double>(time).count(); }

// What gossip may send at most, full datagrams to all it turns to, is far more than it needs.
std::uint64_t gossip_bytes_in(duration span) {
  const membership_settings settings;
  const auto a_second = settings.packet_bytes * settings.gossip_fan_out * 1s / settings.gossip_interval;
  return static_cast<std::uint64_t>(seconds(span) * static_cast<double>(a_second));
}

void check_bytes(virtual_cluster& cluster, duration since_start) {
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    const auto sent = cluster.core(i).counters().bytes_sent;
    INFO("member " << i << " sent " << sent << " bytes in " << seconds(since_start) << " s");
    CHECK(sent < (i < seeds ? members : 2) * table_bytes + gossip_bytes_in(since_start));
  }
}

void begin_all(virtual_cluster& cluster) {
  const auto died = cluster.count(member_event_kind::died);
  const auto took = cluster.run_until([&] { return cluster.agree(); }, 2min, 1s);
  INFO("agreed after " << seconds(took) << " s");
  CHECK(took <= longest);
  check_bytes(cluster, took);
  CHECK(cluster.count(member_event_kind::died) == died);
  CHECK(cluster.count(member_event_kind::name_conflict) == 0);
}

} // namespace

TEST_CASE(
  "thousands of members that start at once with three seeds converge, and again when all are restarted") {
  virtual_cluster cluster{{.loss = 0.01, .seeds = seeds}};
  cluster.add_many(members);
  begin_all(cluster);
  cluster.run_for(15s);
  REQUIRE(cluster.agree());
  for (std::size_t i = 0; i < members; ++i)
    cluster.crash(i);
  for (std::size_t i = 0; i < members; ++i)
    cluster.restart(i);
  begin_all(cluster);
  // And they stay together.
  cluster.run_for(20s);
  CHECK(cluster.agree());
  CHECK(cluster.count(member_event_kind::died) == 0);
}
