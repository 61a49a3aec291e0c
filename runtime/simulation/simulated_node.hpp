// A machine of a simulated world. It keeps its name, its address and its disk over crashes; each boot gives
// it a new process: other actor systems, another random stream, a monotonic clock that starts elsewhere.
#pragma once

#include "runtime/environment/environment.hpp"

#include <caf/fwd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

class machine;
class simulated_disk;
class simulated_node;

// What runs on a node: made at boot, destroyed when the power goes off. The world knows nothing else of it.
//
// Its destructor finds a dead world: actors are ended already, event loops drop what is posted (run() still
// runs, so that streams and timers can be taken apart on their loop), and what is sent goes nowhere. It must
// not wait.
class simulated_program {
public:
  virtual ~simulated_program() = default;
};

// Called when a node boots. It may make actor systems (see configure()), open loops and sockets, start
// actors; all of it runs later, in the turns of the world. Null: a node that does nothing.
using program_factory = std::function<std::unique_ptr<simulated_program>(simulated_node&)>;

class simulated_node {
public:
  ~simulated_node();
  simulated_node(const simulated_node&) = delete;
  simulated_node& operator=(const simulated_node&) = delete;

  const std::string& name() const noexcept;
  // 10.0.0.1 for the first node of a world, and so on.
  ip_address address() const noexcept;
  // 0 for the first.
  std::uint32_t index() const noexcept;
  // How often it was booted.
  std::uint64_t boots() const noexcept;
  bool up() const noexcept;
  bool paused() const noexcept;

  // Clock, randomness (another stream each boot), disk and network of this node. The clock never goes
  // backwards within a boot; other nodes' clocks show something else. Valid as long as the world; while the
  // node is off, the network answers UNAVAILABLE.
  environment surroundings() noexcept;

  // Makes actor systems of this configuration run in the world: its scheduler, its clock, a node id that is
  // unique in the world and the same in every run, no threads, no log of CAF's own. Several systems a boot
  // are fine; each with a configuration of its own. Only between boot and crash; before anything else is put
  // into the configuration that concerns scheduler or logger. Detached and blocking actors are not for such a
  // system: they start threads.
  //
  // The system's destructor does not wait for actors: it ends them.
  void configure(caf::actor_system_config& config);

  // The disk behind surroundings(), to set its faults, look at it and count. It has power while the node is
  // on.
  simulated_disk& storage() noexcept { return *disk_; }

  // What the factory has made; null while the node is off.
  simulated_program* program() const noexcept { return program_.get(); }

  // Puts a line into the world's trace.
  void log(std::string_view text);

private:
  friend class world;

  simulated_node(std::unique_ptr<network> net, std::unique_ptr<simulated_disk> store, machine& inner,
                 program_factory make);

  machine& inner_;
  const program_factory make_;
  const std::unique_ptr<network> network_;
  const std::unique_ptr<simulated_disk> disk_;
  random_source random_;
  std::unique_ptr<simulated_program> program_;
};

} // namespace troupe
