// Members of a cluster on the nodes of a simulated world, and what is to hold for all of them.
#pragma once

#include "discovery/cluster/cluster_member.hpp"
#include "runtime/simulation/fault_run.hpp"
#include "runtime/simulation/world.hpp"
#include "runtime/telemetry/log.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::cluster_test {

using namespace std::chrono_literals;

struct cluster_options {
  std::size_t members = 3;
  std::size_t seeds = 2; // the first so many are everyone's
  // On top of what is said here: name, address, seeds.
  cluster_member_options member;
  bool keeps_state = false;
  // Changes one member's options: the name that the node has in the world.
  std::function<void(const std::string& node, cluster_member_options&)> change;
  link_conditions network{.latency = 200us, .jitter = 3ms};
};

// What one member has told its listener, over the life of its process.
class cluster_node final : public simulated_program, public cluster_listener {
public:
  cluster_node(simulated_node& node, cluster_member_options options, std::vector<std::string>& lines);

  void on_member(const member_event& what) override;
  void on_services(const std::vector<registry_change>& changes, const registry_snapshot_ptr& now) override;
  void on_refused(const status& why) override { refusals.push_back(why); }
  void on_split_brain(const split_brain_decision& what, split_brain_loss) override {
    decisions.push_back(what);
  }

  const environment around;
  metrics numbers;
  std::unique_ptr<logging> logs;
  std::vector<std::string> events; // "died n3"
  std::vector<registry_change> changes;
  std::vector<status> refusals;
  std::vector<split_brain_decision> decisions;
  bool snapshots_agree = true;            // what on_services() was given was what view() shows
  std::unique_ptr<cluster_member> member; // ends before the rest
};

class simulated_cluster {
public:
  simulated_cluster(std::uint64_t seed, cluster_options options);

  static std::string name_of(std::size_t index) { return "n" + std::to_string(index); }
  static endpoint endpoint_of(std::size_t index);
  std::size_t add(std::string node);

  void boot(std::size_t index) { in.boot(at(index)); }
  void boot_all();
  void crash(std::size_t index) { in.crash(at(index)); }
  void restart(std::size_t index) {
    crash(index);
    boot(index);
  }
  // Nothing gets from one of `from` to one of `to`, until heal().
  void cut(const std::vector<std::size_t>& from, const std::vector<std::size_t>& to, bool both_ways = true);
  void heal();

  simulated_node& at(std::size_t index) { return *in.nodes()[index]; }
  cluster_node* program(std::size_t index) { return static_cast<cluster_node*>(at(index).program()); }
  cluster_member& member(std::size_t index) { return *program(index)->member; }
  cluster_view_ptr view(std::size_t index) { return member(index).view(); }
  std::size_t size() const { return in.nodes().size(); }

  // Runs until `is_so`, looking every 20 ms; how long it took, or `most`.
  duration run_until(const std::function<bool()>& is_so, duration most);
  // Empty when all members that are on see exactly each other alive, with the same processes, and the same
  // services, those of each other and of nobody else; otherwise the first thing that is not so.
  std::string disagreement();
  // The same among these: others are dead or unknown to them.
  std::string disagreement(const std::vector<std::size_t>& side);
  bool agree() { return disagreement().empty(); }
  std::size_t count_lines(std::string_view part) const;

  std::vector<std::string> lines; // of all logs, over all boots; outlives the world
  world in;

private:
  cluster_member_options options_for(std::size_t index) const;

  cluster_options options_;
  std::vector<fault_id> cuts_;
};

service_entry entry_of(std::string service, service_health health = service_health::ready);

} // namespace troupe::cluster_test
