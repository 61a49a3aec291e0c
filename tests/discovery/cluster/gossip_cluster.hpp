// Registries whose gossip cores talk to each other in virtual time, without a membership: everyone knows
// everyone, unless the test says otherwise.
#pragma once

#include "discovery/cluster/registry_gossip.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

namespace troupe::cluster_test {

using namespace std::chrono_literals;

struct gossip_options {
  std::uint64_t seed = 1;
  std::size_t members = 3;
  double loss = 0; // of datagrams
  registry_gossip_settings settings;
};

class gossip_cluster {
public:
  explicit gossip_cluster(gossip_options options);

  static std::string name_of(std::size_t index) { return "node-" + std::to_string(index); }
  static endpoint endpoint_of(std::size_t index) {
    return {ip_address::v4(10, 0, static_cast<std::uint8_t>(index >> 8), static_cast<std::uint8_t>(index)),
            7401};
  }

  // Everyone is a member for everyone.
  void introduce_all();
  void introduce(std::size_t whom, std::size_t to);
  void publish(std::size_t index, const std::string& service, std::uint32_t instances = 1);

  void run_for(duration how_long);
  duration run_until(const std::function<bool()>& is_so, duration most);

  registry& entries(std::size_t index) { return *nodes_[index].entries; }
  registry_gossip& core(std::size_t index) { return *nodes_[index].gossip; }
  std::size_t size() const { return nodes_.size(); }
  bool agree();
  monotonic_time now() const { return now_; }

  // Each message as it is sent; false: it is lost.
  std::function<bool(std::size_t from, const gossip_send& what)> on_send;
  std::uint64_t datagrams = 0;
  std::uint64_t messages = 0; // on streams
  std::uint64_t bytes = 0;
  std::size_t largest = 0;

private:
  struct node {
    std::unique_ptr<registry> entries;
    std::unique_ptr<registry_gossip> gossip;
  };
  struct packet {
    monotonic_time when;
    std::uint64_t order = 0;
    std::size_t from = 0;
    std::size_t to = 0;
    gossip_channel channel = gossip_channel::datagram;
    std::vector<std::byte> content;
    bool operator>(const packet& other) const {
      return std::pair{when, order} > std::pair{other.when, other.order};
    }
  };
  void collect(std::size_t from);

  gossip_options options_;
  random_source random_;
  std::vector<node> nodes_;
  std::priority_queue<packet, std::vector<packet>, std::greater<>> packets_;
  monotonic_time now_{1h};
  std::uint64_t order_ = 0;
};

} // namespace troupe::cluster_test
