// The registries of some nodes, told of each other by hand: what the gossip does in a cluster.
#pragma once

#include "discovery/actor_names/actor_names.hpp"
#include "discovery/registry/registry.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace names_test {

using namespace troupe;

class hand_gossip {
public:
  // A node joins, and its names from now on hear of others.
  entry_publisher& join(const std::string& name, std::uint64_t process, actor_names& names) {
    auto& made = nodes_[name];
    made = std::make_unique<member>(name, process, names);
    for (auto& [other, each] : nodes_) {
      each->known.member_up(name, process);
      made->known.member_up(other, each->process);
    }
    return *made;
  }
  // It died or left: it must not be told any more.
  void leave(const std::string& name) {
    const auto process = nodes_.at(name)->process;
    nodes_.erase(name);
    for (auto& [other, each] : nodes_)
      each->known.member_down(name, process);
  }
  // Everyone learns of what everyone has published since.
  void spread() {
    for (auto& [name, each] : nodes_)
      each->carry_out();
    for (auto& [name, each] : nodes_)
      for (auto& [other, from] : nodes_)
        for (const auto& delta : from->known.lacking(each->known.digest(), 1u << 20))
          REQUIRE(each->known.apply(delta).ok());
    for (auto& [name, each] : nodes_)
      each->names.on_services(each->known.snapshot());
  }
  // How many entries a node has told of, withdrawn ones included.
  std::size_t entries(const std::string& name) {
    std::size_t out = 0;
    const auto& of = *nodes_.at(name);
    const std::vector<registry_digest_line> nothing{{name, of.process, 0}};
    for (const auto& delta : nodes_.at(name)->known.lacking(nothing, 1u << 30))
      out += delta.entries.size();
    return out;
  }

private:
  struct member final : entry_publisher {
    member(const std::string& name, std::uint64_t number, actor_names& of)
      : process(number), names(of), known(name, number) {}

    status publish(service_entry entry) override {
      if (auto outcome = check(entry, registry_limits{}); !outcome.ok()) return outcome;
      std::lock_guard lock{mutex};
      orders.push_back([this, entry] { REQUIRE(known.publish(entry).has_value()); });
      return {};
    }
    void withdraw(std::string service) override {
      std::lock_guard lock{mutex};
      orders.push_back([this, service] { known.withdraw(service); });
    }
    void carry_out() {
      std::vector<std::function<void()>> now;
      {
        std::lock_guard lock{mutex};
        now.swap(orders);
      }
      for (const auto& each : now)
        each();
    }

    const std::uint64_t process;
    actor_names& names;
    registry known;
    std::mutex mutex;
    std::vector<std::function<void()>> orders;
  };

  std::map<std::string, std::unique_ptr<member>> nodes_;
};

} // namespace names_test
