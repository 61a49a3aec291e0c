// A cluster as one node's directory sees it: a link, a membership and a registry that a test plays.
#pragma once

#include "discovery/directory/cluster_directory.hpp"
#include "discovery/registry/registry.hpp"
#include "runtime/environment/manual_clock.hpp"
#include "tests/runtime/call/recorded_end.hpp"

#include <caf/actor_config.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>

namespace directory_test {

using namespace call_test;

class peer final : public peer_end {
public:
  peer(std::string node, std::uint64_t process) : peer_end(std::move(node), process) {}
  void deliver(frame what) noexcept override {
    if (what.kind == frame_kind::request) open_calls_.fetch_add(1, std::memory_order_relaxed);
  }
  void set_open_calls(std::uint32_t count) { open_calls_.store(count, std::memory_order_relaxed); }
};
using peer_ptr = boost::intrusive_ptr<peer>;

// Stands behind a reference, outside of any actor system.
class idle_actor final : public caf::monitorable_actor {
public:
  explicit idle_actor(caf::actor_config& config) : monitorable_actor(config) {}
  using monitorable_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr, caf::execution_unit*) override {}
};
inline caf::strong_actor_ptr make_idle_actor() {
  caf::actor_config config;
  return caf::make_actor<idle_actor, caf::strong_actor_ptr>(1, caf::node_id{}, nullptr, config);
}

inline greeting announces(std::vector<std::string> services) {
  greeting out;
  for (auto& each : services)
    out.services.push_back({std::move(each), {"Change", "Read"}});
  return out;
}

inline member_record member(std::string name, std::uint64_t process,
                            member_state state = member_state::alive) {
  member_record out;
  out.name = std::move(name);
  out.process = process;
  out.state = state;
  return out;
}

inline service_entry entry(service_health health, std::uint32_t instances = 1,
                           std::string service = "test.Calls") {
  service_entry out;
  out.service = std::move(service);
  out.instances = instances;
  out.health = health;
  return out;
}

// The directory of "me", with the service "test.Calls".
struct known_cluster {
  peer_ptr connect(const std::string& node, std::uint64_t process = 1,
                   std::vector<std::string> services = {"test.Calls"}) {
    peer_ptr made{new peer{node, process}};
    directory.on_peer_up(made, announces(std::move(services)));
    return made;
  }
  void disconnect(const peer_ptr& which, status why = unavailable("connection refused")) {
    directory.on_peer_down(which, why);
  }
  void join(const std::string& node, std::uint64_t process = 1) {
    mine.member_up(node, process);
    directory.on_member(member(node, process));
  }
  void lose(const std::string& node, std::uint64_t process, member_state how = member_state::dead) {
    mine.member_down(node, process);
    directory.on_member(member(node, process, how));
    tell();
  }
  // A process tells what it plays.
  void play(const std::string& node, std::uint64_t process, service_entry what) {
    auto delta =
      node == "me" ? mine.publish(std::move(what)) : theirs(node, process).publish(std::move(what));
    REQUIRE(delta.has_value());
    if (node != "me" && *delta) REQUIRE(mine.apply(**delta).ok());
    tell();
  }
  void give_up(const std::string& node, std::uint64_t process) {
    auto delta = theirs(node, process).withdraw("test.Calls");
    if (delta) REQUIRE(mine.apply(*delta).ok());
    tell();
  }
  void tell() { directory.on_services(mine.snapshot()); }

  // An instance on this node, whose actor is there or not.
  actor_reference_ptr install(bool up = true) {
    actor_reference_ptr made{new actor_reference{"test.Calls/0", 1000}};
    if (up) made->attach(make_idle_actor());
    local.add("test.Calls", made);
    return made;
  }

  result<call_end_ptr> choose() { return route.choose(*what); }
  result<call_end_ptr> choose_other(std::vector<call_end_ptr> failed) {
    return route.choose_other(*what, failed);
  }
  // "" when nobody takes the call, "me" for an instance of this node.
  static std::string name_of(const result<call_end_ptr>& end) {
    if (!end) return {};
    const auto* to = dynamic_cast<const peer*>(end->get());
    return to ? to->node() + "/" + std::to_string(to->incarnation()) : "me";
  }
  std::string chosen() { return name_of(choose()); }
  // All that are chosen at some time.
  std::set<std::string> all_chosen() {
    std::set<std::string> out;
    for (int i = 0; i < 100; ++i)
      out.insert(chosen());
    return out;
  }
  std::string refusal() {
    auto end = choose();
    REQUIRE_FALSE(end.has_value());
    CHECK(end.error().code() == status_code::unavailable);
    CHECK(retry_hint_of(end.error()) == retry_hint::not_executed);
    return end.error().message();
  }

  registry& theirs(const std::string& node, std::uint64_t process) {
    auto& out = registries[{node, process}];
    if (!out) out = std::make_unique<registry>(node, process);
    return *out;
  }

  manual_clock time;
  static_directory local;
  cluster_directory directory{local, "me", &time};
  service_route& route = directory.route("test.Calls");
  registry mine{"me", 1};
  std::map<std::pair<std::string, std::uint64_t>, std::unique_ptr<registry>> registries;
  recorded_end_ptr caller{new recorded_end};
  call_ptr what = make_call(caller);
};

} // namespace directory_test
