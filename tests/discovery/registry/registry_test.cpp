#include "discovery/registry/registry.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using kind = registry_change::kind;

namespace {

service_entry entry(std::string service, service_health health = service_health::ready,
                    std::uint32_t load = 0) {
  service_entry out;
  out.service = std::move(service);
  out.version = "1";
  out.instances = 2;
  out.health = health;
  out.load = load;
  return out;
}

registry_delta published(registry& by, service_entry what) {
  auto outcome = by.publish(std::move(what));
  REQUIRE(outcome.has_value());
  REQUIRE(outcome->has_value());
  return **outcome;
}

std::vector<std::string> nodes(registry& of, std::string_view service) {
  std::vector<std::string> out;
  for (const auto& each : of.snapshot()->find(service))
    out.push_back(each.node);
  return out;
}

using names = std::vector<std::string>;

// Ada and Bob, who know of each other.
struct two {
  registry ada{"ada", 10};
  registry bob{"bob", 20};
  two() {
    ada.member_up("bob", 20);
    bob.member_up("ada", 10);
  }
};

} // namespace

TEST_CASE("what a node publishes is in its own snapshot at once, and in others' after the delta") {
  two both;
  const auto delta = published(both.ada, entry("shop.Orders"));
  CHECK(delta.since == 0);
  CHECK(delta.until == 1);
  CHECK(nodes(both.ada, "shop.Orders") == names{"ada"});
  CHECK(nodes(both.bob, "shop.Orders").empty());
  CHECK(both.bob.apply(delta).ok());
  CHECK(nodes(both.bob, "shop.Orders") == names{"ada"});
  CHECK(both.bob.snapshot()->find("shop.Orders")[0].entry == entry("shop.Orders"));
  CHECK(both.bob.snapshot()->find("shop.Orders")[0].incarnation == 10);
}

TEST_CASE("publishing what is known already is no change") {
  two both;
  published(both.ada, entry("shop.Orders"));
  const auto before = both.ada.snapshot();
  CHECK_FALSE(both.ada.publish(entry("shop.Orders"))->has_value());
  CHECK(both.ada.snapshot() == before);
  CHECK(published(both.ada, entry("shop.Orders", service_health::ready, 7)).until == 2);
}

TEST_CASE("a service that is withdrawn is gone, and can come back") {
  two both;
  CHECK(both.bob.apply(published(both.ada, entry("a"))).ok());
  const auto gone = both.ada.withdraw("a");
  REQUIRE(gone);
  CHECK_FALSE(both.ada.withdraw("a"));
  CHECK_FALSE(both.ada.withdraw("never"));
  CHECK(both.bob.apply(*gone).ok());
  CHECK(both.bob.snapshot()->services().empty());
  CHECK(both.bob.apply(published(both.ada, entry("a"))).ok());
  CHECK(nodes(both.bob, "a") == names{"ada"});
}

TEST_CASE("a drain is one delta of all services") {
  two both;
  CHECK(both.bob.apply(published(both.ada, entry("a"))).ok());
  CHECK(both.bob.apply(published(both.ada, entry("b"))).ok());
  CHECK(both.bob.apply(published(both.ada, entry("c"))).ok());
  CHECK(both.bob.apply(*both.ada.withdraw("c")).ok());
  const auto drain = both.ada.set_health(service_health::draining);
  REQUIRE(drain);
  CHECK(drain->entries.size() == 2);
  CHECK(drain->since == 4);
  CHECK(drain->until == 6);
  CHECK_FALSE(both.ada.set_health(service_health::draining));
  CHECK(both.bob.apply(*drain).ok());
  CHECK(both.bob.snapshot()->find("a")[0].entry.health == service_health::draining);
  CHECK(both.bob.snapshot()->find("b")[0].entry.health == service_health::draining);
  CHECK(nodes(both.bob, "c").empty());
}

TEST_CASE("deltas may come twice, late and in any order; an entry never goes back") {
  two both;
  const auto first = published(both.ada, entry("a", service_health::starting));
  const auto second = published(both.ada, entry("a", service_health::ready));
  CHECK(both.bob.apply(second).ok());
  CHECK(both.bob.figures().with_gap == 1);
  CHECK(both.bob.apply(first).ok());
  CHECK(both.bob.snapshot()->find("a")[0].entry.health == service_health::ready);
  CHECK(both.bob.apply(second).ok());
  CHECK(both.bob.apply(first).ok());
  CHECK(both.bob.snapshot()->find("a")[0].entry.health == service_health::ready);
}

