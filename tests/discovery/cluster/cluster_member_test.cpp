// What one cluster of members does in a simulated world: each case is one story, under a number of seeds.
#include "tests/discovery/cluster/over_seeds.hpp"
#include "tests/discovery/cluster/simulated_cluster.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

using namespace troupe;
using namespace troupe::cluster_test;

namespace {

double seconds(duration time) { return std::chrono::duration<double>(time).count(); }

// The members of a cluster that has come together.
void come_together(simulated_cluster& cluster, duration most = 10s) {
  cluster.boot_all();
  const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
  INFO(seconds(took) << " s; " << cluster.disagreement());
  REQUIRE(took < most);
}

std::size_t count(const std::vector<std::string>& of, std::string_view what) {
  return static_cast<std::size_t>(std::count(of.begin(), of.end(), what));
}

service_health health_of(const cluster_view_ptr& view, std::string_view service, std::string_view node) {
  for (const auto& place : view->services->find(service))
    if (place.node == node) return place.entry.health;
  return service_health::starting;
}

bool is_at(const cluster_view_ptr& view, std::string_view service, std::string_view node) {
  const auto& places = view->services->find(service);
  return std::any_of(places.begin(), places.end(), [&](const auto& each) { return each.node == node; });
}

} // namespace

TEST_CASE("members find each other and know what each plays") {
  const auto members = GENERATE(3, 10, 30);
  over_seeds(members == 30 ? 3 : 40, [members](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = static_cast<std::size_t>(members)}};
    cluster.boot_all();
    CHECK(cluster.view(0)->phase == cluster_phase::joining);
    CHECK(cluster.view(0)->living() == 1);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(took) << " s; " << cluster.disagreement());
    CHECK(took < 5s);
    for (std::size_t i = 0; i < cluster.size(); ++i) {
      CHECK(cluster.view(i)->phase == cluster_phase::member);
      CHECK(cluster.program(i)->snapshots_agree);
      CHECK(cluster.program(i)->events.size() >= cluster.size() - 1);
    }
    return cluster.in.trace_hash();
  });
}

TEST_CASE("the services of a member that dies go with it, and come back with it") {
  over_seeds(60, [](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = 5}};
    come_together(cluster);
    cluster.crash(4);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(took) << " s; " << cluster.disagreement());
    CHECK(took < 30s);
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(count(cluster.program(i)->events, "died n4") == 1);
      CHECK(cluster.view(i)->find("n4")->state == member_state::dead);
      CHECK_FALSE(is_at(cluster.view(i), "only.n4", "n4"));
      CHECK(cluster.program(i)->changes.back().what == registry_change::kind::vanished);
    }
    CHECK(cluster.count_lines("a member is held for dead member=n4") == 4);
    cluster.boot(4);
    const auto back = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(back) << " s; " << cluster.disagreement());
    CHECK(back < 5s);
    return cluster.in.trace_hash();
  });
}

TEST_CASE("a member that is restarted quickly takes its own place") {
  over_seeds(60, [](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = 4}};
    come_together(cluster);
    REQUIRE(cluster.member(2).publish(entry_of("of.the.first.process")).ok());
    cluster.run_until([&] { return is_at(cluster.view(0), "of.the.first.process", "n2"); }, 5s);
    cluster.restart(2);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(took) << " s; " << cluster.disagreement());
    CHECK(took < 5s);
    for (const std::size_t i : {0, 1, 3}) {
      CHECK(count(cluster.program(i)->events, "died n2") == 0);
      CHECK_FALSE(is_at(cluster.view(i), "of.the.first.process", "n2"));
    }
    return cluster.in.trace_hash();
  });
}

TEST_CASE("who leaves is known to have left, and is told when the word is out") {
  over_seeds(60, [](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = 4}};
    come_together(cluster);
    int told = 0;
    int told_again = 0;
    cluster.member(1).leave([&] { ++told; });
    cluster.in.run_for(1ms);
    CHECK(cluster.view(1)->phase == cluster_phase::leaving);
    CHECK(told == 0);
    cluster.member(1).leave([&] { ++told_again; });
    cluster.in.run_for(1ms);
    CHECK(told_again == 1);
    const auto took = cluster.run_until([&] { return told > 0; }, 60s);
    CHECK(took > 2s);
    CHECK(took < 5s);
    CHECK(cluster.view(1)->phase == cluster_phase::left);
    cluster.crash(1);
    cluster.run_until([&] { return cluster.agree(); }, 30s);
    CHECK(cluster.disagreement().empty());
    for (const std::size_t i : {0, 2, 3}) {
      CHECK(count(cluster.program(i)->events, "left n1") == 1);
      CHECK(count(cluster.program(i)->events, "died n1") == 0);
      CHECK(cluster.view(i)->find("n1")->state == member_state::left);
    }
    CHECK(told == 1);
    return cluster.in.trace_hash();
  });
}

