// After any events in any order, the directory chooses as a model does that looks at all that was said.
#include "known_cluster.hpp"
#include "runtime/environment/random_source.hpp"

using namespace directory_test;

namespace {

struct connection {
  peer_ptr end;
  bool stopping = false;
};

struct model {
  std::vector<connection> connections;
  std::set<std::string> members; // known by name
  registry_snapshot_ptr services = std::make_shared<const registry_snapshot>();
  bool local_up = false;

  std::set<std::string> expected() const {
    std::set<std::string> ready, draining;
    bool leaving = false;
    for (const auto& place : services->find("test.Calls"))
      if (place.node == "me") leaving = place.entry.health == service_health::draining;
    for (const auto& each : connections) {
      if (each.stopping) continue;
      const auto name = each.end->node() + "/" + std::to_string(each.end->incarnation());
      if (members.count(each.end->node()) == 0)
        ready.insert(name);
      else
        for (const auto& place : services->find("test.Calls")) {
          if (place.node != each.end->node() || place.incarnation < each.end->incarnation()) continue;
          if (place.entry.health == service_health::ready) ready.insert(name);
          if (place.entry.health == service_health::draining) draining.insert(name);
        }
    }
    if (local_up && !(leaving && !ready.empty())) return {"me"};
    if (!ready.empty()) return ready;
    if (!draining.empty()) return draining;
    return {"me"}; // it holds the call until it is back
  }
};

} // namespace

TEST_CASE("the choice is that of a model after any order of events") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    random_source random{seed};
    known_cluster cluster;
    model known;
    // Ended connections, so that an end's address is not used again.
    std::vector<peer_ptr> ended;
    std::map<std::string, std::uint64_t> process;
    const auto instance = cluster.install(false);
    const auto node = [&] { return "node-" + std::to_string(random.below(4)); };
    for (int step = 0; step < 150; ++step) {
      const auto who = node();
      auto& current = process[who];
      switch (random.below(9)) {
      case 0: // a new process, or the same one again
        if (current == 0 || random.below(3) == 0) ++current;
        cluster.mine.member_up(who, current);
        cluster.directory.on_member(member(who, current));
        known.members.insert(who);
        break;
      case 1:
        cluster.mine.member_down(who, current);
        if (known.members.count(who) != 0)
          cluster.directory.on_member(member(who, current, member_state::dead));
        break;
      case 2:
      case 3: { // connects, perhaps ahead of the news that it has restarted
        const auto of = std::max<std::uint64_t>(1, current) + random.below(2);
        known.connections.push_back({cluster.connect(who, of), false});
        break;
      }
      case 4:
        if (!known.connections.empty()) {
          auto& which = known.connections[random.below(known.connections.size())];
          which.stopping = true;
          cluster.directory.on_peer_draining(which.end);
        }
        break;
      case 5:
        if (!known.connections.empty()) {
          const auto at =
            known.connections.begin() + static_cast<std::ptrdiff_t>(random.below(known.connections.size()));
          cluster.disconnect(at->end);
          ended.push_back(at->end);
          known.connections.erase(at);
        }
        break;
      case 6: {
        const auto health = static_cast<service_health>(random.below(4));
        if (random.below(5) == 0) {
          (void)cluster.mine.publish(entry(health));
        } else if (current != 0) {
          auto delta = cluster.theirs(who, current)
                         .publish(entry(health, 1 + static_cast<std::uint32_t>(random.below(3))));
          if (*delta) REQUIRE(cluster.mine.apply(**delta).ok());
        }
        break;
      }
      case 7:
        if (current != 0)
          if (auto delta = cluster.theirs(who, current).withdraw("test.Calls"))
            REQUIRE(cluster.mine.apply(*delta).ok());
        break;
      case 8:
        known.local_up = random.below(3) == 0;
        if (known.local_up)
          instance->attach(make_idle_actor());
        else
          instance->suspend(true, "it crashed");
        break;
      }
      if (random.below(2) == 0) {
        known.services = cluster.mine.snapshot();
        cluster.directory.on_services(known.services);
      }
      CAPTURE(seed, step);
      const auto expected = known.expected();
      REQUIRE(cluster.all_chosen() == expected);
    }
    instance->suspend(false, "the test ends");
  }
}
