#include "runtime/shrink/simpler_faults.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

std::vector<fault_event> drawn() {
  const std::vector<std::string> nodes{"a", "b", "c", "d", "e"};
  std::vector<fault_event> out;
  for (std::uint64_t seed = 1; seed <= 3; ++seed)
    for (const auto profile : {fault_profile::everyday, fault_profile::everything})
      for (auto& each : plan_faults(profile, seed, nodes, 10min).events)
        out.push_back(std::move(each));
  return out;
}

bool any(const std::vector<fault_event>& among, const fault_event& what) {
  for (const auto& each : among)
    if (each == what) return true;
  return false;
}

} // namespace

TEST_CASE("candidates are valid and none is the event itself") {
  for (const auto& event : drawn())
    for (const auto& each : simpler_faults(event)) {
      INFO(to_text({{event, each}}));
      CHECK(validate({{each}}).ok());
      CHECK_FALSE(each == event);
      CHECK(each.at <= event.at);
      CHECK(each.span <= event.span);
      CHECK(each.nodes.size() <= event.nodes.size());
      CHECK(each.seed == event.seed);
    }
}

TEST_CASE("candidates of candidates come to an end, whichever are taken") {
  for (auto event : drawn()) {
    const auto before = to_text({{event}});
    auto last = event;
    std::size_t steps = 0;
    for (auto next = simpler_faults(event); !next.empty(); next = simpler_faults(event)) {
      event = next.front();
      REQUIRE(++steps < 1000);
    }
    for (auto next = simpler_faults(last); !next.empty(); next = simpler_faults(last)) {
      last = next.back();
      REQUIRE(++steps < 1000);
    }
    INFO(before << to_text({{event, last}}));
    CHECK(event.at % 10s == 0s);
    CHECK(last.at % 10s == 0s);
  }
}

TEST_CASE("fewer nodes, one respect at a time") {
  const fault_event event{
    .at = 0s, .span = 1ms, .kind = fault_kind::partition, .nodes = {"a", "b", "c"}, .others = {"d"}};
  const auto found = simpler_faults(event);
  REQUIRE(found.size() == 6);
  for (const auto& names :
       std::vector<std::vector<std::string>>{{"a"}, {"b"}, {"c"}, {"b", "c"}, {"a", "c"}, {"a", "b"}}) {
    auto expected = event;
    expected.nodes = names;
    CHECK(any(found, expected));
  }
}

TEST_CASE("spans, chances and amounts shrink to round values") {
  const fault_event event{.at = 12'345'678'901ns,
                          .span = 7'654'321us,
                          .kind = fault_kind::tail,
                          .chance = 0.0537,
                          .amount = 123'456us};
  const auto found = simpler_faults(event);
  const auto with = [&](auto change) {
    auto out = event;
    change(out);
    return any(found, out);
  };
  CHECK(with([](auto& to) { to.span = 700ms; }));
  CHECK(with([](auto& to) { to.span = 3s; }));
  CHECK(with([](auto& to) { to.span = 7s; }));
  CHECK(with([](auto& to) { to.chance = 0.005; }));
  CHECK(with([](auto& to) { to.chance = 0.05; }));
  CHECK(with([](auto& to) { to.amount = 10ms; }));
  CHECK(with([](auto& to) { to.at = 10s; }));
  CHECK(with([](auto& to) { to.at = 12s; }));
  CHECK(with([](auto& to) { to.at = 12'300ms; }));
  CHECK(with([](auto& to) { to.at = 12'345ms; }));
}

TEST_CASE("what is negative shrinks towards zero, a bandwidth grows") {
  const fault_event jump{.at = 0s, .kind = fault_kind::clock_jump, .nodes = {"a"}, .amount = -3s};
  for (const auto& each : simpler_faults(jump)) {
    CHECK(each.amount < 0s);
    CHECK(each.amount > -3s);
  }
  CHECK(simpler_faults(jump).size() == 2);
  const fault_event narrow{.at = 0s, .span = 1ms, .kind = fault_kind::narrow, .number = 12'345};
  REQUIRE(simpler_faults(narrow).size() == 1);
  CHECK(simpler_faults(narrow)[0].number == 100'000);
}

TEST_CASE("a flapping partition may stay instead") {
  const fault_event event{.at = 0s,
                          .span = 1ms,
                          .kind = fault_kind::partition_flapping,
                          .nodes = {"a"},
                          .others = {"b"},
                          .amount = 10us};
  const auto found = simpler_faults(event);
  REQUIRE_FALSE(found.empty());
  CHECK(found[0].kind == fault_kind::partition);
  CHECK(found[0].amount == 0s);
}