TEST_CASE("a member alone leaves at once") {
  simulated_cluster cluster{1, {.members = 1, .seeds = 0}};
  cluster.boot_all();
  cluster.in.run_for(1s);
  bool left = false;
  cluster.member(0).leave([&] { left = true; });
  cluster.in.run_for(100ms);
  CHECK(left);
  CHECK(cluster.view(0)->phase == cluster_phase::left);
}

TEST_CASE("draining is seen by all within two seconds") {
  const auto members = GENERATE(3, 5, 9, 20);
  over_seeds(members == 20 ? 20 : 80, [members](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = static_cast<std::size_t>(members)}};
    come_together(cluster);
    // Whatever state its rumors and comparisons are in.
    cluster.in.run_for(duration{cluster.in.split("pause").between(0, duration{20s}.count())});
    cluster.member(1).set_health(service_health::draining);
    const auto took = cluster.run_until(
      [&] {
        for (std::size_t i = 0; i < cluster.size(); ++i)
          for (const auto* service : {"shop.Orders", "only.n1"})
            if (health_of(cluster.view(i), service, "n1") != service_health::draining) return false;
        return true;
      },
      60s);
    INFO(seconds(took) << " s");
    CHECK(took <= 2s);
    return cluster.in.trace_hash();
  });
}

TEST_CASE("no side of a partition loses a healthy member of its own, and 30 s after it all agree") {
  over_seeds(120, [](std::uint64_t seed) {
    auto random = random_source{seed}.split("sides");
    const auto members = 4 + static_cast<std::size_t>(random.below(6));
    simulated_cluster cluster{seed, {.members = members}};
    come_together(cluster);
    std::vector<std::size_t> sides[2];
    for (std::size_t i = 0; i < members; ++i)
      sides[i < 1 ? 0 : i < 2 ? 1 : random.below(2)].push_back(i);
    cluster.cut(sides[0], sides[1]);
    cluster.in.run_for(20s + random.below(300) * 1s);
    for (const auto& side : sides) {
      cluster.run_until([&] { return cluster.disagreement(side).empty(); }, 60s);
      CHECK(cluster.disagreement(side).empty());
    }
    // What changes on one side is to be known on the other after it.
    REQUIRE(cluster.member(0).publish(entry_of("new.on.one.side")).ok());
    cluster.member(1).withdraw("only.n1");
    cluster.in.run_for(3s);
    cluster.heal();
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(took) << " s; " << cluster.disagreement());
    CHECK(took < 30s);
    for (const auto& side : sides)
      for (const auto observer : side) {
        CHECK(is_at(cluster.view(observer), "new.on.one.side", "n0"));
        CHECK_FALSE(is_at(cluster.view(observer), "only.n1", "n1"));
        for (const auto subject : side)
          CHECK(count(cluster.program(observer)->events, "died " + cluster.at(subject).name()) == 0);
      }
    return cluster.in.trace_hash();
  });
}

TEST_CASE("a member that is not heard, or hears nobody, takes no healthy member away from the others") {
  const bool heard = GENERATE(true, false);
  over_seeds(40, [heard](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = 7}};
    come_together(cluster);
    const std::vector<std::size_t> others{0, 1, 2, 3, 4, 5};
    if (heard)
      cluster.cut(others, {6}, false);
    else
      cluster.cut({6}, others, false);
    cluster.in.run_for(2min);
    CHECK(cluster.disagreement(others).empty());
    cluster.heal();
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(took) << " s; " << cluster.disagreement());
    CHECK(took < 30s);
    for (const auto observer : others)
      for (const auto subject : others)
        CHECK(count(cluster.program(observer)->events, "died " + cluster.at(subject).name()) == 0);
    return cluster.in.trace_hash();
  });
}

