// What a cluster's member offers to its host, in a simulated world: records, seeds, load, snapshots, numbers.
#include "tests/discovery/cluster/over_seeds.hpp"
#include "tests/discovery/cluster/simulated_cluster.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

using namespace troupe;
using namespace troupe::cluster_test;
using Catch::Matchers::Contains;

namespace {

struct nobody final : cluster_listener {
  void on_member(const member_event&) override {}
  void on_services(const std::vector<registry_change>&, const registry_snapshot_ptr&) override {}
  void on_refused(const status&) override {}
  void on_split_brain(const split_brain_decision&, split_brain_loss) override {}
};

// Together and at rest.
void come_together(simulated_cluster& cluster) {
  cluster.boot_all();
  cluster.in.run_for(30s);
  REQUIRE(cluster.disagreement().empty());
}

std::uint32_t load_of(const cluster_view_ptr& view, std::string_view service, std::string_view node) {
  for (const auto& place : view->services->find(service))
    if (place.node == node) return place.entry.load;
  return 0;
}

double metric(cluster_node& of, const std::string& series) {
  const auto text = of.numbers.render();
  const auto at = text.find("\n" + series + " ");
  REQUIRE(at != std::string::npos);
  return std::stod(text.substr(at + series.size() + 2));
}

status why_not(simulated_cluster& in, const std::function<void(cluster_member_options&)>& change) {
  nobody listener;
  status outcome;
  auto& node = in.in.add_node("wrong", [&](simulated_node& on) -> std::unique_ptr<simulated_program> {
    cluster_member_options options;
    options.node = "wrong";
    options.transport.listen = {on.address(), 7401};
    options.transport.trusted_network = true;
    change(options);
    outcome = status_of(cluster_member::start(options, on.surroundings(), listener, nullptr, nullptr));
    return nullptr;
  });
  in.in.boot(node);
  in.in.run_for(1s);
  return outcome;
}

} // namespace

