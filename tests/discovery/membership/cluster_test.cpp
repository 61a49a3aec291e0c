// What a whole cluster of membership cores does, over many seeds; each seed twice, with the same outcome.
#include "virtual_cluster.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::membership_test;

namespace {

// `scenario(cluster)` checks; both runs of a seed have to do the same, packet by packet.
template <class Scenario>
void over_seeds(std::uint64_t seeds, network_options options, Scenario scenario) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    INFO("seed " << seed);
    options.seed = seed;
    std::uint64_t hashes[2] = {};
    for (auto& hash : hashes) {
      virtual_cluster cluster{options};
      scenario(cluster);
      hash = cluster.hash();
    }
    CHECK(hashes[0] == hashes[1]);
  }
}

double seconds(duration time) { return std::chrono::duration<double>(time).count(); }

} // namespace

TEST_CASE("members that start together find each other") {
  const auto [members, seeds] =
    GENERATE(table<std::size_t, std::uint64_t>({{3, 20}, {10, 10}, {30, 4}, {100, 1}}));
  INFO(members << " members");
  over_seeds(seeds, {.loss = 0.01}, [members = members](virtual_cluster& cluster) {
    cluster.add_many(members);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(took) << " s");
    CHECK(took < 10s);
    CHECK(cluster.count(member_event_kind::died) == 0);
  });
}

TEST_CASE("a crash is known to all within the bounds of the protocol") {
  over_seeds(10, {.loss = 0.01}, [](virtual_cluster& cluster) {
    cluster.add_many(10);
    cluster.run_for(10s);
    REQUIRE(cluster.agree());
    cluster.crash(4);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 120s);
    INFO(seconds(took) << " s");
    // The shortest suspicion is 5 s, once three others agree; each member probes each of 9 once in 9 s or so.
    CHECK(took > 5s);
    CHECK(took < 25s);
    CHECK(cluster.count(member_event_kind::died) == 9);
    CHECK(cluster.count(member_event_kind::died, virtual_cluster::name_of(4)) == 9);
  });
}

TEST_CASE("nobody healthy is held for dead in an hour of 5% loss") {
  over_seeds(1, {.loss = 0.05}, [](virtual_cluster& cluster) {
    cluster.add_many(20);
    cluster.run_for(1h);
    CHECK(cluster.count(member_event_kind::died) == 0);
    cluster.run_until([&] { return cluster.agree(); }, 10s);
    CHECK(cluster.agree());
  });
}

TEST_CASE("a partition heals within 30 s of its end, however long it was") {
  struct shape {
    std::size_t members;
    std::size_t apart;
    duration length;
    std::uint64_t seeds;
  };
  // Three hours are more than the time for which others are told of the dead.
  const auto shape = GENERATE(values<struct shape>({{2, 1, 10min, 20},
                                                    {4, 2, 10min, 10},
                                                    {10, 5, 10min, 5},
                                                    {20, 1, 10min, 3},
                                                    {20, 10, 10min, 3},
                                                    {2, 1, 3h, 5},
                                                    {6, 2, 3h, 3}}));
  INFO(shape.apart << " of " << shape.members << " apart for " << seconds(shape.length) << " s");
  over_seeds(shape.seeds, {.loss = 0.01}, [&shape](virtual_cluster& cluster) {
    cluster.add_many(shape.members + 2);
    cluster.run_for(20s);
    REQUIRE(cluster.agree());
    // Those who were everyone's seeds are gone for good: no seed brings the sides together.
    cluster.crash(0);
    cluster.crash(1);
    cluster.run_until([&] { return cluster.agree(); }, 120s);
    const auto first = 2 + shape.members - shape.apart;
    cluster.cut([first](std::size_t from, std::size_t to) { return (from < first) != (to < first); });
    cluster.run_for(shape.length);
    for (std::size_t i = 2; i < cluster.size(); ++i)
      CHECK(cluster.core(i).living() == (i < first ? first - 2 : shape.apart));
    const auto died = cluster.count(member_event_kind::died);
    cluster.heal();
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 120s);
    INFO(seconds(took) << " s");
    CHECK(took < 30s);
    cluster.run_for(60s);
    CHECK(cluster.count(member_event_kind::died) == died);
  });
}

