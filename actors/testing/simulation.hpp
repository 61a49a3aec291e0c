// A cluster in the test's own thread: nodes with the services as they run in production, in a world where
// time, chance, network and disks are simulated. The seed decides all of it, so a failure can be repeated.
//
//   TEST_CASE("no order is lost") {
//     troupe::simulate({.seeds = 20, .cluster = {.nodes = 5}}, [](troupe::simulation& sim) {
//       sim.install_on({0, 1}, troupe::module<orders>()).install_on({2}, troupe::module<inventory>());
//       sim.start();
//       sim.spawn([](troupe::visitor& self) -> troupe::task<> { ... co_await self.client<Orders>().place(o);
//       ... }); sim.chaos(troupe::fault_profile::everything, 60s); sim.calm(); REQUIRE(sim.join().ok());
//       CHECK(sim.run([](troupe::visitor& self) { return self.client<Orders>().get(request); }));
//     });
//   }
//
// Nothing happens but in run(), join(), run_for(), run_until() and the others that say so: they let time
// pass, and throw simulation_failed when a property that must always hold (TROUPE_ALWAYS) does not.
// Everything runs on the test's thread, so the test's assertions may stand in the work of clients too. Nodes
// are named by number: services on 0, 1, ..., then the clients.
#pragma once

#include "actors/host/node.hpp"
#include "actors/service/module.hpp"
#include "actors/service/visitor.hpp"
#include "actors/testing/simulated_work.hpp"
#include "actors/testing/simulation_options.hpp"
#include "runtime/core/result.hpp"
#include "runtime/linearizability/history.hpp"
#include "runtime/simulation/fault_plan.hpp"
#include "runtime/simulation/world.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

class simulated_disk;

// Work that spawn() has begun.
template <class T>
class spawned {
public:
  bool ended() const noexcept { return inner_->ended; }
  // Nothing but ABORTED while it goes on. An exception that left the work is thrown.
  result<T> outcome() const {
    if (inner_->failure) std::rethrow_exception(inner_->failure);
    if (!inner_->ended) return aborted("the work has not ended");
    return *inner_->value;
  }

private:
  friend class simulation;
  explicit spawned(std::shared_ptr<detail::work_outcome<T>> inner) noexcept : inner_(std::move(inner)) {}
  std::shared_ptr<detail::work_outcome<T>> inner_;
};

class simulation {
public:
  // Makes the world and its nodes; all of them are off. Throws std::invalid_argument for options out of
  // range.
  explicit simulation(simulation_options options = {});
  // Ends everything where it is.
  ~simulation();
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  // -- before start()

  // Services for all nodes but the clients, started in this order after each boot, each time with new
  // handlers.
  template <class... Modules>
  requires(std::same_as<std::remove_cvref_t<Modules>, service_module>&&...)
    simulation& install(Modules&&... modules) {
    (add_module(node_set{}, std::forward<Modules>(modules)), ...);
    return *this;
  }
  // The same for the nodes of these numbers only.
  template <class... Modules>
  requires(std::same_as<std::remove_cvref_t<Modules>, service_module>&&...)
    simulation& install_on(const node_set& where, Modules&&... modules) {
    (add_module(where, std::forward<Modules>(modules)), ...);
    return *this;
  }

  // Boots all nodes, and returns when together() holds. Throws simulation_failed when it does not within
  // `limit`.
  void start(duration limit = std::chrono::minutes{1});

  // -- the test's own work, on client nodes unless told otherwise

  // Runs `work` in an actor of its own, lets time pass until it has ended, and yields its outcome: as
  // test_node::run() does, with the same kinds of work. DEADLINE_EXCEEDED when it has not ended within
  // `limit` on the node's clock; UNAVAILABLE: the node is off; ABORTED: the node crashed meanwhile. An
  // exception that leaves it is thrown here.
  template <class F>
  auto run(F work, duration limit = std::chrono::seconds{30}) {
    return run_on(client(), std::move(work), limit);
  }
  template <class F>
  auto run_on(std::uint32_t where, F work, duration limit = std::chrono::seconds{30}) {
    auto begun = begin<detail::work_value_t<F>>(where, std::move(work), limit);
    drive(*begun, limit);
    if (begun->failure) std::rethrow_exception(begun->failure);
    return std::move(*begun->value);
  }

  // Begins `work` and returns at once; it goes on while time passes, beside the test and other work. It ends
  // with the simulation at the latest: what it refers to must live longer.
  template <class F>
  auto spawn(F work, duration limit = std::chrono::hours{24}) {
    return spawn_on(client(), std::move(work), limit);
  }
  template <class F>
  auto spawn_on(std::uint32_t where, F work, duration limit = std::chrono::hours{24}) {
    using T = detail::work_value_t<F>;
    auto begun = begin<T>(where, std::move(work), limit);
    keep(begun);
    return spawned<T>{begun};
  }

  // Lets time pass until all spawned work has ended. The first error that one of them ended with, in the
  // order in which they were spawned; an exception that left one is thrown. Throws simulation_failed when
  // some go on after `limit`.
  status join(duration limit = std::chrono::minutes{10});

  // -- time

  // Since the world began.
  duration now() const noexcept;
  void run_for(duration span);
  // Whether `condition` came to hold within `limit`. It is asked after every step: keep it cheap.
  bool run_until(const std::function<bool()>& condition, duration limit);