TEST_CASE("metadata is told to all, and a record that would get too large stays as it was") {
  simulated_cluster cluster{3, {.members = 3}};
  come_together(cluster);
  REQUIRE(cluster.member(0).set_metadata({.zone = "north", .roles = {"front"}, .capacity = 8}).ok());
  REQUIRE(cluster.member(0).set_metadata_value("admin", "10.0.0.1:9000").ok());
  const auto seen = [&] { return cluster.view(2)->find("n0")->metadata; };
  CHECK(cluster.run_until([&] { return seen().values.contains("admin"); }, 10s) < 3s);
  CHECK(seen().zone == "north");
  CHECK(seen().capacity == 8);
  CHECK(cluster.view(0)->self.metadata == seen());
  const auto refused = cluster.member(0).set_metadata_value("story", std::string(1'000, 'x'));
  CHECK(refused.code() == status_code::invalid_argument);
  const auto before = cluster.view(0)->self.incarnation;
  REQUIRE(cluster.member(0).set_metadata_value("admin", "10.0.0.1:9000").ok());
  cluster.in.run_for(5s);
  CHECK(cluster.view(0)->self.incarnation == before);
  CHECK_FALSE(seen().values.contains("story"));
}

TEST_CASE("what may not be published is refused at once") {
  simulated_cluster cluster{1, {.members = 1, .member = {.limits = {.services_per_node = 4}}}};
  cluster.boot_all();
  auto& member = cluster.member(0);
  CHECK(member.publish(entry_of("")).code() == status_code::invalid_argument);
  auto large = entry_of("large");
  large.metadata["x"] = std::string(2'000, 'x');
  CHECK(member.publish(large).code() == status_code::invalid_argument);
  CHECK(member.publish(entry_of("a")).ok());
  CHECK(member.publish(entry_of("b")).ok());
  CHECK(member.publish(entry_of("c")).code() == status_code::resource_exhausted);
  CHECK(member.publish(entry_of("b", service_health::unhealthy)).ok());
  cluster.in.run_for(1ms);
  CHECK(cluster.view(0)->services->services().size() == 4);
}

TEST_CASE("the order of one caller's words is kept") {
  simulated_cluster cluster{1, {.members = 2}};
  come_together(cluster);
  auto& member = cluster.member(0);
  member.withdraw("shop.Orders");
  CHECK(member.publish(entry_of("late")).ok());
  member.set_health(service_health::draining);
  CHECK(member.publish(entry_of("shop.Orders")).ok());
  member.withdraw("late");
  cluster.in.run_for(2s);
  const auto& places = cluster.view(1)->services->find("shop.Orders");
  REQUIRE(places.size() == 2);
  CHECK(places[0].entry.health == service_health::ready);
  CHECK(cluster.view(1)->services->find("only.n0").front().entry.health == service_health::draining);
  CHECK(cluster.view(1)->services->find("late").empty());
}

TEST_CASE("load is told when it has changed much, and every ten seconds at most") {
  simulated_cluster cluster{5, {.members = 3}};
  come_together(cluster);
  const auto seen = [&] { return load_of(cluster.view(2), "shop.Orders", "n0"); };
  cluster.member(0).set_load("shop.Orders", 5);
  CHECK(cluster.run_until([&] { return seen() == 5; }, 10s) < 2s);
  cluster.program(2)->changes.clear();
  // The same power of two, for a minute.
  for (int i = 0; i < 600; ++i) {
    cluster.member(0).set_load("shop.Orders", 4 + static_cast<std::uint32_t>(i % 4));
    cluster.in.run_for(100ms);
  }
  CHECK(cluster.program(2)->changes.empty());
  // All over the place, for a minute.
  for (int i = 0; i < 600; ++i) {
    cluster.member(0).set_load("shop.Orders", i % 2 == 0 ? 1'000 : 0);
    cluster.in.run_for(100ms);
  }
  CHECK(cluster.program(2)->changes.size() >= 4);
  CHECK(cluster.program(2)->changes.size() <= 7);
  cluster.member(0).set_load("shop.Orders", 77);
  CHECK(cluster.run_until([&] { return seen() == 77; }, 60s) < 12s);
  // With anything else that is told, at once.
  REQUIRE(cluster.member(0).publish(entry_of("shop.Orders", service_health::unhealthy)).ok());
  cluster.in.run_for(2s);
  CHECK(seen() == 77);
  cluster.member(0).set_load("nobody.plays.it", 9);
}

TEST_CASE("seeds that are added bring two clusters together") {
  over_seeds(20, [](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = 6, .change = [](const std::string& node, auto& options) {
                                       // The last three know only the fourth.
                                       if (node < "n3") return;
                                       options.seeds.entries = {parse_seed_entry("10.0.0.4:7401").value()};
                                     }}};
    cluster.boot_all();
    cluster.in.run_for(20s);
    REQUIRE(cluster.disagreement({0, 1, 2}).empty());
    REQUIRE(cluster.disagreement({3, 4, 5}).empty());
    REQUIRE(cluster.member(5).add_seeds({parse_seed_entry("10.0.0.2:7401").value()}).ok());
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    INFO(std::chrono::duration<double>(took).count() << " s; " << cluster.disagreement());
    CHECK(took < 10s);
    std::vector<seed_entry> many;
    for (int port = 1; port <= 64; ++port)
      many.push_back(parse_seed_entry(fmt::format("10.9.9.9:{}", port)).value());
    CHECK(cluster.member(5).add_seeds(many).code() == status_code::invalid_argument);
    return cluster.in.trace_hash();
  });
}

TEST_CASE("after a restart the members of before are found, when no seed is left") {
  over_seeds(20, [](std::uint64_t seed) {
    simulated_cluster cluster{seed, {.members = 5, .keeps_state = true}};
    come_together(cluster);
    cluster.in.run_for(60s); // written at most every half minute
    // The seeds are gone for good.
    cluster.crash(0);
    cluster.crash(1);
    cluster.in.run_for(10s);
    cluster.restart(3);
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 90s);
    INFO(std::chrono::duration<double>(took).count() << " s; " << cluster.disagreement());
    CHECK(took < 40s); // the two that are gone have to be known as dead first
    CHECK(cluster.view(3)->phase == cluster_phase::member);
    return cluster.in.trace_hash();
  });
}

TEST_CASE("of a split cluster the majority stays, and the others hear that they do not") {
  over_seeds(40, [](std::uint64_t seed) {
    cluster_options options{.members = 5};
    options.member.split_brain.emplace();
    options.member.split_brain->loss = split_brain_loss::read_only;
    simulated_cluster cluster{seed, options};
    come_together(cluster);
    cluster.cut({0, 1}, {2, 3, 4});
    cluster.in.run_for(3min);
    for (const std::size_t i : {0, 1, 2, 3, 4}) {
      const auto& decisions = cluster.program(i)->decisions;
      INFO("n" << i);
      REQUIRE(decisions.size() == 1);
      CHECK(decisions[0].stays == (i >= 2));
      CHECK(decisions[0].lost
            == (i >= 2 ? std::vector<std::string>{"n0", "n1"} : std::vector<std::string>{}));
      CHECK(cluster.view(i)->decision == decisions[0]);
    }
    CHECK(cluster.count_lines("the cluster is split: this side stays") == 3);
    cluster.heal();
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 60s);
    CHECK(took < 30s);
    // Those who came back count again: without two others, three of five still stay.
    cluster.in.run_for(10s);
    cluster.cut({3, 4}, {0, 1, 2});
    cluster.in.run_for(3min);
    REQUIRE(cluster.program(2)->decisions.size() == 2);
    CHECK(cluster.program(2)->decisions[1].stays);
    CHECK(cluster.program(2)->decisions[1].lost == std::vector<std::string>{"n3", "n4"});
    REQUIRE(cluster.program(3)->decisions.size() == 2);
    CHECK_FALSE(cluster.program(3)->decisions[1].stays);
    CHECK(cluster.program(0)->decisions.size() == 1); // it has lost, and decides no more
    return cluster.in.trace_hash();
  });
}

