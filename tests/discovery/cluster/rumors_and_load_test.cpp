// The small parts: the queue of rumors, the splitting of deltas, own services and their load.
#include "discovery/cluster/cluster_view.hpp"
#include "discovery/cluster/own_services.hpp"
#include "discovery/cluster/registry_rumors.hpp"
#include "discovery/registry/registry_codec.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const monotonic_time start{1h};

service_entry entry_of(std::string service, std::uint32_t load = 0) {
  service_entry out;
  out.service = std::move(service);
  out.load = load;
  return out;
}

registry_delta delta_of(std::string node, std::uint64_t until, std::vector<std::string> services) {
  registry_delta out{std::move(node), 1, until - services.size(), until, {}};
  auto change = out.since;
  for (auto& each : services)
    out.entries.push_back({entry_of(std::move(each)), ++change, false});
  return out;
}

std::vector<registry_delta> told(registry_rumors& of, std::size_t room = 1'400, std::size_t limit = 2) {
  return decode_registry_message(of.fill(room, limit)).value().deltas;
}

} // namespace

TEST_CASE("a rumor is told as often as it may be, the least told first") {
  registry_rumors rumors{100};
  rumors.put(delta_of("a", 1, {"x"}));
  CHECK(told(rumors).size() == 1);
  rumors.put(delta_of("b", 1, {"x"}));
  const auto both = told(rumors);
  REQUIRE(both.size() == 2);
  CHECK(both[0].node == "b");
  CHECK(rumors.size() == 1);
  CHECK(told(rumors).size() == 1);
  CHECK(rumors.empty());
  CHECK(rumors.fill(1'400, 2).empty());
}

TEST_CASE("a packet takes what fits") {
  registry_rumors rumors{100};
  for (std::uint64_t i = 1; i <= 50; ++i)
    rumors.put(delta_of("a", i, {"a.service.with.quite.a.name." + std::to_string(i)}));
  const auto bytes = rumors.fill(300, 1);
  CHECK(bytes.size() <= 300);
  CHECK(bytes.size() > 220);
  CHECK(rumors.size() == 50 - decode_registry_message(bytes).value().deltas.size());
  CHECK(rumors.fill(5, 1).empty());
}

TEST_CASE("what a later change overwrites is left out of earlier rumors, and no change gets lost by it") {
  registry_rumors rumors{100};
  rumors.put(delta_of("a", 2, {"x", "y"}));
  rumors.put(delta_of("a", 3, {"x"}));
  const auto both = told(rumors);
  REQUIRE(both.size() == 2);
  registry reader{"me", 1};
  reader.member_up("a", 1);
  for (const auto& each : both)
    CHECK(reader.apply(each).ok());
  CHECK(both[1].entries.size() == 1);
  CHECK(both[1].entries[0].entry.service == "y");
  CHECK(reader.digest()[0] == registry_digest_line{"a", 1, 3});
}

TEST_CASE("of rumors of two processes only those of the younger are told") {
  registry_rumors rumors{100};
  rumors.put(delta_of("a", 1, {"x"}));
  auto younger = delta_of("a", 1, {"y"});
  younger.incarnation = 2;
  rumors.put(younger);
  rumors.put(delta_of("a", 2, {"z"}));
  CHECK(told(rumors) == std::vector{younger});
  rumors.drop("a", 1);
  CHECK(rumors.size() == 1);
  rumors.drop("a", 2);
  CHECK(rumors.empty());
  rumors.drop("nobody", 7);
}

TEST_CASE("beyond the limit of rumors the most told is forgotten") {
  registry_rumors rumors{3};
  rumors.put(delta_of("a", 1, {"x"}));
  CHECK(told(rumors, 1'400, 9).size() == 1);
  for (const auto* node : {"b", "c", "d"})
    rumors.put(delta_of(node, 1, {"x"}));
  CHECK(rumors.size() == 3);
  for (const auto& each : told(rumors))
    CHECK(each.node != "a");
}

TEST_CASE("a delta in parts says the same as the whole") {
  std::vector<std::string> services;
  for (int i = 0; i < 100; ++i)
    services.push_back("service." + std::to_string(i));
  auto whole = delta_of("a", 100, services);
  whole.until = 130; // what is overwritten by nobody's rumor
  const auto parts = split(whole, 500);
  CHECK(parts.size() > 10);
  CHECK(parts.front().since == whole.since);
  CHECK(parts.back().until == 130);
  registry at_once{"me", 1};
  registry in_parts{"me", 1};
  at_once.member_up("a", 1);
  in_parts.member_up("a", 1);
  CHECK(at_once.apply(whole).ok());
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    CHECK(size_of(*part) <= 500);
    CHECK(in_parts.apply(*part).ok());
  }
  CHECK(*at_once.snapshot() == *in_parts.snapshot());
  CHECK(at_once.fingerprint() == in_parts.fingerprint());
  CHECK(split(delta_of("a", 1, {}), 500).size() == 1);
}

TEST_CASE("own services are told as one delta, and the same again is told no more") {
  own_services mine{{}};
  registry known{"me", 1};
  CHECK(mine.publish(entry_of("a")).ok());
  CHECK(mine.publish(entry_of("b")).ok());
  const auto delta = mine.take_changes(known, start);
  REQUIRE(delta);
  CHECK(delta->since == 0);
  CHECK(delta->until == 2);
  CHECK(delta->entries.size() == 2);
  CHECK(check(*delta, {}).ok());
  CHECK(mine.publish(entry_of("a")).ok());
  CHECK_FALSE(mine.take_changes(known, start));
  mine.withdraw("a");
  mine.set_health(service_health::draining);
  const auto next = mine.take_changes(known, start);
  REQUIRE(next);
  CHECK(next->entries.size() == 2);
  CHECK(next->entries[0].withdrawn);
  CHECK(next->entries[1].entry.health == service_health::draining);
  mine.withdraw("unknown");
  CHECK_FALSE(mine.take_changes(known, start));
}

TEST_CASE("load is told when log2 of it has changed, every ten seconds at most") {
  own_services mine{{}};
  registry known{"me", 1};
  CHECK_FALSE(mine.set_load("a", 9));
  CHECK(mine.publish(entry_of("a", 3)).ok());
  CHECK(mine.take_changes(known, start)->entries[0].entry.load == 3);
  CHECK_FALSE(mine.set_load("a", 2));
  CHECK(mine.due() == monotonic_time::max());
  CHECK(mine.set_load("a", 4));
  CHECK(mine.due() <= start);
  CHECK(mine.take_changes(known, start)->entries[0].entry.load == 4);
  CHECK(mine.set_load("a", 100));
  CHECK_FALSE(mine.take_changes(known, start + 5s));
  CHECK(mine.due() == start + 10s);
  CHECK_FALSE(mine.set_load("a", 5));
  CHECK(mine.due() == monotonic_time::max());
  CHECK(mine.set_load("a", 0));
  CHECK(mine.take_changes(known, start + 10s)->entries[0].entry.load == 0);
  // Published anew: what was measured counts.
  CHECK(mine.publish(entry_of("a", 77)).ok());
  CHECK_FALSE(mine.take_changes(known, start + 30s));
}

TEST_CASE("a view finds its members by name") {
  cluster_view view;
  for (const auto* name : {"a", "c", "e"}) {
    view.members.emplace_back();
    view.members.back().name = name;
  }
  view.members[1].state = member_state::dead;
  CHECK(view.find("c") == &view.members[1]);
  CHECK(view.find("b") == nullptr);
  CHECK(view.find("f") == nullptr);
  CHECK(view.living() == 2);
  CHECK(to_string(cluster_phase::refused) == "refused");
}
