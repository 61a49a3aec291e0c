// Histories that chance makes up, of processes that share names: restarts with clocks that are behind or
// ahead, twins, partitions, crashes in between. Once it is quiet, of each name that was left running one
// process runs on (of twins, at most one), nobody holds it for dead, and the numbers of processes stand
// still.
#include "virtual_cluster.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

using namespace troupe;
using namespace troupe::membership_test;

namespace {

constexpr std::size_t names = 5;

struct history {
  virtual_cluster cluster;
  random_source random;
  std::vector<std::string> told;
  std::vector<std::size_t> nodes;             // by index in the cluster, never the first two
  std::map<std::size_t, std::string> name_of; // of those

  explicit history(std::uint64_t seed)
    : cluster({.seed = seed, .loss = 0.02}), random(random_source{seed}.split("history")) {}

  void tell(std::string what) {
    told.push_back(fmt::format("{} s: {}", cluster.now() / 1s, std::move(what)));
  }

  // A process of a name that may run already, at an address of its own; its clock is wrong by a lot.
  void start(std::size_t which) {
    const auto name = fmt::format("x{}", which);
    const auto process = 1'000 + static_cast<std::uint64_t>(random.below(1'000));
    const auto index = cluster.add(name, process);
    nodes.push_back(index);
    name_of[index] = name;
    tell(fmt::format("{} starts as {} of {}", index, process, name));
  }

  void step(bool twins) {
    std::vector<std::size_t> up;
    std::set<std::string> running;
    for (const auto each : nodes) {
      if (!cluster.running(each)) continue;
      up.push_back(each);
      running.insert(name_of[each]);
    }
    switch (random.below(6)) {
    case 0:
    case 1: {
      const auto which = static_cast<std::size_t>(random.below(names));
      if (twins || !running.contains(fmt::format("x{}", which))) start(which);
      break;
    }
    case 2:
      if (!up.empty()) {
        const auto victim = up[static_cast<std::size_t>(random.below(up.size()))];
        tell(fmt::format("{} crashes", victim));
        cluster.crash(victim);
      }
      break;
    case 3:
      if (!up.empty()) {
        const auto victim = up[static_cast<std::size_t>(random.below(up.size()))];
        tell(fmt::format("{} leaves", victim));
        cluster.leave(victim);
      }
      break;
    case 4: {
      const auto sides = random.next();
      tell("a partition");
      cluster.cut([sides](std::size_t from, std::size_t to) {
        return (sides >> from % 64 & 1) != (sides >> to % 64 & 1);
      });
      break;
    }
    default:
      tell("healed");
      cluster.heal();
    }
    cluster.run_for(duration{random.between(0, duration{20s}.count())});
  }

  // What each sees of the others.
  std::string seen() {
    std::string out;
    for (std::size_t i = 0; i < cluster.size(); ++i) {
      if (!cluster.running(i)) continue;
      const auto& self = cluster.core(i).self();
      out += fmt::format("\n{} ({} {}):", i, self.name, self.process);
      cluster.core(i).visit([&](const member_record& each) {
        out += fmt::format(" {} {} {} at {},", each.name, each.process, to_string(each.state),
                           each.gossip.to_string());
      });
    }
    return out;
  }

  std::uint64_t highest_number() {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < cluster.size(); ++i)
      if (cluster.running(i)) out = std::max(out, cluster.core(i).self().process);
    return out;
  }
};

} // namespace

TEST_CASE("whatever becomes of names, one process of each runs on and all agree on it") {
  const bool twins = GENERATE(false, true);
  for (std::uint64_t seed = 1; seed <= TROUPE_TWINS_SEEDS; ++seed) {
    history past{seed};
    past.cluster.add_many(3);
    past.cluster.run_for(5s);
    for (int i = 0; i < 20; ++i)
      past.step(twins);
    past.cluster.heal();
    std::set<std::string> running;
    for (const auto each : past.nodes)
      if (past.cluster.running(each)) running.insert(past.name_of[each]);
    const auto took = past.cluster.run_until([&] { return past.cluster.agree(); }, 5min);
    INFO("seed " << seed << ", " << took / 1s << " s\n" << fmt::format("{}", fmt::join(past.told, "\n")));
    INFO(past.seen());
    REQUIRE(past.cluster.agree());
    std::multiset<std::string> left;
    for (const auto each : past.nodes)
      if (past.cluster.running(each)) left.insert(past.name_of[each]);
    const std::set<std::string> once(left.begin(), left.end());
    REQUIRE(left.size() == once.size());
    // Of twins the younger refuses to run; it stays away though the older leaves later.
    if (twins)
      REQUIRE(std::includes(running.begin(), running.end(), once.begin(), once.end()));
    else
      REQUIRE(once == running);
    const auto highest = past.highest_number();
    past.cluster.run_for(5min);
    REQUIRE(past.cluster.agree());
    REQUIRE(past.highest_number() == highest);
  }
}