TEST_CASE("of the sides of a split cluster at most one stays, whatever their sizes") {
  over_seeds(80, [](std::uint64_t seed) {
    auto random = random_source{seed}.split("sides");
    cluster_options options{.members = 3 + static_cast<std::size_t>(random.below(10))};
    // Some large ones, of which one member or a few are cut off.
    const bool large = seed % 25 == 0;
    if (large) options.members = 25 + static_cast<std::size_t>(random.below(10));
    options.member.split_brain.emplace();
    simulated_cluster cluster{seed, options};
    come_together(cluster);
    const auto parts = 2 + random.below(2);
    const auto few = 1 + random.below(4);
    std::vector<std::vector<std::size_t>> sides(parts);
    for (std::size_t i = 0; i < cluster.size(); ++i)
      sides[large ? (i < few ? 1 : 0) : random.below(parts)].push_back(i);
    for (std::size_t a = 0; a < parts; ++a)
      for (std::size_t b = 0; b < a; ++b)
        if (!sides[a].empty() && !sides[b].empty()) cluster.cut(sides[a], sides[b]);
    cluster.in.run_for(4min);
    std::size_t staying = 0;
    for (const auto& side : sides) {
      bool stays = false;
      for (const auto each : side)
        for (const auto& decision : cluster.program(each)->decisions) {
          UNSCOPED_INFO(cluster.at(each).name() << ": " << decision.stays << " " << decision.reason);
          stays = stays || decision.stays;
        }
      staying += stays ? 1 : 0;
      // Who has the majority keeps it.
      if (2 * side.size() > cluster.size() && side.size() < cluster.size()) CHECK(stays);
    }
    CHECK(staying <= 1);
    return cluster.in.trace_hash();
  });
}

TEST_CASE("a cluster at rest costs each member the same, few members or many") {
  const auto cost = [](std::size_t members) {
    simulated_cluster cluster{7, {.members = members}};
    cluster.boot_all();
    cluster.in.run_for(2min);
    REQUIRE(cluster.disagreement().empty());
    const auto bytes = [&] {
      double sum = 0;
      for (std::size_t i = 0; i < members; ++i)
        sum += metric(*cluster.program(i), "troupe_registry_bytes_sent_total");
      return sum / static_cast<double>(members);
    };
    const auto before = bytes();
    const auto views = cluster.view(0)->number;
    cluster.in.run_for(10min);
    CHECK(cluster.view(0)->number == views);
    return (bytes() - before) / 10;
  };
  const auto few = cost(3);
  const auto many = cost(40);
  INFO(few << " and " << many << " bytes of the registry a member and minute");
  // A fingerprint of nine bytes every ten seconds.
  CHECK(few > 30);
  CHECK(few < 100);
  CHECK(many < 1.5 * few);
}

