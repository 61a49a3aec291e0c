// A simulated machine from within: its turns, its clock, its boots. Internal to the simulation; the world's
// users see simulated_node.
#pragma once

#include "runtime/environment/address.hpp"
#include "runtime/environment/clock.hpp"
#include "runtime/environment/random_source.hpp"
#include "runtime/simulation/event_queue.hpp"
#include "runtime/simulation/member_event.hpp"
#include "runtime/simulation/node_clock.hpp"
#include "runtime/simulation/trace.hpp"

#include <caf/fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

class actor_scheduler;
class loop_core;
class machine;
class port_table;
struct world_parts;

// Who may be chosen to do one thing next: an actor system (one of its actors), an event loop.
class turn_taker {
public:
  // `actor` is what was given with the turn.
  virtual void take_turn(caf::resumable* actor) = 0;

protected:
  ~turn_taker() = default;
};

struct ready_turn {
  turn_taker* who = nullptr;
  caf::resumable* actor = nullptr; // of an actor system: the actor, with the reference that a scheduler holds
};

// From a boot to the power-off that ends it. What a program made keeps its session, and does nothing any more
// once it is over.
struct boot_session {
  boot_session(machine& on, std::uint64_t number, random_source random);
  ~boot_session();

  machine& on;
  const std::uint64_t number; // 1 is the first boot
  const random_source random;
  bool alive = true;
  std::vector<actor_scheduler*> schedulers; // of the actor systems that live
  std::uint32_t systems = 0;                // actor systems made
  std::uint32_t loops = 0;                  // event loops made
  std::unique_ptr<port_table> ports;
  std::shared_ptr<loop_core> network_loop;           // for datagrams and look-ups
  std::vector<std::unique_ptr<timed_event>> lookups; // that are pending
};
using session_ptr = std::shared_ptr<boot_session>;

class machine_clock final : public clock {
public:
  machine_clock(const event_queue& world, node_clock& shown) noexcept : world_(world), shown_(shown) {}

  monotonic_time now() const noexcept override { return shown_.local(world_.now()); }
  wall_time wall_now() const noexcept override { return shown_.wall(world_.now()); }

private:
  const event_queue& world_;
  const node_clock& shown_;
};

class machine {
public:
  machine(world_parts& parts, std::string called, std::uint32_t number);
  machine(const machine&) = delete;
  machine& operator=(const machine&) = delete;

  // Whether its process runs.
  bool up() const noexcept { return session != nullptr; }

  // -- turns

  void add_ready(ready_turn turn);
  // Takes back all turns of `who`; the actors of its turns come back in the order in which they became ready.
  std::vector<caf::resumable*> forget(turn_taker& who);
  // Chooses and takes out a turn; by chance, or the oldest when `order` is null. Precondition: is_ready().
  ready_turn choose(random_source* order);
  bool is_ready() const noexcept { return next_ < ready_.size() && pauses == 0 && !waking_.waiting(); }

  // The machine does nothing for a while on top of what it stands still already: its disk stalls, its
  // processor is slow.
  void stand_still(duration span);
  // Pauses nest: the machine runs when as many resumes came as pauses.
  void pause();
  void resume();

  world_parts& world;
  const std::string name;
  const std::uint32_t index;
  const ip_address address;
  node_clock shown;
  machine_clock time;
  session_ptr session;  // null: no process
  bool powered = false; // a machine whose process was killed still answers
  std::uint64_t boots = 0;
  duration turn_cost{}; // what each turn takes of virtual time
  std::uint32_t pauses = 0;
  std::size_t ready_place = no_place; // in the world's list of ready machines

  static constexpr std::size_t no_place = static_cast<std::size_t>(-1);

private:
  void wake();

  std::vector<ready_turn> ready_;
  std::size_t next_ = 0; // those before are taken; only without chance
  monotonic_time still_until_{};
  member_event<machine, &machine::wake> waking_{*this};
};

} // namespace troupe
