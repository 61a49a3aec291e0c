#include "discovery/directory/cluster_directory.hpp"

#include <atomic>

namespace troupe {

class cluster_directory::cluster_route final : public service_route {
public:
  cluster_route(std::string service, instance_route& local) : service_(std::move(service)), local_(local) {}

  result<call_end_ptr> choose(const call& what) noexcept override {
    // Most services run on this node or on others, not on both: one of the two tests costs nothing.
    if (local_.available() || (remote_count_.load(std::memory_order_acquire) == 0 && local_.known()))
      return local_.choose(what);
    {
      std::lock_guard lock{mutex_};
      if (!remote_.empty()) return call_end_ptr{pick()};
    }
    if (local_.known()) return local_.choose(what);
    std::lock_guard lock{mutex_};
    return with_retry_hint(
      unavailable("no instance of {} is known: no module on this node plays it, and no connected peer does{}{}",
                  service_, last_loss_.empty() ? "" : "; ", last_loss_),
      retry_hint::not_executed);
  }

  void add(const peer_end_ptr& peer) {
    std::lock_guard lock{mutex_};
    remote_.push_back(peer);
    last_loss_.clear();
    remote_count_.store(remote_.size(), std::memory_order_release);
  }

  void remove(const peer_end_ptr& peer, const std::string& why) {
    std::lock_guard lock{mutex_};
    if (std::erase(remote_, peer) == 0) return;
    last_loss_ = why;
    remote_count_.store(remote_.size(), std::memory_order_release);
  }

  std::vector<std::string> peers() const {
    std::vector<std::string> out;
    std::lock_guard lock{mutex_};
    for (const auto& each : remote_)
      out.push_back(each->node());
    return out;
  }

private:
  const peer_end_ptr& pick() noexcept {
    const auto count = remote_.size();
    if (count == 1) return remote_.front();
    // As static_directory does: consecutive turns of a Weyl sequence go over all pairs.
    const auto turn = turn_++ * 0x9E3779B97F4A7C15ull;
    const auto first = static_cast<std::size_t>((turn >> 32) % count);
    const auto second = (first + 1 + static_cast<std::size_t>((turn & 0xFFFFFFFF) % (count - 1))) % count;
    return remote_[second]->open_calls() < remote_[first]->open_calls() ? remote_[second] : remote_[first];
  }

  const std::string service_;
  instance_route& local_;
  std::atomic<std::size_t> remote_count_ = 0;
  mutable std::mutex mutex_;
  std::vector<peer_end_ptr> remote_;
  std::uint64_t turn_ = 0;
  std::string last_loss_; // why the last peer that played it went
};

cluster_directory::cluster_directory(static_directory& local) : local_(local) {}
cluster_directory::~cluster_directory() = default;

cluster_directory::cluster_route& cluster_directory::find_route(std::string_view service) {
  auto found = routes_.find(service);
  if (found == routes_.end())
    found =
      routes_.emplace(std::string{service}, std::make_unique<cluster_route>(std::string{service}, local_.route(service)))
        .first;
  return *found->second;
}

service_route& cluster_directory::route(std::string_view service) {
  std::lock_guard lock{mutex_};
  return find_route(service);
}

void cluster_directory::on_peer_up(const peer_end_ptr& peer, const greeting& theirs) {
  std::lock_guard lock{mutex_};
  for (const auto& service : theirs.services)
    find_route(service.name).add(peer);
}

void cluster_directory::remove(const peer_end_ptr& peer, const std::string& why) {
  std::lock_guard lock{mutex_};
  for (auto& [service, route] : routes_)
    route->remove(peer, why);
}

void cluster_directory::on_peer_draining(const peer_end_ptr& peer) {
  remove(peer, "the node " + peer->node() + " is stopping");
}

void cluster_directory::on_peer_down(const peer_end_ptr& peer, const status& why) {
  remove(peer, "the connection to the node " + peer->node() + " has ended (" + why.to_string() + ")");
}

std::map<std::string, std::vector<std::string>> cluster_directory::remote_services() const {
  std::map<std::string, std::vector<std::string>> out;
  std::lock_guard lock{mutex_};
  for (const auto& [service, route] : routes_)
    if (auto peers = route->peers(); !peers.empty()) out.emplace(service, std::move(peers));
  return out;
}

} // namespace troupe
