// A simulated world: machines with their clocks, disks and the network between them, in one thread and in
// virtual time. The seed decides everything that chance decides; the same program, seed and faults do the
// same again, in any process.
//
//   world w{{.seed = 42}};
//   auto& a = w.add_node("a", [](simulated_node& n) { return std::make_unique<my_program>(n.surroundings(),
//   ...); }); w.boot(a); w.run_for(10s); w.crash(a); w.boot(a);
//
// Virtual time stands still while anything can act, and then goes on to the next event. Nothing of this is
// thread-safe. What runs in the world may call now(), after(), links() and the trace; whatever switches nodes
// on and off or lets time pass throws std::logic_error there (use after()).
#pragma once

#include "runtime/environment/environment.hpp"
#include "runtime/simulation/network_faults.hpp"
#include "runtime/simulation/simulated_node.hpp"
#include "runtime/simulation/trace.hpp"
#include "runtime/simulation/world_options.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct world_parts;

// Something went on without end at one moment: it would never have let the time pass. Says what the last
// events were.
class world_stuck : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

class world {
public:
  explicit world(const world_options& options = {});
  // Switches off all nodes.
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  // -- nodes

  // A node that is off. Precondition: no other node has this name; at most 65,534 nodes.
  simulated_node& add_node(std::string name, program_factory make);

  // Null when there is none.
  simulated_node* find(std::string_view name) noexcept;
  // In the order in which they were added.
  const std::vector<std::unique_ptr<simulated_node>>& nodes() const noexcept { return nodes_; }

  // Switches a node on and makes its program. No effect when it is on. What the factory throws is passed on,
  // and the node is off again.
  void boot(simulated_node& which);

  // Takes the power from a node: nothing of it runs any more, what was not synced to its disk may be lost,
  // and its peers learn nothing (until they send something after it has booted again: then RST). No effect
  // when it is off.
  void crash(simulated_node& which);

  // Ends a node's process as kill -9 does: nothing of it runs any more, but its machine lives, keeps what was
  // written, and closes its connections.
  void kill(simulated_node& which);

  // Stops a node as SIGSTOP does: time goes on, the node does not, what is sent to it waits. As many resumes
  // as pauses let it run again.
  void pause(simulated_node& which);
  void resume(simulated_node& which);

  // The node does nothing for `span`: its disk or its host stalls.
  void stall(simulated_node& which, duration span);

  // Each turn of the node (a message of an actor, a callback of a loop) takes `cost` of virtual time; 0:
  // none.
  void slow_down(simulated_node& which, duration cost);

  // Sets the calendar of a node's clock forward or back. Its monotonic clock does not change.
  void jump_clock(simulated_node& which, duration by);

  // Lets a node's clocks gain `ppm` microseconds a second from now on: -500,000 to 1,000,000.
  void set_clock_rate(simulated_node& which, std::int32_t ppm);

  // -- the network

  network_faults& links() noexcept;

  // What a host name resolves to, besides the nodes' names; no addresses: nothing.
  void set_host(std::string name, std::vector<ip_address> addresses);
  void set_service(std::string name, std::vector<service_record> records);

  // -- time

  // Since the world began at 0.
  monotonic_time now() const noexcept;

  // Lets `span` pass. Throws world_stuck, and whatever escapes the code that runs.
  void run_for(duration span);

  // Runs until `condition` holds (asked after each step) or `limit` has passed; whether it held.
  bool run_until(const std::function<bool()>& condition, duration limit);

  // One turn of one node, or, when nothing can act, on to the next moment at which something happens. False:
  // nothing will ever happen again.
  bool step();

  // Calls `work` in `delay` from now, between turns: it may crash and boot nodes and change conditions.
  // Called from anywhere.
  void after(duration delay, std::function<void()> work);

  // -- what happened

  trace& tracing() noexcept;
  // Equal for two runs that did the same.
  std::uint64_t trace_hash() const noexcept;
  // Turns so far: messages that actors took, callbacks of loops.
  std::uint64_t deliveries() const noexcept { return turns_; }

  // A stream of randomness for a purpose, decided by the seed and the name alone.
  random_source split(std::string_view name, std::uint64_t index = 0) const noexcept;

  const world_options& options() const noexcept;

private:
  class errand;
  class running_scope;

  void not_in_a_turn(std::string_view what) const;
  void end_process(simulated_node& which);
  bool turn_or_advance(monotonic_time limit);
  void take_turn();
  void tell(trace_kind kind, const simulated_node& which, std::string detail);

  const std::unique_ptr<world_parts> parts_;
  std::vector<std::unique_ptr<simulated_node>> nodes_;
  std::vector<std::unique_ptr<errand>> errands_; // some are done
  std::size_t forget_errands_at_ = 64;
  std::uint64_t turns_ = 0;
  std::uint64_t turns_at_once_ = 0;
  bool in_turn_ = false;     // of a node
  bool time_passes_ = false; // in run_for() and such
};

} // namespace troupe
