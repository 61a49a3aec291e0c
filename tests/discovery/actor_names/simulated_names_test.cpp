// Named actors on nodes of a simulated cluster, with registries that the test spreads.
#include "discovery/actor_names/actor_names.hpp"
#include "hand_gossip.hpp"

#include <caf/all.hpp>

#include <troupe/testing.hpp>

using namespace names_test;
using namespace std::chrono_literals;

namespace {

caf::behavior next_number(caf::event_based_actor*) {
  return {[](int from) { return from + 1; }};
}

// Node 0 to 2, their names, and an actor "printer" on each.
struct printers {
  explicit printers(simulation& on) : sim(on) {
    for (std::uint32_t i = 0; i < 3; ++i)
      boot(i);
  }
  ~printers() {
    for (auto& each : names)
      if (each) each->disconnect();
  }
  void boot(std::uint32_t number) {
    const auto name = "node-" + std::to_string(number);
    names[number] = std::make_unique<actor_names>(name);
    auto& publisher = gossip.join(name, ++process, *names[number]);
    REQUIRE(names[number]->connect(*sim.node_of(number)->link(), publisher).ok());
    REQUIRE(names[number]->register_actor("printer", sim.node_of(number)->system().spawn(next_number)).ok());
  }
  void kill(std::uint32_t number) {
    names[number].reset();
    gossip.leave("node-" + std::to_string(number));
    sim.kill(number);
  }
  void spread() {
    gossip.spread();
    for (auto& each : names)
      if (each) each->on_peers_changed();
  }
  std::size_t found(std::uint32_t number) { return names[number]->find("printer").size(); }

  simulation& sim;
  hand_gossip gossip;
  std::uint64_t process = 0;
  std::unique_ptr<actor_names> names[3];
};

} // namespace

TEST_CASE("names in a simulated cluster: found everywhere, and gone with their nodes and connections") {
  simulate({.seeds = 5, .cluster = {.nodes = 3}}, [](simulation& sim) {
    sim.start();
    printers all{sim};
    all.spread();
    for (std::uint32_t i = 0; i < 3; ++i)
      CHECK(all.found(i) == 3);

    std::vector<std::size_t> told;
    REQUIRE(all.names[0]->watch("printer", [&](const auto& now) { told.push_back(now.size()); }).has_value());
    all.kill(2);
    // Before the gossip knows, the link does.
    CHECK(sim.run_until([&] { return all.found(0) == 2; }, 30s));
    all.spread();
    CHECK(all.found(1) == 2);
    sim.restart(2);
    sim.settle();
    all.boot(2);
    all.spread();
    for (std::uint32_t i = 0; i < 3; ++i)
      CHECK(all.found(i) == 3);

    const auto parted = sim.partition({0}, {1});
    CHECK(sim.run_until([&] { return all.found(0) == 2 && all.found(1) == 2; }, 60s));
    all.spread();
    sim.heal(parted);
    sim.settle();
    all.spread();
    CHECK(all.found(0) == 3);
    CHECK(told == std::vector<std::size_t>{3, 2, 3, 2, 3});
  });
}