TEST_CASE("what was known with a gap is asked for again") {
  two both;
  published(both.ada, entry("lost"));
  CHECK(both.bob.apply(published(both.ada, entry("came"))).ok());
  CHECK(nodes(both.bob, "came") == names{"ada"});
  CHECK(both.bob.digest() == std::vector<registry_digest_line>{{"ada", 10, 0}, {"bob", 20, 0}});
  for (const auto& each : both.ada.lacking(both.bob.digest(), 10'000))
    CHECK(both.bob.apply(each).ok());
  CHECK(nodes(both.bob, "lost") == names{"ada"});
  CHECK(both.bob.digest()[0].known == 2);
  CHECK(both.ada.lacking(both.bob.digest(), 10'000).empty());
}

TEST_CASE("a node passes on what it knows of others, but not beyond a gap") {
  two both;
  registry eve{"eve", 30};
  eve.member_up("ada", 10);
  eve.member_up("bob", 20);
  const auto first = published(both.ada, entry("a"));
  published(both.ada, entry("b"));
  const auto third = published(both.ada, entry("c"));
  CHECK(both.bob.apply(first).ok());
  CHECK(both.bob.apply(third).ok());
  const auto told = both.bob.lacking(eve.digest(), 10'000);
  REQUIRE(told.size() == 1);
  CHECK(told[0] == first);
  CHECK(eve.apply(told[0]).ok());
  CHECK(eve.snapshot()->services().size() == 1);
}

TEST_CASE("services die with their node, and come back with it when it was only cut off") {
  two both;
  const auto delta = published(both.ada, entry("a"));
  CHECK(both.bob.apply(delta).ok());
  both.bob.member_down("ada", 9);
  CHECK(nodes(both.bob, "a") == names{"ada"}); // the news is of an earlier process
  both.bob.member_down("ada", 10);
  CHECK(nodes(both.bob, "a").empty());
  CHECK(both.bob.apply(delta).ok());
  CHECK(nodes(both.bob, "a").empty());
  CHECK(both.bob.figures().of_strangers == 1);
  both.bob.member_up("ada", 10);
  for (const auto& each : both.ada.lacking(both.bob.digest(), 10'000))
    CHECK(both.bob.apply(each).ok());
  CHECK(nodes(both.bob, "a") == names{"ada"});
}

TEST_CASE("a restarted node begins anew, and nothing of its earlier process counts") {
  two both;
  const auto old = published(both.ada, entry("a"));
  CHECK(both.bob.apply(old).ok());
  registry again{"ada", 11};
  const auto anew = published(again, entry("b"));
  CHECK(both.bob.apply(anew).ok()); // before the membership knows
  CHECK(nodes(both.bob, "b").empty());
  both.bob.member_up("ada", 11);
  CHECK(nodes(both.bob, "a").empty());
  CHECK(both.bob.apply(old).ok());
  CHECK(nodes(both.bob, "a").empty());
  CHECK(both.bob.apply(anew).ok());
  CHECK(nodes(both.bob, "b") == names{"ada"});
  both.bob.member_up("ada", 10); // old news
  CHECK(nodes(both.bob, "b") == names{"ada"});
  CHECK(both.ada.lacking(std::vector<registry_digest_line>{{"ada", 11, 0}}, 10'000).empty());
}

TEST_CASE("nobody tells a node what it plays itself, nor that it is down") {
  two both;
  registry_delta lie{"bob", 20, 0, 1, {{entry("x"), 1, false}}};
  CHECK(both.bob.apply(lie).ok());
  CHECK(both.bob.figures().of_ourselves == 1);
  CHECK(both.bob.snapshot()->services().empty());
  published(both.bob, entry("b"));
  both.bob.member_down("bob", 20);
  both.bob.member_up("bob", 99);
  CHECK(nodes(both.bob, "b") == names{"bob"});
}

TEST_CASE("nothing of a malformed delta is used") {
  two both;
  registry_delta bad{"ada", 10, 0, 2, {{entry("a"), 1, false}, {entry(""), 2, false}}};
  CHECK(both.bob.apply(bad).code() == status_code::invalid_argument);
  CHECK(both.bob.figures().malformed == 1);
  CHECK(both.bob.snapshot()->services().empty());
  CHECK(both.bob.digest()[0].known == 0);
}

TEST_CASE("a node plays so many services and no more") {
  registry_limits limits;
  limits.services_per_node = 2;
  registry ada{"ada", 1, limits};
  CHECK(ada.publish(entry("a")).has_value());
  CHECK(ada.publish(entry("b")).has_value());
  CHECK(ada.publish(entry("c")).error().code() == status_code::resource_exhausted);
  CHECK(ada.publish(entry("b", service_health::draining)).has_value());
  registry bob{"bob", 2, limits};
  bob.member_up("ada", 1);
  CHECK(bob.apply({"ada", 1, 0, 2, {{entry("a"), 1, false}, {entry("b"), 2, false}}}).ok());
  CHECK_FALSE(bob.apply({"ada", 1, 2, 3, {{entry("c"), 3, false}}}).ok());
  CHECK(bob.figures().malformed == 1);
  CHECK(bob.snapshot()->services().size() == 2);
}

TEST_CASE("a push-pull has a limit of bytes; all nodes have their turns") {
  registry ada{"ada", 1};
  registry bob{"bob", 2};
  std::vector<registry> others;
  for (auto* name : {"x", "y", "z"}) {
    auto& each = others.emplace_back(name, 3);
    ada.member_up(name, 3);
    bob.member_up(name, 3);
    for (int i = 0; i < 4; ++i)
      CHECK(ada.apply(published(each, entry("service-" + std::to_string(i)))).ok());
  }
  ada.member_up("bob", 2);
  bob.member_up("ada", 1);
  const auto room = 3 * size_of(entry("service-0"));
  std::size_t rounds = 0;
  for (; rounds < 100; ++rounds) {
    const auto told = ada.lacking(bob.digest(), room);
    if (told.empty()) break;
    std::size_t used = 0;
    for (const auto& each : told) {
      CHECK(bob.apply(each).ok());
      for (const auto& every : each.entries)
        used += size_of(every.entry);
    }
    CHECK(used <= room);
  }
  CHECK(rounds == 4);
  CHECK(*ada.snapshot() == *bob.snapshot());

  registry eve{"eve", 5};
  for (auto* name : {"x", "y", "z"})
    eve.member_up(name, 3);
  CHECK(ada.lacking(eve.digest(), 1).size() == 1); // something at least
}

TEST_CASE("watchers are told what appeared, changed and vanished, in order") {
  two both;
  auto& bob = both.bob;
  CHECK(bob.apply(published(both.ada, entry("a"))).ok());
  CHECK(bob.apply(published(both.ada, entry("a", service_health::draining))).ok());
  CHECK(bob.apply(published(both.ada, entry("b"))).ok());
  CHECK(bob.apply(*both.ada.withdraw("a")).ok());
  bob.member_down("ada", 10);
  const service_place first{"ada", 10, entry("a")}, drained{"ada", 10, entry("a", service_health::draining)},
    other{"ada", 10, entry("b")};
  CHECK(bob.take_changes()
        == std::vector<registry_change>{{kind::appeared, first},
                                        {kind::changed, drained},
                                        {kind::appeared, other},
                                        {kind::vanished, drained},
                                        {kind::vanished, other}});
  CHECK(bob.take_changes().empty());
}

TEST_CASE("a snapshot stays as it was, and shares what did not change") {
  two both;
  published(both.ada, entry("a"));
  published(both.ada, entry("b"));
  const auto before = both.ada.snapshot();
  published(both.ada, entry("b", service_health::unhealthy));
  const auto after = both.ada.snapshot();
  CHECK(before->find("b")[0].entry.health == service_health::ready);
  CHECK(after->find("b")[0].entry.health == service_health::unhealthy);
  CHECK(&before->find("a") == &after->find("a"));
  CHECK_FALSE(*before == *after);
}

TEST_CASE("fingerprints differ when what is known does, and say who is behind") {
  registry one{"a", 1};
  registry two{"b", 1};
  one.member_up("b", 1);
  two.member_up("a", 1);
  CHECK(one.fingerprint() == two.fingerprint());
  service_entry entry;
  entry.service = "orders";
  const auto delta = *two.publish(entry).value();
  CHECK(one.fingerprint() != two.fingerprint());
  CHECK(one.behind(two.digest()) == std::vector<registry_digest_line>{{"b", 1, 0}});
  CHECK(two.behind(one.digest()).empty());
  CHECK(one.is_news(delta));
  CHECK_FALSE(two.is_news(delta));
  REQUIRE(one.apply(delta).ok());
  CHECK_FALSE(one.is_news(delta));
  CHECK(one.fingerprint() == two.fingerprint());
  one.member_up("b", 2);
  CHECK(one.fingerprint() != two.fingerprint());
  CHECK(one.behind(two.digest()).empty());
}
