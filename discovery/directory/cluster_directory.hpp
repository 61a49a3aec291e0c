// The directory of a node in a cluster: the services of this node, and those that its peers announced when
// they greeted. A call goes to an instance on this node when one is up; else to a peer, the less busy of two
// taken at random; else to an instance on this node that is being restarted, which holds it.
#pragma once

#include "discovery/directory/static_directory.hpp"
#include "runtime/link/gate.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe {

// Thread-safe. The peer_listener's functions are called by the gate.
class cluster_directory final : public directory, public peer_listener {
public:
  // `local` outlives it.
  explicit cluster_directory(static_directory& local);
  ~cluster_directory() override;

  service_route& route(std::string_view service) override;

  void on_peer_up(const peer_end_ptr& peer, const greeting& theirs) override;
  void on_peer_draining(const peer_end_ptr& peer) override;
  void on_peer_down(const peer_end_ptr& peer, const status& why) override;

  // The peers that take calls for each service, for the console and tests.
  std::map<std::string, std::vector<std::string>> remote_services() const;

private:
  class cluster_route;

  cluster_route& find_route(std::string_view service); // under the lock
  void remove(const peer_end_ptr& peer, const std::string& why);

  static_directory& local_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<cluster_route>, std::less<>> routes_;
};

} // namespace troupe
