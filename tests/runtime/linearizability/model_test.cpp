// Models of one's own, and what the built-in ones promise.
#include "runtime/linearizability/linearizability.hpp"
#include "runtime/linearizability/queue_model.hpp"
#include "runtime/linearizability/register_model.hpp"

#include <catch2/catch.hpp>

#include <deque>

using namespace troupe;

namespace {

// As model.hpp shows it: nothing that is optional, and an input that cannot even be compared.
struct counter_model {
  struct input_type {
    bool add;
    int amount;
  };
  using output_type = int;
  using state_type = int;

  state_type initial() const { return 0; }
  std::optional<state_type> step(const state_type& state, const input_type& input,
                                 const output_type* output) const {
    const auto after = input.add ? state + input.amount : state;
    if (output != nullptr && *output != after) return std::nullopt;
    return after;
  }
  std::string describe(const input_type& input, const output_type* output) const {
    return (input.add ? "add " + std::to_string(input.amount) : "read")
           + (output == nullptr ? "" : " -> " + std::to_string(*output));
  }
  std::string describe(const state_type& state) const { return std::to_string(state); }
};

static_assert(sequential_model<counter_model> && !partitioned_model<counter_model>);
static_assert(!read_only_model<counter_model> && !holding_model<counter_model>);
static_assert(holding_model<queue_model> && read_only_model<queue_model> && !partitioned_model<queue_model>);

} // namespace

TEST_CASE("a model of one's own is enough to check a service of one's own") {
  history_of<counter_model> history;
  const auto first = history.invoke(0, {true, 2});
  const auto second = history.invoke(1, {true, 3});
  history.invoke(2, {true, 10});
  history.complete(second, 3);
  history.complete(first, 5);
  history.complete(history.invoke(0, {false, 0}), 5);
  history.complete(history.invoke(1, {false, 0}), 15);
  CHECK(linearizable(history, counter_model{}));
  history.complete(history.invoke(1, {false, 0}), 5);
  const auto report = linearizable(history, counter_model{});
  CHECK(report.verdict == linearizability_verdict::not_linearizable);
  CHECK(
    report.text.starts_with("not linearizable: no order explains `read -> 5` of client 1: the 4 answers"));
}

TEST_CASE("a register may begin with a value") {
  history_of<register_model> history;
  history.complete(history.invoke(0, register_input::read()), register_output::read("7"));
  CHECK(linearizable(history, register_model{"7"}));
  CHECK_FALSE(linearizable(history, register_model{}));
}

TEST_CASE("a queue's states are what a queue holds, however they came about") {
  queue_state state;
  std::deque<std::string> real;
  for (int i = 0; i < 500; ++i) {
    if (i % 7 < 4) {
      state = state.pushed(std::to_string(i));
      real.push_back(std::to_string(i));
    } else {
      REQUIRE(state.front() == real.front());
      state = state.popped();
      real.pop_front();
    }
    REQUIRE(state.size() == real.size());
    REQUIRE(state.empty() == real.empty());
    // The same content by another way.
    auto same = queue_state{}.pushed("gone");
    for (const auto& each : real)
      same = same.pushed(each);
    same = same.popped();
    REQUIRE(same == state);
    REQUIRE(hash_value(same) == hash_value(state));
    REQUIRE_FALSE(same.pushed("x") == state);
    if (!real.empty()) REQUIRE_FALSE(same.popped().pushed("x") == state);
    const auto values = state.first(real.size() + 1);
    REQUIRE(std::equal(values.begin(), values.end(), real.begin(), real.end()));
  }
}

TEST_CASE("a very long queue goes away without a deep stack") {
  queue_state state;
  for (int i = 0; i < 1'000'000; ++i)
    state = state.pushed("x");
  CHECK(state.size() == 1'000'000);
}
