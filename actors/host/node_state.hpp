// The inside of a node. Internal to host.
#pragma once

#include "actors/host/node.hpp"
#include "actors/host/node_cluster.hpp"
#include "actors/host/node_metrics.hpp"
#include "discovery/actor_names/actor_names.hpp"
#include "discovery/directory/cluster_directory.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace troupe {

// Tells the directory of a peer, and then those who look for actors there.
class peer_news final : public peer_listener {
public:
  peer_news(cluster_directory& calls, actor_names& names) : calls_(calls), names_(names) {}

  void on_peer_up(const peer_end_ptr& peer, const greeting& theirs) override {
    calls_.on_peer_up(peer, theirs);
    names_.on_peers_changed();
  }
  void on_peer_draining(const peer_end_ptr& peer) override { calls_.on_peer_draining(peer); }
  void on_peer_down(const peer_end_ptr& peer, const status& why) override {
    calls_.on_peer_down(peer, why);
    names_.on_peers_changed();
  }

private:
  cluster_directory& calls_;
  actor_names& names_;
};

// Of a module.
struct module_limits {
  unsigned mailbox_limit;
  unsigned max_concurrent;
};

// What a node is made of.
struct node::state {
  state(node_options given, environment world, logging* log, metrics* numbers,
        const std::function<void(caf::actor_system_config&)>& configure);
  ~state();
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  status open_gate(environment world);
  status join_cluster(environment world);
  std::string link_address() const;
  void release_requests();

  supervisor_spec module_spec(service_module module);
  child_spec instance_spec(const std::shared_ptr<const service_module>& module, unsigned index,
                           module_limits limits);
  void ended(const supervisor_exit& why);
  void finished(const supervisor_exit& why);
  void on_ending(const cluster_ending& what);
  void wait_for_end();
  void remember(const caf::actor& visitor);
  void end_visitors();

  node_options options;
  const bool driven; // by a world that goes on only while nobody waits
  logging* logs;
  metrics* measured;
  random_source random;
  static_directory directory;
  actor_names names;
  cluster_directory cluster;
  peer_news news{cluster, names};
  node_services services;
  std::vector<const service_info*> contracts;
  std::unique_ptr<node_metrics> numbers;
  // Before the system, whose end waits for the last actors: they may be about to tell of theirs.
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  std::optional<supervisor_exit> end;
  std::function<void(const supervisor_exit&)> on_end;
  std::optional<cluster_ending> ending;
  std::function<void(const cluster_ending&)> on_cluster_ending;
  std::vector<caf::weak_actor_ptr> visitors; // some have ended already
  std::size_t forget_visitors_at = 64;

  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  caf::actor root;
  std::unique_ptr<gate> link;
  std::unique_ptr<node_cluster> cluster_duty; // null before the node joins, and without discovery
};

} // namespace troupe
