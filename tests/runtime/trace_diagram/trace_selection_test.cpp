#include "tests/runtime/trace_diagram/events.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

// One event a microsecond on node a.
selected_trace of_ticks(int count, trace_selection_options options) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i)
    lines.push_back(std::to_string(i) + " run a tick");
  return selection_of(lines, std::move(options));
}

std::vector<std::string> names_of(const selected_trace& trace) {
  std::vector<std::string> out;
  for (const auto& each : trace.nodes)
    out.push_back(each.name);
  return out;
}

} // namespace

TEST_CASE("the last events are selected, the others counted") {
  const auto some = of_ticks(100, {.events = 10});
  REQUIRE(some.events.size() == 10);
  CHECK(some.events.front().at == 90us);
  CHECK(some.events.back().at == 99us);
  CHECK(some.earlier == 90);
  CHECK(some.later == 0);
  CHECK(of_ticks(5, {.events = 10}).events.size() == 5);
  CHECK(of_ticks(0, {}).events.empty());
  CHECK(of_ticks(3, {.events = 0}).events.size() == 1);
}

TEST_CASE("events around a moment: half before it, as many as there are") {
  const auto middle = of_ticks(100, {.events = 10, .around = 50us});
  REQUIRE(middle.events.size() == 10);
  CHECK(middle.events.front().at == 46us);
  CHECK(middle.events.back().at == 55us);
  CHECK(middle.earlier == 46);
  CHECK(middle.later == 44);
  const auto begin = of_ticks(100, {.events = 10, .around = 1us});
  REQUIRE(begin.events.size() == 10);
  CHECK(begin.events.front().at == 0us);
  CHECK(begin.later == 90);
  const auto after_all = of_ticks(100, {.events = 10, .around = 1s});
  REQUIRE(after_all.events.size() == 10);
  CHECK(after_all.events.back().at == 99us);
  const auto odd = of_ticks(100, {.events = 1, .around = 50us});
  REQUIRE(odd.events.size() == 1);
}

TEST_CASE("nodes have the order of the trace, and only those asked for have a lifeline") {
  const std::vector<std::string> lines{"0 boot b", "0 boot a", "1 send a c #1 x", "2 receive a c #1 x",
                                       "3 run b x"};
  CHECK(names_of(selection_of(lines)) == std::vector<std::string>{"b", "a", "c"});
  const auto only = selection_of(lines, {.nodes = {"a"}});
  CHECK(names_of(only) == std::vector<std::string>{"a"});
  CHECK(only.other_nodes == std::vector<std::string>{"b", "c"});
  // Its own events, and the arrival of its message elsewhere.
  REQUIRE(only.events.size() == 3);
  CHECK(only.events[2].kind == traced_kind::receive);
  CHECK(only.hidden == 2);
}

TEST_CASE("a node that is not in the trace is an error that names those that are") {
  trace_selection selection{{.nodes = {"a", "z"}}};
  selection.add(brief("0 boot a"));
  selection.add(brief("0 boot b"));
  const auto out = selection.finish();
  REQUIRE_FALSE(out.has_value());
  CHECK(out.error().code() == status_code::not_found);
  CHECK(out.error().message() == "there is no node \"z\" in the trace; its nodes are a, b");
}

TEST_CASE("hidden kinds are left out and counted, but not what lifelines are made of") {
  const auto some = selection_of({"0 boot a", "1 run a x", "2 timer a x", "3 crash a"},
                                 {.hidden_kinds = {"run", "crash", "timer"}});
  REQUIRE(some.events.size() == 2);
  CHECK(some.events[1].kind == traced_kind::crash);
  CHECK(some.hidden == 2);
}

TEST_CASE("small messages can be hidden, other events have no size") {
  trace_selection selection{{.least_bytes = 7}};
  for (const auto bytes : {6, 7}) {
    auto sent = brief("1 send a b #1 x");
    sent.bytes = static_cast<std::uint64_t>(bytes);
    selection.add(sent);
  }
  selection.add(brief("2 run a x"));
  const auto out = selection.finish();
  REQUIRE(out.has_value());
  CHECK(out->events.size() == 2);
  CHECK(out->hidden == 1);
}

TEST_CASE("what was so before the selection is known") {
  const std::vector<std::string> lines{"0 boot a",
                                       "0 boot b",
                                       "0 boot c",
                                       "1 crash a",
                                       "2 pause b",
                                       "3 send c b #9 hello",
                                       "4 fault - partition 1s for 1ms partition a | b",
                                       "5 fault - loss 1s for 1us loss a | b",
                                       "10 run c x",
                                       "11 receive c b #9 hello"};
  const auto some = selection_of(lines, {.events = 2});
  REQUIRE(some.nodes.size() == 3);
  CHECK(some.nodes[0].before == node_condition::down);
  CHECK(some.nodes[1].before == node_condition::paused);
  CHECK(some.nodes[2].before == node_condition::up);
  REQUIRE(some.sent_before.size() == 1);
  CHECK(some.sent_before.at(9).at == 3us);
  REQUIRE(some.faults_before.size() == 1);
  CHECK(some.faults_before[0].name == "partition");
}

TEST_CASE("more nodes than lifelines share one") {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < most_selected_nodes + 3; ++i)
    lines.push_back("0 boot n" + std::to_string(i));
  const auto some = selection_of(lines);
  CHECK(some.nodes.size() == most_selected_nodes);
  CHECK(some.other_nodes.size() == 3);
}
