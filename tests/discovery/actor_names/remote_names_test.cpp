// The index over other nodes' entries.
#include "discovery/actor_names/remote_names.hpp"
#include "discovery/registry/registry.hpp"
#include "runtime/environment/random_source.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using texts = std::vector<std::string>;
using names = std::set<std::string>;

namespace {

struct two_nodes {
  registry mine{"me", 1};
  registry ann{"ann", 1};
  remote_names known{"me"};
  two_nodes() { mine.member_up("ann", 1); }

  names play(std::size_t number, std::string_view name, std::string_view handle) {
    return play(make_actor_entry(number, name, handle));
  }
  names play(service_entry what) {
    REQUIRE(mine.apply(**ann.publish(std::move(what))).ok());
    return known.update(*mine.snapshot());
  }
  names withdraw(std::size_t number) {
    REQUIRE(mine.apply(*ann.withdraw("actor:" + std::to_string(number))).ok());
    return known.update(*mine.snapshot());
  }
};

} // namespace

TEST_CASE("an entry fits the registry with the longest name, and its handle comes back as it was") {
  const std::string name(200, 'n');
  std::string handle;
  for (int i = 0; i < 400; ++i)
    handle.push_back(static_cast<char>(i));
  const auto entry = make_actor_entry(1023, name, handle);
  CHECK(entry.service == "actor:1023");
  CHECK(check(entry, registry_limits{}).ok());
  two_nodes nodes;
  CHECK(nodes.play(entry) == names{name});
  CHECK(nodes.known.handles(name) == texts{handle});
}

TEST_CASE("entries come, change their name, and go") {
  two_nodes nodes;
  CHECK(nodes.play(0, "printer", "a") == names{"printer"});
  CHECK(nodes.play(1, "printer", "b") == names{"printer"});
  CHECK(nodes.known.handles("printer") == texts{"a", "b"});
  CHECK(nodes.known.update(*nodes.mine.snapshot()).empty());
  CHECK(nodes.play(0, "scanner", "c") == names{"printer", "scanner"});
  CHECK(nodes.known.handles("printer") == texts{"b"});
  CHECK(nodes.known.handles("scanner") == texts{"c"});
  CHECK(nodes.withdraw(1) == names{"printer"});
  CHECK(nodes.known.handles("printer").empty());
  nodes.mine.member_down("ann", 1);
  CHECK(nodes.known.update(*nodes.mine.snapshot()) == names{"scanner"});
  CHECK(nodes.known.handles("scanner").empty());
}

TEST_CASE("a restarted node's entries replace those of its process before") {
  two_nodes nodes;
  nodes.play(0, "printer", "old");
  nodes.mine.member_up("ann", 2);
  registry anew{"ann", 2};
  REQUIRE(nodes.mine.apply(**anew.publish(make_actor_entry(0, "printer", "new"))).ok());
  CHECK(nodes.known.update(*nodes.mine.snapshot()) == names{"printer"});
  CHECK(nodes.known.handles("printer") == texts{"new"});
}

TEST_CASE("services, one's own entries and entries that make no sense are left out") {
  two_nodes nodes;
  service_entry service;
  service.service = "actors.Printer";
  service.metadata = {{"name", "printer"}, {"handle", "YQ=="}};
  CHECK(nodes.play(service).empty());
  service.service = "actor:7";
  service.metadata = {{"name", "printer"}};
  CHECK(nodes.play(service).empty());
  service.metadata = {{"name", "printer"}, {"handle", "no base64"}};
  CHECK(nodes.play(service).empty());
  service.metadata = {{"name", "printer"}, {"handle", ""}};
  CHECK(nodes.play(service).empty());
  (void)nodes.mine.publish(make_actor_entry(0, "printer", "mine"));
  CHECK(nodes.known.update(*nodes.mine.snapshot()).empty());
  // And leave again.
  CHECK(nodes.withdraw(7).empty());
  CHECK(nodes.known.handles("printer").empty());
}

TEST_CASE("load and health of an entry change nothing") {
  two_nodes nodes;
  nodes.play(0, "printer", "a");
  auto entry = make_actor_entry(0, "printer", "a");
  entry.health = service_health::draining;
  entry.load = 7;
  CHECK(nodes.play(entry).empty());
  CHECK(nodes.known.handles("printer") == texts{"a"});
}

TEST_CASE("after any changes the index is what a look at the whole snapshot gives") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    random_source random{seed};
    registry mine{"me", 1};
    std::map<std::string, registry> others;
    for (const auto* each : {"ann", "bob", "zoe"}) {
      others.emplace(each, registry{each, 1});
      mine.member_up(each, 1);
    }
    remote_names known{"me"};
    for (int step = 0; step < 200; ++step) {
      auto& who = std::next(others.begin(), static_cast<std::ptrdiff_t>(random.below(3)))->second;
      const auto number = random.below(12);
      std::optional<registry_delta> delta;
      if (random.below(3) == 0)
        delta = who.withdraw("actor:" + std::to_string(number));
      else
        delta = *who.publish(make_actor_entry(number, "name-" + std::to_string(random.below(3)),
                                              std::to_string(random.below(4) + 1)));
      if (delta) REQUIRE(mine.apply(*delta).ok());
      if (random.below(3) != 0) continue;
      known.update(*mine.snapshot());
      remote_names fresh{"me"};
      fresh.update(*mine.snapshot());
      for (const auto* name : {"name-0", "name-1", "name-2"})
        REQUIRE(known.handles(name) == fresh.handles(name));
    }
  }
}