TEST_CASE("a flood of changes makes few snapshots") {
  simulated_cluster cluster{1, {.members = 2}};
  come_together(cluster);
  const auto before = cluster.view(0)->number;
  for (int i = 0; i < 1'000; ++i)
    REQUIRE(cluster.member(0).publish(entry_of("flood." + std::to_string(i % 200))).ok());
  cluster.in.run_for(5s);
  CHECK(cluster.view(1)->services->services().size() == 203);
  CHECK(cluster.view(0)->number == before + 1);
}

TEST_CASE("an address that nobody can reach is refused, saying what to set") {
  simulated_cluster cluster{1, {.members = 0}};
  const auto refused =
    why_not(cluster, [](auto& options) { options.transport.listen.address = ip_address::any_v4(); });
  CHECK(refused.code() == status_code::invalid_argument);
  CHECK_THAT(refused.message(), Contains("0.0.0.0:7401") && Contains("discovery.advertise"));
}

TEST_CASE("other options out of their ranges are refused") {
  using change = std::function<void(cluster_member_options&)>;
  const std::vector<change> wrong{
    [](auto& options) { options.transport.listen.address = ip_address{}; },
    [](auto& options) {
      options.advertise = endpoint{ip_address::any_v4(), 1};
    },
    [](auto& options) { options.registry_sync_interval = 1ms; },
    [](auto& options) { options.membership.protocol_period = 1ms; },
    [](auto& options) { options.limits.entry_bytes = 10'000; },
    [](auto& options) { options.node = ""; },
    [](auto& options) {
      options.split_brain.emplace();
      options.split_brain->rules.strategy = split_brain_strategy::keep_referee;
    },
    [](auto& options) { options.seeds.refresh = 1ms; },
  };
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    INFO(i);
    simulated_cluster cluster{1, {.members = 0}};
    CHECK(why_not(cluster, wrong[i]).code() == status_code::invalid_argument);
  }
}

TEST_CASE("who listens everywhere is found where it says that it is") {
  simulated_cluster cluster{2, {.members = 3, .change = [](const std::string& node, auto& options) {
                                  if (node != "n0") return;
                                  options.advertise = endpoint{options.transport.listen.address, 0};
                                  options.transport.listen.address = ip_address::any_v4();
                                }}};
  cluster.boot_all();
  CHECK(cluster.member(0).address() == simulated_cluster::endpoint_of(0));
  CHECK(cluster.member(0).local().address.is_any());
  CHECK(cluster.run_until([&] { return cluster.agree(); }, 20s) < 5s);
}

TEST_CASE("what a member does is in its metrics") {
  simulated_cluster cluster{1, {.members = 3}};
  come_together(cluster);
  cluster.crash(2);
  cluster.in.run_for(60s);
  auto& one = *cluster.program(0);
  CHECK(metric(one, "troupe_cluster_members{state=\"alive\"}") == 2);
  CHECK(metric(one, "troupe_cluster_members{state=\"dead\"}") == 1);
  CHECK(metric(one, "troupe_cluster_local_health") == 0);
  CHECK(metric(one, "troupe_cluster_probes_total") > 50);
  CHECK(metric(one, "troupe_cluster_deaths_total") == 1);
  CHECK(metric(one, "troupe_cluster_view_changes_total") == static_cast<double>(cluster.view(0)->number));
  CHECK(metric(one, "troupe_registry_services") == 3);
  CHECK(metric(one, "troupe_registry_places") == 4);
  CHECK(metric(one, "troupe_registry_deltas_new_total") >= 2);
  CHECK(metric(one, "troupe_registry_deltas_refused_total{reason=\"malformed\"}") == 0);
}

TEST_CASE("a member that leaves while a split is to be judged still ends, and does not spin") {
  cluster_options options{.members = 4};
  options.member.split_brain.emplace();
  options.member.membership.leave_linger = 5min;
  simulated_cluster cluster{1, options};
  come_together(cluster);
  cluster.crash(3);
  // Held for dead, and the view not yet stable for long enough.
  cluster.run_until([&] { return cluster.view(1)->find("n3")->state == member_state::dead; }, 2min);
  REQUIRE(cluster.program(1)->decisions.empty());
  bool left = false;
  cluster.member(1).leave([&] { left = true; });
  const auto before = cluster.in.deliveries();
  CHECK(cluster.in.run_until([&] { return left || cluster.in.deliveries() > before + 1'000'000; }, 10min));
  CHECK(left);
}
