// What a person is told about a history that is not linearizable.
#include "runtime/linearizability/key_value_model.hpp"
#include "runtime/linearizability/linearizability.hpp"
#include "runtime/linearizability/queue_model.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("a linearizable history is told in one line, with an order as its witness") {
  history_of<key_value_model> history;
  const auto put = history.invoke(0, key_value_input::put("x", "1"));
  const auto lost = history.invoke(1, key_value_input::put("x", "2"));
  history.complete(history.invoke(2, key_value_input::get("y")), key_value_output::got(std::nullopt));
  const auto get = history.invoke(2, key_value_input::get("x"));
  history.complete(get, key_value_output::got("2"));
  history.complete(put, key_value_output::stored());
  const auto report = linearizable(history, key_value_model{});
  CHECK(report);
  CHECK(report.text == "linearizable: 4 operations, 2 parts, 9 steps");
  REQUIRE(report.witnesses.size() == 2);
  CHECK(report.witnesses[0] == std::vector{put, lost, get});
  CHECK(report.witnesses[1] == std::vector{operation_number{2}});
}

TEST_CASE("the answer that cannot be explained is shown among what overlaps it") {
  history_of<key_value_model> history;
  history.complete(history.invoke(9, key_value_input::put("other", "1")), key_value_output::stored());
  history.invoke_at(500us, 3, key_value_input::put("x", "3"));
  const auto write = history.invoke_at(1ms, 0, key_value_input::put("x", "1"));
  const auto early = history.invoke_at(1500us, 1, key_value_input::get("x"));
  history.complete_at(2ms, write, key_value_output::stored());
  history.complete_at(2500us, early, key_value_output::got("1"));
  const auto late = history.invoke_at(3ms, 2, key_value_input::get("x"));
  const auto slow = history.invoke_at(3200us, 4, key_value_input::append("x", "2"));
  history.complete_at(4ms, late, key_value_output::got(std::nullopt));
  history.complete_at(5ms, slow, key_value_output::stored());
  const auto report = linearizable(history, key_value_model{});

  std::ostringstream printed;
  printed << report;
  CHECK(
    printed.str()
    == R"(not linearizable in part "x": no order explains `get x -> nil` of client 2: the 2 answers before it fit together, with it nothing does
     client operation    called ms ended ms order of events
  3  3      put x 3      0.500000  -        |---------------?
  1  0      put x 1      1.000000  2.000000   |---|
  2  1      get x -> 1   1.500000  2.500000     |---|
  !! 2      get x -> nil 3.000000  4.000000           |---|
  4  4      append x 2   3.200000  5.000000             |--->
the longest orders (the first is numbered above):
  1. put x 1; get x -> 1; put x 3; append x 2
    leaves 32, which refuses `get x -> nil` of client 2
  2. put x 1; get x -> 1; append x 2; put x 3
    leaves 3, which refuses `get x -> nil` of client 2
  3. put x 1; get x -> 1; append x 2
    leaves 12, which refuses `get x -> nil` of client 2
)");
  CHECK(report.counterexample.partition == "x");
  CHECK(report.counterexample.blocked == late);
  REQUIRE(report.counterexample.prefixes.size() == 3);
  CHECK(report.counterexample.prefixes[0].order == std::vector{write, early, operation_number{1}, slow});
  CHECK(report.counterexample.prefixes[0].state == "32");
  CHECK(report.counterexample.prefixes[0].refused == std::vector{late});
  CHECK(report.witnesses.empty());
}

TEST_CASE("of a long history only the end is shown") {
  history_of<queue_model> history;
  for (int i = 0; i < 40; ++i)
    history.complete(
      history.invoke(0, queue_input::enqueue("a longer text, which has number " + std::to_string(100 + i))),
      queue_output::enqueued());
  const auto report = [&] {
    history.complete(history.invoke(1, queue_input::dequeue()), queue_output::empty());
    return linearizable(history, queue_model{});
  }();
  const auto& text = report.text;
  INFO(text);
  CHECK(text.starts_with(
    "not linearizable: no order explains `dequeue -> empty` of client 1: the 40 answers before it "
    "fit together, with it nothing does\n"));
  CHECK(text.find("(17 operations that were called before its end are not shown)\n") != std::string::npos);
  CHECK(text.find("the longest order (numbered above):\n  1. 32 operations, then enqueue \"a longer "
                  "tex\"..11..\"s number 132\"; ")
        != std::string::npos);
  CHECK(text.find(" and 32 more], which refuses `dequeue -> empty` of client 1\n") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 30);
}

TEST_CASE("values are shown so that they cannot be mistaken") {
  const key_value_model model;
  const auto shown = [&](std::string value) {
    const auto output = key_value_output::got(std::move(value));
    return model.describe(key_value_input::get("k"), &output);
  };
  CHECK(shown("word") == "get k -> word");
  CHECK(shown("nil") == "get k -> \"nil\"");
  CHECK(shown("") == "get k -> \"\"");
  CHECK(shown("a b") == "get k -> \"a b\"");
  CHECK(shown("\"\\\n\x7f") == "get k -> \"\\\"\\\\\\x0a\\x7f\"");
  CHECK(shown(std::string(32, 'a')) == "get k -> " + std::string(32, 'a'));
  CHECK(shown(std::string(33, 'a')) == "get k -> \"aaaaaaaaaaaa\"..9..\"aaaaaaaaaaaa\"");
  // No character is cut in two.
  CHECK(shown("aaaaaaaaaaa\xc3\xa9mmmmmmmmm\xc3\xa9zzzzzzzzzzz")
        == "get k -> \"aaaaaaaaaaa\"..13..\"zzzzzzzzzzz\"");
}
