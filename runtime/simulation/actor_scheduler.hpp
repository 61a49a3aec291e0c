// The scheduler module of a simulated actor system: its actors take turns in the world's order, one message a
// turn. Internal to the simulation.
#pragma once

#include "runtime/simulation/actor_timers.hpp"
#include "runtime/simulation/machine.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/execution_unit.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace caf {
class scheduled_actor;
}

namespace troupe {

class actor_scheduler final : public caf::scheduler::abstract_coordinator, public turn_taker {
public:
  // `number` tells the systems of one boot apart.
  actor_scheduler(caf::actor_system& system, session_ptr session, std::uint32_t number);
  ~actor_scheduler() override;

  void enqueue(caf::resumable* job) override { ready(job); }
  caf::actor_clock& clock() noexcept override { return timers_; }
  bool detaches_utility_actors() const override { return false; }
  void start() override;
  void stop() override;

  void take_turn(caf::resumable* job) override;

  // Ends every actor as if it had never run again: no message is handled, no timer fires. What the actors'
  // destructors start is ended too.
  void kill();

  // Actors that have become ready so far and are not gone.
  std::size_t living() const noexcept;

private:
  class worker final : public caf::execution_unit {
  public:
    worker(caf::actor_system* system, actor_scheduler& owner) : caf::execution_unit(system), owner_(owner) {}
    void exec_later(caf::resumable* job) override { owner_.ready(job); }

  private:
    actor_scheduler& owner_;
  };

  void ready(caf::resumable* job);
  void know(caf::scheduled_actor& actor);
  void record(caf::scheduled_actor& actor);
  bool kill_round();

  const session_ptr session_;
  const std::uint64_t place_; // of actor 0 in the trace: the system's number in the upper bits
  actor_timers timers_;
  worker worker_;
  // Who to kill. A weak reference keeps an actor's memory, so those that are gone are swept out.
  std::unordered_map<caf::actor_id, caf::weak_actor_ptr> known_;
  std::size_t sweep_at_ = 64;
  bool killed_ = false;
};

} // namespace troupe