TEST_CASE("what gossip does not tell, comparing tables does") {
  // Each rumor once: many members miss it.
  network_options options{.loss = 0.5};
  options.settings.retransmit = 1;
  options.settings.gossip_fan_out = 1;
  options.settings.push_pull_interval = 2s;
  over_seeds(5, options, [](virtual_cluster& cluster) {
    cluster.add_many(30);
    cluster.run_for(60s);
    member_metadata metadata;
    metadata.zone = "elsewhere";
    REQUIRE(cluster.core(7).update_metadata(monotonic_time{cluster.now()}, metadata).ok());
    const auto all_know = [&] {
      for (std::size_t i = 0; i < cluster.size(); ++i) {
        if (cluster.core(i).find("n007")->metadata.zone != "elsewhere") return false;
      }
      return true;
    };
    const auto took = cluster.run_until(all_know, 120s);
    INFO(seconds(took) << " s");
    CHECK(took < 60s);
  });
}

TEST_CASE("what a member sends does not depend on how many there are") {
  std::vector<double> bytes;
  for (const std::size_t members : {10, 100, 300}) {
    virtual_cluster cluster{{.loss = 0.01}};
    cluster.add_many(members);
    cluster.run_for(60s);
    const auto sent = [&] {
      double sum = 0;
      for (std::size_t i = 0; i < members; ++i)
        sum += static_cast<double>(cluster.core(i).counters().bytes_sent);
      return sum / static_cast<double>(members);
    };
    const auto before = sent();
    cluster.run_for(300s);
    bytes.push_back((sent() - before) / 300);
  }
  INFO(bytes[0] << ", " << bytes[1] << ", " << bytes[2] << " bytes a second");
  CHECK(bytes[1] < 1.2 * bytes[0]);
  CHECK(bytes[2] < 1.2 * bytes[0]);
}

TEST_CASE("who leaves is known to all as left, not as dead") {
  over_seeds(10, {.loss = 0.05}, [](virtual_cluster& cluster) {
    cluster.add_many(10);
    cluster.run_for(10s);
    REQUIRE(cluster.agree());
    cluster.leave(3);
    const auto took = cluster.run_until([&] { return cluster.count(member_event_kind::left) == 9; }, 60s);
    INFO(seconds(took) << " s");
    // Rumors reach nearly all in a second or two; who missed all of them hears it as soon as it suspects.
    CHECK(took < 20s);
    cluster.run_for(60s);
    CHECK(cluster.core(3).phase() == membership_phase::stopped);
    for (std::size_t i = 0; i < 10; ++i) {
      if (i != 3) CHECK(cluster.state(i, 3) == member_state::left);
    }
    CHECK(cluster.count(member_event_kind::died) == 0);
    CHECK(cluster.count(member_event_kind::left) == 9);
  });
}

TEST_CASE("a restart of the same name takes the place of the old process") {
  over_seeds(10, {.loss = 0.01}, [](virtual_cluster& cluster) {
    cluster.add_many(8);
    cluster.run_for(10s);
    cluster.crash(5);
    cluster.run_for(300ms);
    cluster.restart(5);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(took) << " s");
    CHECK(took < 3s);
    CHECK(cluster.count(member_event_kind::restarted) == 7);
    CHECK(cluster.count(member_event_kind::died) == 0);
    CHECK(cluster.count(member_event_kind::name_conflict) == 0);
  });
}

TEST_CASE("of two live processes with one name the younger refuses to run") {
  over_seeds(10, {.loss = 0.01}, [](virtual_cluster& cluster) {
    cluster.add_many(6);
    cluster.run_for(10s);
    const auto younger = cluster.add("n003", 2);
    const auto took = cluster.run_until([&] { return cluster.core(younger).refused(); }, 30s);
    INFO(seconds(took) << " s");
    CHECK(took < 5s);
    const auto settled = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO("settled after " << seconds(settled) << " s");
    CHECK(settled < 5s);
    cluster.run_for(10s);
    CHECK(cluster.core(younger).phase() == membership_phase::stopped);
    CHECK(cluster.running(3));
    CHECK(cluster.count(member_event_kind::name_conflict) == 1);
    const bool agreed = cluster.agree();
    CHECK(agreed);
    for (std::size_t i = 0; i < 6; ++i) {
      INFO(i);
      CHECK(cluster.core(i).find("n003")->process == cluster.core(3).self().process);
      CHECK(cluster.core(i).find("n003")->state == member_state::alive);
    }
  });
}

