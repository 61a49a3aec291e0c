// The checker against what is known to be so: histories of real objects, and a search that leaves nothing
// out.
#include "runtime/environment/random_source.hpp"
#include "runtime/linearizability/linearizability.hpp"
#include "tests/runtime/linearizability/brute_force.hpp"
#include "tests/runtime/linearizability/sequential_objects.hpp"
#include "tests/runtime/linearizability/traffic.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

using namespace troupe;
using namespace sequential;

namespace rc {
template <>
struct Arbitrary<move> {
  static Gen<move> arbitrary() {
    return gen::build<move>(gen::set(&move::client), gen::set(&move::choice), gen::set(&move::value));
  }
};
} // namespace rc

namespace {

// A whole set in one state, where set_model looks at each element on its own.
struct whole_set_model {
  using input_type = set_input;
  using output_type = set_output;
  using state_type = std::set<std::string>;
  state_type initial() const { return {}; }
  std::optional<state_type> step(const state_type& state, const input_type& input,
                                 const output_type* output) const {
    auto after = state;
    bool answer = state.count(input.element) == 1;
    if (input.what == set_input::kind::add) answer = after.insert(input.element).second;
    if (input.what == set_input::kind::remove) answer = after.erase(input.element) == 1;
    if (output != nullptr && output->answer && *output->answer != answer) return std::nullopt;
    return after;
  }
  std::string describe(const input_type& input, const output_type* output) const {
    return set_model{}.describe(input, output);
  }
  std::string describe(const state_type& state) const { return std::to_string(state.size()); }
};

std::vector<move> any_moves(random_source& random, std::size_t count) {
  std::vector<move> out(count);
  for (auto& one : out)
    one = {static_cast<std::uint8_t>(random.below(4)), static_cast<std::uint8_t>(random.next()),
           static_cast<std::uint8_t>(random.next())};
  return out;
}

// Everything that a report says, held against the definition. Returns whether the history is linearizable.
template <class Object>
bool report_is_right(const history_of<typename Object::model>& history) {
  const auto report = linearizable(history, typename Object::model{});
  const auto& all = history.operations();
  const bool expected = brute_force<Object>{all}.linearizable();
  INFO(report.text);
  REQUIRE(report.verdict != linearizability_verdict::unknown);
  REQUIRE(static_cast<bool>(report) == expected);
  if (expected) {
    std::set<std::string> parts;
    for (const auto& one : all)
      if (one.outcome != operation_outcome::failed) parts.insert(Object::part_of(one.input));
    REQUIRE(report.witnesses.size() == parts.size());
    for (const auto& witness : report.witnesses) {
      if (witness.empty()) continue;
      const auto part = Object::part_of(all[witness.front().value()].input);
      REQUIRE(explains<Object>(history, witness, part_of<Object>(history, part), true));
    }
    return true;
  }
  const auto& found = report.counterexample;
  const auto part = part_of<Object>(history, found.partition);
  const auto blocked = first_unexplained<Object>(part);
  REQUIRE(blocked);
  REQUIRE(all[found.blocked.value()].called == blocked->called);
  REQUIRE_FALSE(found.prefixes.empty());
  for (const auto& prefix : found.prefixes) {
    REQUIRE(explains<Object>(history, prefix.order, part, false));
    REQUIRE(std::count(prefix.refused.begin(), prefix.refused.end(), found.blocked) == 1);
  }
  return false;
}

} // namespace

TEMPLATE_LIST_TEST_CASE("what a real object answers is linearizable, however its clients overlap", "",
                        all_objects) {
  CHECK(rc::check("real objects", [](const std::vector<move>& moves) {
    const auto history = drive<TestType>(moves, 1'000);
    const auto report = linearizable(history, typename TestType::model{});
    RC_LOG() << report.text;
    RC_ASSERT(report.verdict == linearizability_verdict::linearizable);
  }));
}

TEMPLATE_LIST_TEST_CASE("long histories of a real object are linearizable, within a small part of the limits",
                        "", all_objects) {
  random_source random{20'171'001};
  for (int i = 0; i < 20; ++i) {
    // Those that are given up wait for ever, and so cost the most: keep them to some.
    auto moves = any_moves(random, 3'000);
    for (auto& one : moves)
      if (one.choice % 16 == 0 && !random.chance(0.02)) one.choice ^= 2;
    const auto history = drive<TestType>(moves, 10'000);
    REQUIRE(history.operations().size() > 900);
    const auto report = linearizable(history, typename TestType::model{}, {.max_steps = 1'000'000});
    INFO(report.text);
    REQUIRE(report.verdict == linearizability_verdict::linearizable);
  }
}

TEMPLATE_LIST_TEST_CASE("the checker agrees with a search that leaves nothing out", "", all_objects) {
  random_source random{1'990};
  int right = 0;
  int wrong = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto moves = any_moves(random, 10 + random.below(20));
    auto history = drive<TestType>(moves, 3 + random.below(6));
    if (random.chance(0.6)) history = corrupted<TestType>(history, any_moves(random, 1).front());
    if (random.chance(0.3)) history = corrupted<TestType>(history, any_moves(random, 1).front());
    ++(report_is_right<TestType>(history) ? right : wrong);
  }
  CHECK(right > 2'500);
  CHECK(wrong > 1'000);
}

TEMPLATE_LIST_TEST_CASE("one wrong answer is found exactly when no order explains it", "", all_objects) {
  CHECK(rc::check("corrupted", [](const std::vector<move>& moves, move how) {
    const auto history = corrupted<TestType>(drive<TestType>(moves, 7), how);
    const auto report = linearizable(history, typename TestType::model{});
    RC_LOG() << report.text;
    RC_ASSERT(static_cast<bool>(report) == brute_force<TestType>{history.operations()}.linearizable());
  }));
}

TEST_CASE("checking each part on its own finds what checking all together finds") {
  random_source random{2'015};
  int wrong = 0;
  for (int i = 0; i < 2'000; ++i) {
    auto history = drive<set_object>(any_moves(random, 40), 14);
    if (random.chance(0.7)) history = corrupted<set_object>(history, any_moves(random, 1).front());
    const auto parts = linearizable(history, set_model{});
    const auto all = linearizable(history, whole_set_model{});
    REQUIRE(parts.verdict == all.verdict);
    if (!all) ++wrong;
  }
  CHECK(wrong > 200);
  CHECK(wrong < 1'800);
}

TEST_CASE("the same history gives the same report, word for word") {
  random_source random{7};
  for (int i = 0; i < 200; ++i) {
    const auto history =
      corrupted<queue_object>(drive<queue_object>(any_moves(random, 60), 20), any_moves(random, 1).front());
    const auto once = linearizable(history, queue_model{});
    const auto again = linearizable(history, queue_model{});
    REQUIRE(once.text == again.text);
    REQUIRE(once.steps == again.steps);
  }
}
