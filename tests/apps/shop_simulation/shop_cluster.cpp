#include "tests/apps/shop_simulation/shop_cluster.hpp"

namespace shop_simulation {

namespace {

constexpr std::uint32_t customers = 8;
constexpr int orders_each = 4;

bool may_forget(forgetful who, const std::string& node) {
  if (who == forgetful::everybody || node == "node-1" || node == "node-2") return true;
  return who != forgetful::nobody && (node == "node-0") == (who == forgetful::orders);
}

} // namespace

troupe::simulation_options shop_options() {
  troupe::simulation_options out;
  out.nodes = 5;
  out.clients = 2;
  return out;
}

troupe::simulation_options discovered_shop_options() {
  auto out = shop_options();
  out.discovery = true;
  out.node.discovery.emplace();
  return out;
}

void install_shop(simulation& sim) {
  sim.install_on({orders_node}, troupe::module<shop::orders>())
    .install_on({1, 2}, troupe::module<shop::catalog>())
    .install_on({inventory_node}, troupe::module<shop::inventory>())
    .install_on({payments_node}, troupe::module<shop::payments>());
}

lives lives_now(simulation& sim) {
  const auto& nodes = sim.world().nodes();
  return {nodes[orders_node]->boots(), nodes[inventory_node]->boots(), nodes[payments_node]->boots()};
}

void open_shop(simulation& sim, shop_diary& diary) {
  install_shop(sim);
  sim.start();
  for (std::uint32_t i = 0; i < customers; ++i)
    sim.spawn_on(sim.client(i % 2),
                 [&sim, &diary, i](visitor& self) { return shop_around(self, sim, diary, i, orders_each); });
}

void live_through(simulation& sim, troupe::fault_profile faults, troupe::duration horizon, forgetful who) {
  shop_diary diary;
  open_shop(sim, diary);
  auto plan = sim.plan(faults, horizon);
  std::erase_if(plan.events, [who](troupe::fault_event& event) {
    if (event.kind != troupe::fault_kind::crash && event.kind != troupe::fault_kind::kill) return false;
    std::erase_if(event.nodes, [who](const std::string& node) { return !may_forget(who, node); });
    return event.nodes.empty();
  });
  sim.chaos(plan);
  sim.calm();
  REQUIRE(sim.join().ok());
  auto decided = sim.run([&](visitor& self) { return ask_until_verdict(self, sim, diary); }, 10min);
  REQUIRE(decided);
  // Longer than a reservation is held, and than shipping takes.
  sim.run_for(40s);
  audit(sim, diary);
}

} // namespace shop_simulation
