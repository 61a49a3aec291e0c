#include "discovery/registry/registry.hpp"
#include "runtime/environment/random_source.hpp"

#include <catch2/catch.hpp>

#include <deque>

using namespace troupe;

namespace {

// Nodes that change what they play, come and go; a network that loses, doubles and reorders what they say.
class cluster {
public:
  explicit cluster(std::uint64_t seed) : chance_(seed) {
    for (std::size_t i = 0; i < count; ++i)
      start(i);
  }

  void live(int steps) {
    for (int i = 0; i < steps; ++i)
      step();
  }

  // Everybody sees everybody, and each pair has a push-pull, of a few bytes at a time.
  void settle() {
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < count; ++b)
        nodes_[a]->member_up(name(b), incarnations_[b]);
    for (int round = 0; round < 200; ++round)
      for (std::size_t a = 0; a < count; ++a)
        push_pull(a, (a + 1) % count);
  }

  void check() {
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(*nodes_[i]->snapshot() == *nodes_[0]->snapshot());
      CHECK(watched_[i] == flat(*nodes_[i]->snapshot()));
    }
  }

  std::size_t places() { return flat(*nodes_[0]->snapshot()).size(); }

private:
  static constexpr std::size_t count = 6;
  using flat_places = std::map<std::pair<std::string, std::string>, service_place>;

  static std::string name(std::size_t index) { return "node-" + std::to_string(index); }

  static flat_places flat(const registry_snapshot& of) {
    flat_places out;
    for (const auto& [service, places] : of.services())
      for (const auto& each : *places)
        out.emplace(std::pair{each.node, service}, each);
    return out;
  }

  void start(std::size_t index) {
    incarnations_[index] = ++starts_;
    nodes_[index] = std::make_unique<registry>(name(index), incarnations_[index]);
    watched_[index].clear();
  }

  void step() {
    const auto who = chance_.below(count);
    auto& node = *nodes_[who];
    const auto service = "service-" + std::to_string(chance_.below(5));
    switch (chance_.below(12)) {
    case 0:
    case 1:
    case 2: {
      service_entry entry;
      entry.service = service;
      entry.load = static_cast<std::uint32_t>(chance_.below(3));
      entry.health = static_cast<service_health>(chance_.below(4));
      if (const auto delta = node.publish(entry).value()) spread(*delta);
      break;
    }
    case 3:
      if (auto delta = node.withdraw(service)) spread(*delta);
      break;
    case 4:
      if (auto delta = node.set_health(service_health::draining)) spread(*delta);
      break;
    case 5:
      push_pull(who, chance_.below(count));
      break;
    case 6:
      if (chance_.chance(0.2)) start(who);
      break;
    case 7: {
      const auto other = chance_.below(count);
      node.member_down(name(other), incarnations_[other] - chance_.below(2));
      break;
    }
    case 8:
    case 9: {
      const auto other = chance_.below(count);
      node.member_up(name(other), incarnations_[other] - chance_.below(2));
      break;
    }
    default:
      deliver();
    }
    watch(who);
  }

  void spread(const registry_delta& delta) {
    for (std::size_t i = 0; i < count; ++i)
      if (!chance_.chance(0.3)) on_the_way_.emplace_back(i, delta);
  }

  void deliver() {
    if (on_the_way_.empty()) return;
    const auto at = on_the_way_.begin() + static_cast<std::ptrdiff_t>(chance_.below(on_the_way_.size()));
    const auto [to, delta] = *at;
    if (!chance_.chance(0.2)) on_the_way_.erase(at); // else it comes again
    CHECK(nodes_[to]->apply(delta).ok());
    watch(to);
  }

  void push_pull(std::size_t a, std::size_t b) {
    for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
      for (const auto& delta : nodes_[from]->lacking(nodes_[to]->digest(), 200))
        CHECK(nodes_[to]->apply(delta).ok());
      watch(to);
    }
  }

  // Whoever follows the changes has what the snapshot has.
  void watch(std::size_t who) {
    for (auto& each : nodes_[who]->take_changes()) {
      const std::pair key{each.place.node, each.place.entry.service};
      if (each.what == registry_change::kind::vanished)
        CHECK(watched_[who].erase(key) == 1);
      else
        watched_[who].insert_or_assign(key, each.place);
    }
  }

  random_source chance_;
  std::uint64_t starts_ = 100;
  std::unique_ptr<registry> nodes_[count];
  std::uint64_t incarnations_[count] = {};
  flat_places watched_[count];
  std::deque<std::pair<std::size_t, registry_delta>> on_the_way_;
};

} // namespace

TEST_CASE("after any history of changes, losses and restarts, push-pulls make all registries equal") {
  std::size_t places = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    cluster all{seed};
    all.live(400);
    all.settle();
    all.check();
    places += all.places();
  }
  CHECK(places > 300); // not equal because all are empty
}