TEST_CASE("a node that is started again with its clock behind outlives its earlier processes") {
  over_seeds(20, {.loss = 0.01}, [](virtual_cluster& cluster) {
    cluster.add_many(6);
    cluster.run_for(10s);
    std::size_t node = 3;
    for (const std::uint64_t process : {500, 200, 300, 100}) {
      // Killed, or told to leave; missed already, or not.
      if (process % 200 == 0)
        cluster.leave(node);
      else
        cluster.crash(node);
      if (process != 300) cluster.run_for(1min);
      if (cluster.running(node)) cluster.crash(node);
      node = cluster.add("n003", process);
      const auto took = cluster.run_until([&] { return cluster.agree(); }, 2min);
      INFO(process << " after " << seconds(took) << " s");
      CHECK(took < 1min);
      REQUIRE(cluster.core(node).phase() == membership_phase::running);
      CHECK(cluster.core(0).find("n003")->state == member_state::alive);
      CHECK(cluster.core(0).find("n003")->process == cluster.core(node).self().process);
    }
  });
}

TEST_CASE("a name is taken back when the younger process crashes before it has yielded") {
  over_seeds(10, {.loss = 0.01}, [](virtual_cluster& cluster) {
    cluster.add_many(6);
    cluster.run_for(10s);
    // The older cannot reach it, and nobody it.
    const auto younger = cluster.add("n003", 2);
    cluster.cut([=](std::size_t from, std::size_t to) { return to == younger && from != 0 && from != 1; });
    cluster.run_for(2ms);
    cluster.cut([=](std::size_t, std::size_t to) { return to == younger; });
    cluster.run_for(1s);
    cluster.crash(younger);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 120s);
    INFO(seconds(took) << " s");
    CHECK(took < 40s);
    for (std::size_t i = 0; i < 6; ++i)
      CHECK(cluster.core(i).find("n003")->process == cluster.core(3).self().process);
    CHECK(cluster.running(3));
  });
}

TEST_CASE("a member that is not heard, or does not hear, evicts nobody else") {
  const std::string_view how = GENERATE("not heard", "not hearing", "hears two only", "heard by two only");
  INFO(how);
  over_seeds(5, {.loss = 0.01}, [how](virtual_cluster& cluster) {
    cluster.add_many(12);
    cluster.run_for(15s);
    REQUIRE(cluster.agree());
    cluster.cut([how](std::size_t from, std::size_t to) {
      if (how == "not heard") return from == 7;
      if (how == "not hearing") return to == 7;
      if (how == "hears two only") return to == 7 && from > 1;
      return from == 7 && to > 1;
    });
    cluster.run_for(5min);
    cluster.heal();
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 120s);
    INFO(seconds(took) << " s");
    CHECK(took < 30s);
    cluster.run_for(60s);
    for (const auto& one : cluster.events()) {
      if (one.kind != member_event_kind::died || one.observer == 7) continue;
      INFO(one.observer << " held " << one.name << " for dead at " << seconds(one.at));
      CHECK(one.name == "n007");
    }
  });
}

TEST_CASE("where datagrams are blocked, probes by stream keep the cluster together") {
  over_seeds(3, {}, [](virtual_cluster& cluster) {
    cluster.add_many(6);
    cluster.run_for(10s);
    cluster.block_datagrams(true);
    cluster.run_for(5min);
    CHECK(cluster.count(member_event_kind::died) == 0);
    CHECK(cluster.core(2).counters().stream_acks > 50);
  });
}

TEST_CASE("members with slow spells accuse few of the healthy") {
  // Lifeguard, section V: concurrent slow members, here 4 of 24, each standing still for 10 s at a time.
  over_seeds(2, {}, [](virtual_cluster& cluster) {
    cluster.add_many(24);
    cluster.run_for(15s);
    for (int round = 0; round < 5; ++round) {
      for (std::size_t slow = 2; slow < 6; ++slow)
        cluster.stand_still(slow, 10s);
      cluster.run_for(20s);
    }
    for (const auto& one : cluster.events()) {
      if (one.kind != member_event_kind::died) continue;
      INFO(one.observer << " held " << one.name << " for dead at " << seconds(one.at));
      CHECK((one.name >= "n002" && one.name <= "n005"));
    }
    CHECK(cluster.run_until([&] { return cluster.agree(); }, 60s) < 30s);
  });
}

TEST_CASE("all members restarted at once converge") {
  over_seeds(1, {.loss = 0.01}, [](virtual_cluster& cluster) {
    cluster.add_many(60);
    cluster.run_for(15s);
    REQUIRE(cluster.agree());
    for (std::size_t i = 0; i < 60; ++i)
      cluster.crash(i);
    for (std::size_t i = 0; i < 60; ++i)
      cluster.restart(i);
    CHECK(cluster.run_until([&] { return cluster.agree(); }, 60s) < 15s);
    CHECK(cluster.count(member_event_kind::name_conflict) == 0);
  });
}
