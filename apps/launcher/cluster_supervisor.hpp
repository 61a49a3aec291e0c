// Decides which node of a cluster is started, stopped and killed when. Pure: it is told what happened and
// answers with what to do.
//
//   waiting --> starting --> serving --> stopping --> stopped
//                  ^  |         |
//                  |  v         v  exit code 0: stopped; 2 and 6: given_up
//                  pausing <----'  anything else: again after a pause, until there were too many failures
//
// Whoever starts is given the gossip addresses of the nodes that serve as its seeds. While none serves, only
// one node starts at a time: two that start at once without seeds would make two clusters.
#pragma once

#include "apps/launcher/cluster_file.hpp"
#include "runtime/environment/random_source.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::launcher {

enum class node_phase : std::uint8_t { waiting, starting, serving, pausing, stopping, stopped, given_up };
std::string_view to_string(node_phase phase) noexcept;

// What a node's --ports-file says; 0: it has no such door.
struct node_ports {
  std::uint16_t http = 0;
  std::uint16_t grpc = 0;
  std::uint16_t admin = 0;
  std::uint16_t link = 0;
  std::uint16_t gossip = 0;

  bool operator==(const node_ports&) const = default;
};

// How a process ended: by itself (signal is 0) or by a signal.
struct process_end {
  int exit_code = 0;
  int signal = 0;

  // "exit code 3: it could not start", "signal 9".
  std::string to_string() const;
  bool operator==(const process_end&) const = default;
};

struct supervised_node {
  std::string name;
  node_phase phase = node_phase::waiting;
  int pid = 0;      // of the process that runs; 0: none
  node_ports ports; // since it serves, and as long as it is to keep them
  std::uint32_t starts = 0;
  std::uint32_t failures = 0; // in a row
  std::optional<process_end> last_end;
};

struct supervisor_options {
  restart_rule restart;
  duration kill_every{}; // kills one of the serving nodes so often, once all have served; 0: never
  duration start_limit = std::chrono::seconds{60}; // who does not serve by then is killed: a failure
  duration stop_limit = std::chrono::seconds{60};  // who has not stopped by then is killed
};

// What to do. Nodes are numbered as they were given.
struct start_node {
  std::size_t node = 0;
  std::vector<std::string> seeds; // gossip addresses, host:port
  node_ports keep;                // doors that it shall have again: http, grpc and admin; 0: any
};
struct signal_node {
  std::size_t node = 0;
  int signal = 0;
};
struct tell {
  bool warning = false;
  std::string text;
  std::optional<std::size_t> failed = {}; // the node whose last words say why
};
// For the first time every node serves that has not ended for good.
struct all_serve {};
// Nothing runs and nothing will be started: the end, once. 0 or 1: a node was given up or had to be killed.
struct finish {
  int exit_code = 0;
};
using supervisor_action = std::variant<start_node, signal_node, tell, all_serve, finish>;
using supervisor_actions = std::vector<supervisor_action>;

class cluster_supervisor {
public:
  // `random` chooses whom to kill.
  cluster_supervisor(std::vector<std::string> names, supervisor_options options, random_source random);

  supervisor_actions begin(monotonic_time now);
  // Answers to start_node.
  supervisor_actions started(std::size_t node, int pid, monotonic_time now);
  supervisor_actions failed_to_start(std::size_t node, std::string_view why, monotonic_time now);
  // The node has written its ports file. A node that is no longer starting is ignored.
  supervisor_actions serves(std::size_t node, node_ports ports, monotonic_time now);
  supervisor_actions ended(std::size_t node, process_end how, monotonic_time now);
  // The first time all nodes are told to stop, the second time they are killed.
  supervisor_actions stop(monotonic_time now);
  // Stops the node and starts it anew; one that has ended, for good too, is started at once. Earlier failures
  // are forgotten. While the cluster stops, nothing.
  supervisor_actions restart(std::size_t node, monotonic_time now);
  // What is due. To be called at next_time(); earlier does no harm.
  supervisor_actions tick(monotonic_time now);
  // Nothing: nothing is due until something happens.
  std::optional<monotonic_time> next_time() const;

  std::span<const supervised_node> nodes() const noexcept { return view_; }
  bool stopping() const noexcept { return stop_requests_ > 0; }

private:
  struct timing {
    monotonic_time since{};    // of the phase
    monotonic_time due{};      // pausing, starting and stopping: when something must happen
    bool killed_by_us = false; // not its failure
    bool was_serving = false;  // this process has
    bool kept_ports = false;   // this process was told to
    bool again = false;        // told to stop in order to be started anew
  };

  void enter(std::size_t node, node_phase phase, monotonic_time now);
  void start_due(monotonic_time now, supervisor_actions& out);
  void start(std::size_t node, monotonic_time now, supervisor_actions& out);
  void pause_or_give_up(std::size_t node, const std::string& why, monotonic_time now,
                        supervisor_actions& out);
  void kill_one(monotonic_time now, supervisor_actions& out);
  void conclude(monotonic_time now, supervisor_actions& out);
  bool any(node_phase phase) const noexcept;

  supervisor_options options_;
  random_source random_;
  std::vector<supervised_node> view_;
  std::vector<timing> timing_;
  std::optional<monotonic_time> next_kill_;
  int stop_requests_ = 0;
  bool told_all_serve_ = false;
  bool killed_ = false; // one that did not stop in time
  bool finished_ = false;
};

} // namespace troupe::launcher