TEST_CASE("of two processes of one name the younger is refused, once, and goes quiet") {
  over_seeds(60, [](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = 4, .change = [](const std::string& node, auto& options) {
                                       // A second machine that takes itself for the third.
                                       if (node == "n4") options.node = "n2";
                                       if (node == "n4") options.process = 1'000'000;
                                     }}};
    come_together(cluster);
    const auto second = cluster.add("n4");
    cluster.boot(second);
    const auto took = cluster.run_until([&] { return !cluster.program(second)->refusals.empty(); }, 30s);
    INFO(seconds(took) << " s");
    CHECK(took < 5s);
    cluster.in.run_for(20s);
    CHECK(cluster.program(second)->refusals.size() == 1);
    CHECK(cluster.program(second)->refusals.front().code() == status_code::already_exists);
    CHECK(cluster.view(second)->phase == cluster_phase::refused);
    CHECK(cluster.count_lines("an older process of this node's name is alive") == 1);
    CHECK(cluster.disagreement({0, 1, 2, 3}).empty());
    CHECK(cluster.program(2)->refusals.empty());
    // Nothing any more, not even on request.
    const auto sent = [&] {
      const auto text = cluster.program(second)->numbers.render();
      return text.substr(text.find("troupe_gossip_bytes_total{channel=\"datagram\",direction=\"sent\"}"), 80);
    };
    const auto before = sent();
    REQUIRE(cluster.member(second).publish(entry_of("never.told")).ok());
    cluster.in.run_for(60s);
    CHECK(sent() == before);
    bool left = false;
    cluster.member(second).leave([&] { left = true; });
    cluster.in.run_for(10ms);
    CHECK(left);
    CHECK(cluster.view(second)->phase == cluster_phase::refused);
    return cluster.in.trace_hash();
  });
}

TEST_CASE("clocks that jump by a day, and are wrong by an hour, disturb nobody") {
  over_seeds(40, [](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = 5}};
    for (std::size_t i = 0; i < 5; ++i)
      cluster.in.set_clock_rate(cluster.at(i), static_cast<std::int32_t>(i) * 20'000 - 40'000);
    cluster.in.jump_clock(cluster.at(3), 1h);
    come_together(cluster);
    cluster.in.jump_clock(cluster.at(1), 24h);
    cluster.in.jump_clock(cluster.at(2), -24h);
    cluster.in.run_for(60s);
    CHECK(cluster.disagreement().empty());
    cluster.in.jump_clock(cluster.at(1), -48h);
    cluster.member(2).withdraw("only.n2");
    cluster.in.run_for(60s);
    CHECK(cluster.disagreement().empty());
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(cluster.view(i)->services->find("only.n2").empty());
      CHECK(cluster.program(i)->events.size() == 4); // the others have joined
    }
    return cluster.in.trace_hash();
  });
}

TEST_CASE("a node that restarts with its calendar a day back comes back all the same") {
  over_seeds(40, [](std::uint64_t seed) {
    // The process is numbered by the calendar.
    simulated_cluster cluster{
      seed, {.members = 4, .change = [](const std::string&, auto& options) { options.process = 0; }}};
    come_together(cluster);
    cluster.in.jump_clock(cluster.at(2), -24h);
    cluster.restart(2);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 120s);
    INFO(seconds(took) << " s; " << cluster.disagreement());
    CHECK(took < 60s);
    CHECK(cluster.program(2)->refusals.empty());
    return cluster.in.trace_hash();
  });
}

TEST_CASE("who has only itself for a seed serves what it can, and says so at most once a minute") {
  simulated_cluster cluster{1, {.members = 1, .seeds = 1}};
  cluster.boot_all();
  cluster.in.run_for(1h);
  CHECK(cluster.view(0)->phase == cluster_phase::joining);
  CHECK(cluster.view(0)->seeds == 0);
  CHECK(is_at(cluster.view(0), "shop.Orders", "n0"));
  const auto said = cluster.count_lines("own address") + cluster.count_lines("alone");
  CHECK(said <= 60);
  CHECK(cluster.lines.size() <= 62);
  // And is found by whoever has it for a seed.
  const auto other = cluster.add("n1");
  cluster.boot(other);
  CHECK(cluster.run_until([&] { return cluster.agree(); }, 10s) < 5s);
}

TEST_CASE("seeds that do not answer are tried for ever, and that is said once a minute") {
  over_seeds(10, [](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = 3, .seeds = 2}};
    cluster.boot(2);
    cluster.in.run_for(1h);
    CHECK(cluster.view(2)->phase == cluster_phase::joining);
    CHECK(cluster.view(2)->seeds == 2);
    CHECK(cluster.count_lines("this node is alone") >= 58);
    CHECK(cluster.count_lines("this node is alone") <= 60);
    cluster.boot(0);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(seconds(took) << " s; " << cluster.disagreement());
    CHECK(took < 20s);
    return cluster.in.trace_hash();
  });
}
