// The directory of a node in a cluster: the services of this node, those that the registry says other nodes
// play, and those that peers unknown to the membership announced when they greeted.
//
// A call goes to
//   1. an instance on this node that is up, unless this node is draining and another one is ready;
//   2. a connected node that is ready: of two taken at random the one with fewer open calls an instance;
//   3. a connected node that is draining;
//   4. an instance on this node that is being restarted, which holds it;
// and is refused, with what is known of the service, when there is none of these.
#pragma once

#include "discovery/directory/static_directory.hpp"
#include "discovery/membership/member_record.hpp"
#include "discovery/registry/registry_snapshot.hpp"
#include "runtime/environment/clock.hpp"
#include "runtime/link/gate.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Thread-safe. A route's choose() and choose_other() take no lock as long as they find somebody.
//
// Who takes calls for a service:
// - A node that the membership knows: while it is connected, and the registry says of this process, or of a
//   later number that it has taken, that it is ready. While it is draining, if nobody is ready. Never while it
//   is starting or unhealthy.
// - A node that the membership does not know (no discovery, or not met yet): while it is connected, for what
//   it announced when it greeted.
// - Nobody who said on the link that it stops.
class cluster_directory final : public directory, public peer_listener {
public:
  // `local` outlives it. `own_node` is this node's name, under which the registry lists its own services.
  // `time` tells how long ago something happened, in refusals; null: they do not say.
  explicit cluster_directory(static_directory& local, std::string own_node = {}, const clock* time = nullptr);
  ~cluster_directory() override;

  service_route& route(std::string_view service) override;

  // -- what the link says, on the gate's loop
  void on_peer_up(const peer_end_ptr& peer, const greeting& theirs) override;
  void on_peer_draining(const peer_end_ptr& peer) override;
  void on_peer_down(const peer_end_ptr& peer, const status& why) override;

  // -- what the discovery says, on its loop; neither blocks for long

  // A member of the cluster as it is now, with each event of the membership that is about another node. Those
  // that died or left stay known: they take calls again when they are back.
  void on_member(const member_record& member);

  // The registry as it is now. What was not said of a service stands in the snapshot before, which is shared,
  // so that only services of which something changed are looked at.
  void on_services(const registry_snapshot_ptr& now);

  // The connected peers that take calls for each service, ready ones before draining ones, each by name, for
  // the console and tests.
  std::map<std::string, std::vector<std::string>> remote_services() const;

private:
  class cluster_route;
  struct knowledge;

  // Under the lock.
  cluster_route& find_route(std::string_view service);
  monotonic_time now() const noexcept;

  static_directory& local_;
  const std::string own_node_;
  const clock* time_;
  mutable std::mutex mutex_; // guards what follows
  std::unique_ptr<knowledge> known_;
  std::map<std::string, std::unique_ptr<cluster_route>, std::less<>> routes_;
};

} // namespace troupe