  // Whether all nodes that are on are ready, and connected to each other. Looks at all of them: for
  // every few milliseconds, not every step.
  bool together() const;
  // Lets time pass until together() holds, and has held for longer than the heartbeat of the link; throws
  // simulation_failed, saying what is missing, when it does not within `limit`.
  void settle(duration limit = std::chrono::minutes{1});

  // -- nodes

  // The number of the client node.
  std::uint32_t client(unsigned number = 0) const noexcept;
  // The numbers of the nodes with services.
  node_set servers() const;
  // Null while it is off. Valid until it crashes.
  node* node_of(std::uint32_t number) noexcept;

  // Its disk, to set its faults and to look at it.
  simulated_disk& disk(std::uint32_t number);

  // Takes the power from a node: what was not synced may be lost, its peers learn nothing.
  void crash(std::uint32_t number);
  // Ends its process as kill -9 does; connections are closed, what was written stays.
  void kill(std::uint32_t number);
  // Boots a node that is off, and returns at once.
  void restart(std::uint32_t number);
  // Asks a node to end in good order, lets time pass until it has, and switches it off. DEADLINE_EXCEEDED
  // when it has not within `limit`; then it is on.
  status stop(std::uint32_t number, duration limit = std::chrono::minutes{1});
  // Time goes on, the node does not.
  void pause(std::uint32_t number);
  void resume(std::uint32_t number);
  // Each of its turns takes that long; 0: none.
  void slow_down(std::uint32_t number, duration each_turn);
  // Its calendar jumps. Its monotonic clock does not.
  void clock_jump(std::uint32_t number, duration by);
  // Its clocks gain that many microseconds a second.
  void clock_rate(std::uint32_t number, std::int32_t parts_per_million);

  // Ends an instance of a service as an exception in it would, and lets time pass until its supervisor has
  // replaced it. NOT_FOUND: the node runs no such instance; UNAVAILABLE: it is off; DEADLINE_EXCEEDED: not
  // replaced within 30 s.
  template <class S>
  status crash_service(std::uint32_t number, unsigned instance = 0) {
    return crash_service(number, S::info(), instance);
  }
  status crash_service(std::uint32_t number, const service_info& service, unsigned instance = 0);

  // -- the network; see also world().links()

  // Nothing passes between a node of `a` and one of `b`.
  fault_id partition(const node_set& a, const node_set& b);
  // Nothing passes from a node of `from` to one of `to`; the other way is open.
  fault_id partition_one_way(const node_set& from, const node_set& to);
  // Ends one fault, or all of them.
  void heal(fault_id which);
  void heal();

  // -- chaos

  // From now on until `horizon` has passed, faults happen as the seed decides: to the network of all nodes,
  // to processes, clocks and disks of those with services. Returns at once.
  void chaos(fault_profile profile, duration horizon);
  // What the next chaos() of these arguments would let happen, to be changed and given to the one below.
  fault_plan plan(fault_profile profile, duration horizon);
  // The same with a plan of one's own; node-0, client-0, ... are the names in it. Throws simulation_failed
  // when it makes no sense.
  void chaos(const fault_plan& plan);
  // All that chaos() has planned so far; times since its first call.
  const fault_plan& faults() const noexcept;

  // Lets time pass until all planned faults are over, and ends those that the test made: heals the network,
  // boots nodes that are off, resumes paused ones, sets clocks back to their pace. Then as settle().
  void calm(duration limit = std::chrono::minutes{2});

  // -- checks

  // Throws simulation_failed saying `what` when it does not hold, for tests without a test framework.
  void check(bool holds, std::string_view what) const;

  // A recorder for linearizability checks: events carry the time of the world.
  template <class Model>
  history_of<Model> history() const {
    return history_of<Model>{&world_clock()};
  }
  const clock& world_clock() const noexcept;

  // A stream of randomness for the test's own choices, decided by the seed and the name.
  random_source random(std::string_view name, std::uint64_t index = 0) const noexcept;

  // -- what happened

  std::uint64_t seed() const noexcept;
  // Equal for two runs that did the same.
  std::uint64_t trace_hash() const noexcept;
  // The last log lines of all nodes, in order, each with the time of the world and the node's name.
  std::vector<std::string> log_lines() const;
  // What the probes in the services' code have seen.
  const probe_book& probes() const noexcept;
  // For people: the seed and the time, the faults so far, the last events and log lines.
  std::string report(std::size_t events = 40, std::size_t lines = 40) const;

  troupe::world& world() noexcept;

private:
  struct state;

  void add_module(const node_set& where, service_module module);
  void keep(detail::work_progress_ptr work);
  void drive(const detail::work_progress& work, duration limit);
  void wait_together(duration limit, duration steady);

  template <class T, class F>
  std::shared_ptr<detail::work_outcome<T>> begin(std::uint32_t where, F work, duration limit) {
    auto begun = std::make_shared<detail::work_outcome<T>>();
    auto* on = node_of(where);
    if (on == nullptr) {
      begun->end(unavailable("node {} is off", where));
      return begun;
    }
    on->run([work = std::make_shared<F>(std::move(work)),
             told = std::make_shared<detail::work_teller<T>>(begun), limit](visitor& self) mutable {
      return detail::work_and_tell<T>(self, std::move(work), limit, std::move(told));
    });
    return begun;
  }

  std::unique_ptr<state> state_;
};

} // namespace troupe
