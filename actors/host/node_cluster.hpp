// A node in its cluster: tells the registry what the node plays, keeps the link connected to the members, and
// tells the directory who takes calls. Internal to host.
//
//   supervision -- instances --> service_states --> cluster_member <--> the cluster
//   directory, names <-- on_services, on_member ---------'|
//   gate      <-- keep_connected, forget -----------------'
#pragma once

#include "actors/host/node.hpp"
#include "actors/host/service_states.hpp"
#include "discovery/actor_names/actor_names.hpp"
#include "discovery/cluster/cluster_member.hpp"
#include "discovery/directory/cluster_directory.hpp"
#include "runtime/link/gate.hpp"
#include "runtime/telemetry/log.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace troupe {

class node_cluster final : private cluster_listener, private entry_publisher {
public:
  // Joins. Everything given outlives it. `on_ending` is called on the discovery's loop, once at most: the
  // cluster will not have this node.
  static result<std::unique_ptr<node_cluster>> start(cluster_member_options options, const environment& world,
                                                     gate& link, cluster_directory& calls, actor_names& names,
                                                     logging* logs, metrics* numbers,
                                                     std::function<void(const cluster_ending&)> on_ending);
  ~node_cluster() override;

  // Thread-safe.
  void add_service(std::string_view service, std::string_view version, unsigned instances);
  void on_up(std::string_view service, unsigned instance);
  void on_away(std::string_view service, unsigned instance);
  void drain(bool draining);
  bool draining() const;
  cluster_member& member() noexcept { return *member_; }

private:
  node_cluster(gate& link, cluster_directory& calls, actor_names& names, logging* logs,
               std::function<void(const cluster_ending&)> on_ending);

  void on_member(const member_event& what) override;
  void on_services(const std::vector<registry_change>& changes, const registry_snapshot_ptr& now) override;
  void on_refused(const status& why) override;
  void on_split_brain(const split_brain_decision& what, split_brain_loss loss) override;

  // For actor_names.
  status publish(service_entry entry) override { return member_->publish(std::move(entry)); }
  void withdraw(std::string service) override { member_->withdraw(std::move(service)); }

  void tell(service_entry entry);
  void connect(const member_record& to);
  void disconnect(const std::string& node);
  void end(cluster_ending what);

  gate& link_;
  cluster_directory& calls_;
  actor_names& names_;
  const logger log_;
  const std::function<void(const cluster_ending&)> on_ending_;

  mutable std::mutex mutex_; // guards what follows, and the order of what is published
  service_states states_;

  // On the discovery's loop.
  std::map<std::string, std::string, std::less<>> links_; // of members that a connection is kept to, by name
  bool ending_told_ = false;

  std::unique_ptr<cluster_member> member_;
};

} // namespace troupe
