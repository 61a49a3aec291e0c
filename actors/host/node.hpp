// One node: an actor system, a directory, and the supervision tree of the modules installed on it. It has no
// edges and reads no configuration; run() adds those, and tests use it as it is.
//
//   root (one_for_one)
//     shop.Catalog (one_for_one)        a supervisor a module, started in the order of installation
//       shop.Catalog/0, /1, ...         its instances
//       helpers                         what its handlers spawn
//     shop.Orders ...
#pragma once

#include "actors/service/module.hpp"
#include "actors/service/node_services.hpp"
#include "actors/service/visitor.hpp"
#include "discovery/cluster/cluster_member.hpp"
#include "runtime/environment/environment.hpp"
#include "runtime/link/gate.hpp"
#include "runtime/supervision/messages.hpp"
#include "runtime/supervision/supervisor.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace caf {
class actor_system_config;
}

namespace troupe {

class logging;
class metrics;

struct node_options {
  std::string name = "node";

  // Threads that run actors, 1 to 1024; 0: one a core.
  unsigned scheduler_threads = 0;

  // How often the actors of a module may fail before all of it is restarted, and how often that may be
  // necessary before the node ends: see supervisor_flags, which each module has, and above them the node.
  unsigned restart_intensity = 10;
  duration restart_period = std::chrono::seconds{60};
  backoff_policy restart_backoff;

  duration default_call_timeout = std::chrono::seconds{30};

  // How the node talks to others; nothing: it does not. The node's own name goes before the name in here, and
  // an incarnation of 0 becomes the date of the start.
  std::optional<gate_options> link;
  // "host:port" of the nodes to keep a connection to, besides the members of the cluster.
  std::vector<std::string> peers;
  // Where others reach the link, "host" or "host:port"; empty: where it listens.
  std::string link_advertise;

  // How the node finds others, which it then keeps a connection to; nothing: it does not. Needs a link.
  // Names, process, link and version in here are replaced by those above.
  std::optional<cluster_member_options> discovery;

  // Announces the types of CAF messages that are sent to other nodes (add_message_type). May be empty.
  std::function<void(caf::actor_system_config&)> message_types;
};

// The cluster will not have this node any more.
struct cluster_ending {
  enum class sort : std::uint8_t {
    refused, // an older process of its name is alive
    leave,   // the split-brain policy has it leave
    restart, // the split-brain policy has it start anew
  };
  sort what = sort::leave;
  std::string reason;
};

enum class node_phase : std::uint8_t { starting, ready, ended };

class node {
public:
  // Starts the modules in their order, and returns when all are ready. An error when one of them is not:
  // INVALID_ARGUMENT for options or modules that make no sense, else the status of the module that failed to
  // start. The environment, the log and the metrics (both may be null) must outlive the node.
  static result<std::unique_ptr<node>> start(node_options options, environment world, logging* logs,
                                             metrics* numbers, std::vector<service_module> modules);

  // Begins to start the modules, and returns at once: for worlds that only go on when somebody drives them.
  // `configure` makes the node's actor system live in such a world. Errors as for start(), but modules that
  // fail to start are told by on_end().
  static result<std::unique_ptr<node>> begin(node_options options, environment world, logging* logs,
                                             metrics* numbers, std::vector<service_module> modules,
                                             std::function<void(caf::actor_system_config&)> configure);

  // Stops, if stop() was not called. A node of begin() ends where it is: its actors must have ended.
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  // Stops the modules in reverse order: each refuses new calls, finishes those it has and ends, within its
  // stop time-out. Then the node says goodbye to its cluster. Visitors that are left are ended. Returns when
  // all have ended. Once is enough. Not to be called by an actor.
  void stop();

  // The same without waiting: on_end() tells the end.
  void begin_stop();

  node_phase phase() const;

  // Called once, from an actor's thread or the discovery's, when the tree has ended, and the node has left
  // its cluster: because stop() was called, or because modules had to be restarted more often than the
  // restart intensity allows. Called at once when it has ended already.
  void on_end(std::function<void(const supervisor_exit&)> callback);

  // Called once at most, from the discovery's thread, when the cluster will not have the node: it should be
  // stopped. Called at once when that is so already.
  void on_cluster_ending(std::function<void(const cluster_ending&)> callback);

  // While a node drains, callers on other nodes leave its services for others that are ready; calls are
  // still answered. Nothing happens without discovery.
  void drain(bool draining);
  bool draining() const;

  // Null without options.discovery.
  cluster_member* cluster() noexcept;

  caf::actor_system& system() noexcept;
  troupe::directory& directory() noexcept;
  const node_services& services() const noexcept;
  const std::string& name() const noexcept;
  // In the order of installation.
  const std::vector<const service_info*>& contracts() const noexcept;

  // The way to other nodes; null without options.link.
  troupe::gate* link() noexcept;

  // The supervision tree as it is now; waits for the supervisors to answer, a second at most. For use in
  // `self`.
  task<supervision_node> look_at_tree(visitor& self);

  // Ends an actor of the tree as a crash would; its supervisor deals with it. Yields false when no instance
  // has this id. For use in `self`.
  task<bool> kill_actor(visitor& self, caf::actor_id id);

  // Runs `work`, a callable `task<T>(visitor&)`, in an actor of its own; see visit().
  template <class F>
  auto run(F work) {
    return visit(system(), services(), std::move(work));
  }

private:
  struct state;
  explicit node(std::unique_ptr<state> inner);
  std::unique_ptr<state> state_;
};

} // namespace troupe
