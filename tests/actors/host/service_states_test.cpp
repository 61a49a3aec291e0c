#include "actors/host/service_states.hpp"

#include <catch2/catch.hpp>

using troupe::service_health;
using troupe::service_states;

TEST_CASE("a service starts, is ready with its first instance, and unhealthy without any") {
  service_states states;
  auto made = states.add("garden.Well", "1.2", 2);
  CHECK(made.service == "garden.Well");
  CHECK(made.version == "1.2");
  CHECK(made.instances == 0);
  CHECK(made.health == service_health::starting);

  auto first = states.on_up("garden.Well", 0);
  REQUIRE(first);
  CHECK(first->instances == 1);
  CHECK(first->health == service_health::ready);
  CHECK_FALSE(states.on_up("garden.Well", 0));
  CHECK(states.on_up("garden.Well", 1)->instances == 2);

  CHECK(states.on_away("garden.Well", 0)->health == service_health::ready);
  auto last = states.on_away("garden.Well", 1);
  REQUIRE(last);
  CHECK(last->instances == 0);
  CHECK(last->health == service_health::unhealthy);
  CHECK(states.on_up("garden.Well", 1)->health == service_health::ready);
}

TEST_CASE("an instance that goes before one ever stood leaves the service starting") {
  service_states states;
  states.add("garden.Well", "", 1);
  CHECK_FALSE(states.on_away("garden.Well", 0));
}

TEST_CASE("what is not known changes nothing") {
  service_states states;
  states.add("garden.Well", "", 1);
  CHECK_FALSE(states.on_up("garden.Gardener", 0));
  CHECK_FALSE(states.on_up("garden.Well", 1));
}

TEST_CASE("while a node drains, all that it plays does, whatever happens") {
  service_states states;
  states.add("garden.Well", "", 1);
  states.add("garden.Gardener", "", 1);
  states.on_up("garden.Well", 0);
  auto told = states.drain(true);
  REQUIRE(told.size() == 2);
  for (const auto& each : told)
    CHECK(each.health == service_health::draining);
  CHECK(states.draining());
  CHECK(states.drain(true).empty());
  CHECK(states.on_up("garden.Gardener", 0)->health == service_health::draining);
  CHECK(states.add("garden.Shed", "", 1).health == service_health::draining);

  for (const auto& each : states.drain(false))
    CHECK(each.health == (each.service == "garden.Shed" ? service_health::starting : service_health::ready));
}
