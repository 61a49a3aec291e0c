#include "tests/planted_bugs/storm.hpp"

#include "tests/planted_bugs/clients.hpp"

#include <algorithm>
#include <memory>

namespace planted_bugs {

namespace {

using troupe::fault_event;
using troupe::fault_kind;
using troupe::fault_profile;
using troupe::simulation;
using troupe::visitor;

constexpr troupe::duration storm_span = 15s;
// Heartbeats notice a silent peer within two seconds; the rest is what faults may take from an answer.
constexpr troupe::duration patience_with_silence = 25s;
constexpr unsigned restart_intensity = 6;

struct bare_call {
  bare_answer_ptr answer;
  std::optional<troupe::duration> limit;
};

struct storm {
  simulation& sim;
  observer& seen;
  diary known{sim, seen, sim.history<troupe::key_value_model>(), {}, {}};
  std::vector<bare_call> bare;

  template <class F>
  void spawn(std::uint32_t number, F work) {
    sim.spawn_on(sim.client(number % 2), std::move(work));
  }
};

// Calls that nobody watches: every one of them is to be answered once, in time.
task<> call_bare(visitor& self, storm& in, int rounds) {
  auto chance = in.sim.random("bare");
  for (int i = 0; i < rounds; ++i) {
    co_await self.sleep_for(troupe::duration{chance.between(0, 1'500'000'000)});
    ledger::Parcel parcel;
    parcel.set_number(1);
    parcel.set_content(content_of(1, 100));
    in.bare.push_back({call_barely(in.sim, in.sim.client(), ledger::Depot::info(), "Echo",
                                   std::make_shared<ledger::Parcel>(std::move(parcel)), std::nullopt),
                       std::nullopt});
    ledger::Patience patience;
    patience.set_limit(300);
    in.bare.push_back({call_barely(in.sim, in.sim.client(), ledger::Relay::info(), "Ponder",
                                   std::make_shared<ledger::Patience>(patience), 300ms),
                       300ms});
  }
}

void let_clients_in(storm& in, weather now) {
  const int scale = now == weather::calm ? 1 : 3;
  auto& known = in.known;
  for (std::uint32_t i = 0; i < 4; ++i)
    in.spawn(i, [&known, i, scale, now](visitor& self) {
      return read_and_write(self, known, i + (now == weather::calm ? 10 : 0), 5 * scale);
    });
  for (std::uint32_t i = 0; i < 4; ++i)
    in.spawn(i, [&known, i, scale, now](visitor& self) { return deposit(self, known, i, 3 * scale, now); });
  for (std::uint32_t i = 0; i < 2; ++i) {
    in.spawn(i,
             [&known, i, scale, now](visitor& self) { return send_parcels(self, known, i, scale * 3, now); });
    in.spawn(i,
             [&known, i, scale, now](visitor& self) { return stream_parcels(self, known, i, scale, now); });
  }
  in.spawn(0, [&known, scale](visitor& self) { return lose_interest(self, known, 0, 3 * scale); });
  in.spawn(0, [&in, scale](visitor& self) { return call_bare(self, in, 3 * scale); });
}

troupe::fault_plan storm_plan(simulation& sim) {
  auto chance = sim.random("plan");
  const auto profile = chance.chance(0.5) ? fault_profile::everything : fault_profile::everyday;
  auto out = sim.plan(chance.chance(0.1) ? fault_profile::none : profile, storm_span);
  // A peer that is there and says nothing.
  if (chance.chance(0.3))
    out.events.push_back({.at = 3s,
                          .span = 40s,
                          .kind = fault_kind::partition,
                          .nodes = {fmt::format("node-{}", chance.below(3))},
                          .others = {"client-0", "client-1", "node-1", "node-2"}});
  // The ledger loses its power while it is written to.
  for (auto more = chance.below(3); more > 0; --more)
    out.events.push_back({.at = std::chrono::milliseconds{chance.between(2000, 12'000)},
                          .span = 500ms,
                          .kind = fault_kind::crash,
                          .nodes = {fmt::format("node-{}", ledger_node)}});
  if (chance.chance(0.5))
    out.events.push_back({.at = 2s,
                          .span = 8s,
                          .kind = fault_kind::disk_write_error,
                          .nodes = {fmt::format("node-{}", ledger_node)},
                          .chance = 0.1});
  return out;
}

void audit_bare_calls(storm& in) {
  for (const auto& [answer, limit] : in.bare) {
    in.seen.check(answer->answers >= 1, "hang", "a call was never answered");
    in.seen.check(answer->answers <= 1, "invariant", "a call was answered twice");
    const auto took = answer->answered - answer->asked;
    in.seen.check(took <= patience_with_silence, "deadline",
                  fmt::format("a call was answered after {} s: {}", took / 1s, answer->outcome.to_string()));
  }
}

task<std::map<std::string, std::int64_t>> read_balances(visitor& self, storm& in) {
  std::map<std::string, std::int64_t> out;
  for (const auto* all : {&in.known.transfers, &in.known.payments})
    for (const auto& [id, each] : *all) {
      ledger::Key key;
      key.set_key(each.account);
      if (out.contains(each.account)) continue;
      const auto balance = co_await self.client<ledger::Ledger>().look(key);
      out[each.account] = balance.amount();
    }
  co_return out;
}

void audit_books(storm& in) {
  for (const auto& [id, times] : in.seen.executed)
    in.seen.check(times <= 1, "invariant", fmt::format("transfer {} was executed {} times", id, times));
  auto balances = in.sim.run([&](visitor& self) { return read_balances(self, in); }, 60s);
  if (!balances) return in.seen.find("calm", "no balances: " + balances.error().to_string());
  std::map<std::string, std::int64_t> least;
  std::map<std::string, std::int64_t> most;
  for (const auto& [id, each] : in.known.transfers) {
    const auto executed = in.seen.executed.contains(id);
    in.seen.check(!each.done || executed, "invariant", "a transfer is done that was never executed");
    in.seen.check(!each.never || !executed, "invariant",
                  fmt::format("transfer {} was executed, and its caller was told that it was not", id));
    least[each.account] += each.done ? each.amount : 0;
    most[each.account] += executed ? each.amount : 0;
  }
  for (const auto& [account, amount] : least)
    in.seen.check(amount <= (*balances)[account] && (*balances)[account] <= most[account], "invariant",
                  fmt::format("{} has {}, where {} to {} are possible", account, (*balances)[account], amount,
                              most[account]));
  for (const auto& [key, each] : in.known.payments)
    in.seen.check((*balances)[each.account] == each.amount, "invariant",
                  fmt::format("{} of {} came to {}", key, each.amount, (*balances)[each.account]));
}

void audit_registers(diary& known) {
  const auto report = troupe::linearizable(known.history, troupe::key_value_model{});
  if (report.verdict == troupe::linearizability_verdict::not_linearizable)
    known.seen.find("linearizability", report.text);
}

// More wait than may, and the rest is refused at once.
void crowd_the_desk(storm& in) {
  std::vector<bare_answer_ptr> crowd;
  for (int i = 0; i < 40; ++i)
    crowd.push_back(call_barely(in.sim, in.sim.client(), ledger::Desk::info(), "Serve",
                                std::make_shared<ledger::Nothing>(), std::nullopt));
  in.sim.run_for(20s);
  int served = 0;
  for (const auto& each : crowd) {
    in.seen.check(each->answers == 1, each->answers == 0 ? "hang" : "invariant",
                  fmt::format("a request at the desk has {} answers", each->answers));
    if (each->outcome.ok()) ++served;
  }
  in.seen.check(served <= static_cast<int>(desk_limit) + 2, "invariant",
                fmt::format("{} were served, and {} may wait", served, desk_limit));
  in.seen.check(served >= static_cast<int>(desk_limit), "invariant",
                fmt::format("only {} were served", served));
}

task<caf::actor_id> desk_supervisor(visitor& self, simulation& sim) {
  const auto tree = co_await sim.node_of(desk_node)->look_at_tree(self);
  for (const auto& module : tree.children)
    if (module.name == ledger::Desk::info().name) co_return module.actor;
  co_await troupe::not_found("the desk is not in the tree");
}

// A module that fails again and again takes its supervisor with it, which is then started anew.
void exhaust_restarts(storm& in) {
  const auto look = [&](visitor& self) { return desk_supervisor(self, in.sim); };
  const auto before = in.sim.run_on(desk_node, look);
  for (unsigned i = 0; i < restart_intensity + 2; ++i)
    if (auto outcome = in.sim.crash_service<ledger::Desk>(desk_node); !outcome.ok())
      return in.seen.find("calm", "the desk did not come back: " + outcome.to_string());
  const auto after = in.sim.run_on(desk_node, look);
  if (!before || !after) return in.seen.find("calm", "the supervision tree cannot be seen");
  in.seen.check(*before != *after, "invariant",
                "a module failed again and again, and its supervisor did not give up");
}

void stop_in_good_order(storm& in) {
  in.sim.settle();
  // Somebody is at work and takes no notice.
  ledger::Patience patience;
  patience.set_limit(600'000);
  call_barely(in.sim, in.sim.client(), ledger::Relay::info(), "Ponder",
              std::make_shared<ledger::Patience>(patience), 10min);
  in.sim.run_for(1s);
  const auto outcome = in.sim.stop(relay_node, 60s);
  in.seen.check(outcome.ok(), "hang", "a node did not stop: " + outcome.to_string());
}

// Whether to go on.
bool live(storm& in) {
  for (std::uint32_t i = 0; i < 2; ++i)
    in.spawn(i, [&in, i](visitor& self) { return pay(self, in.known, i, 4); });
  let_clients_in(in, weather::storm);
  in.sim.chaos(storm_plan(in.sim));
  in.sim.calm();
  if (auto outcome = in.sim.join(); !outcome.ok()) in.seen.find("calm", outcome.to_string());
  if (in.seen.found) return false;
  // What was late in the storm is under way for some seconds more, and a connection may break of it.
  in.sim.run_for(6s);
  in.sim.settle();
  let_clients_in(in, weather::calm);
  if (auto outcome = in.sim.join(2min); !outcome.ok()) in.seen.find("calm", outcome.to_string());
  in.sim.run_for(5s);
  audit_bare_calls(in);
  in.seen.check(in.seen.pondering == 0, "invariant",
                fmt::format("{} handlers work on for nobody", in.seen.pondering));
  audit_registers(in.known);
  if (!in.seen.found) audit_books(in);
  return !in.seen.found;
}

// A run of the services in a cluster.
std::optional<finding> observe(std::uint64_t seed, const std::string& bug,
                               const std::function<void(simulation&, observer&)>& run) {
  observer seen;
  simulation sim{cluster_options(seed, bug)};
  install_services(sim, seen);
  try {
    sim.start();
    run(sim, seen);
  } catch (const troupe::simulation_failed& failure) {
    seen.find("hang", failure.what());
  }
  if (seen.found) seen.found->report = sim.report(200, 200);
  return seen.found;
}

} // namespace

troupe::simulation_options cluster_options(std::uint64_t seed, const std::string& bug) {
  troupe::simulation_options out;
  out.nodes = 4;
  out.clients = 2;
  out.seed = seed;
  out.level = troupe::log_level::warning;
  out.node.restart_intensity = restart_intensity;
  auto& limits = out.node.link.emplace().limits;
  limits.max_message_bytes = 1u << 20;
  limits.fragment_bytes = 4u << 10;
  limits.request_window_bytes = 256u << 10;
  limits.item_window_bytes = 256u << 10;
  limits.stream_window_bytes = 64u << 10;
  limits.heartbeat_interval = 500ms;
  limits.silence_limit = 2s;
  if (!bug.empty()) out.probes.planted_bugs.push_back(bug);
  return out;
}

void install_services(simulation& sim, observer& seen) {
  troupe::disk* disk = &sim.disk(ledger_node);
  sim.install_on({ledger_node}, troupe::module<book>(&seen, disk))
    .install_on({relay_node}, troupe::module<relay>())
    .install_on({depot_node}, troupe::module<depot>(&seen))
    .install_on({desk_node}, troupe::module<desk>().one_at_a_time().mailbox_limit(desk_limit));
}

std::optional<finding> weather_storm(std::uint64_t seed, const std::string& bug) {
  return observe(seed, bug, [](simulation& sim, observer& seen) {
    storm in{sim, seen};
    if (!live(in)) return;
    crowd_the_desk(in);
    exhaust_restarts(in);
    stop_in_good_order(in);
  });
}

std::optional<finding> question_register(std::uint64_t seed, const std::string& bug) {
  return observe(seed, bug, [](simulation& sim, observer& seen) {
    diary known{sim, seen, sim.history<troupe::key_value_model>(), {}, {}};
    for (std::uint32_t i = 0; i < 6; ++i)
      sim.spawn_on(sim.client(i % 2),
                   [&known, i](visitor& self) { return read_and_write(self, known, i, 12); });
    sim.chaos(fault_profile::everyday, 10s);
    sim.calm();
    if (auto outcome = sim.join(); !outcome.ok()) seen.find("calm", outcome.to_string());
    audit_registers(known);
  });
}

} // namespace planted_bugs
