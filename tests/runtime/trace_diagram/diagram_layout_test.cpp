#include "runtime/trace_diagram/diagram_layout.hpp"
#include "tests/runtime/trace_diagram/events.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("a message is an arrow from its sending to its arrival") {
  const auto made =
    lay_out(selection_of({"0 boot a", "0 boot b", "10 send a b #1 stream.bytes", "900 receive a b #1 x"}));
  REQUIRE(made.lanes.size() == 2);
  REQUIRE(made.arrows.size() == 1);
  const auto& arrow = made.arrows[0];
  CHECK(arrow.fate == arrow_fate::arrived);
  CHECK(arrow.from_x == made.lanes[0].x);
  CHECK(arrow.to_x == made.lanes[1].x);
  CHECK(arrow.from_y < arrow.to_y);
  CHECK(arrow.label == "bytes");
  CHECK(arrow.tooltip
        == "stream.bytes #1\na:1 -> b:2\nsent at 0.000010s\nreceived at 0.000900s, after 890 us");
}

TEST_CASE("a longer delay is a longer way down") {
  const auto height = [](int microseconds) {
    const auto made =
      lay_out(selection_of({"0 send a b #1 x", std::to_string(microseconds) + " receive a b #1 x"}));
    return made.arrows.at(0).to_y - made.arrows.at(0).from_y;
  };
  CHECK(height(10) < height(1'000));
  CHECK(height(1'000) < height(1'000'000));
}

TEST_CASE("fates of messages") {
  const auto made = lay_out(selection_of({"0 send a b #1 x", "0 drop a b #1 loss", "1 send a b #2 x",
                                          "2 drop a b #2 full there", "3 send a b #3 x", "4 receive a b #3 x",
                                          "5 receive a b #3 x", "6 send a b #4 x", "7 receive a b #99 x"}));
  REQUIRE(made.arrows.size() == 6);
  const auto a = made.lanes[0].x;
  const auto b = made.lanes[1].x;
  const auto& lost_here = made.arrows[0];
  CHECK(lost_here.fate == arrow_fate::lost);
  CHECK(lost_here.label == "x: loss");
  CHECK(lost_here.to_x > a);
  CHECK(lost_here.to_x < b);
  CHECK(lost_here.to_y > lost_here.from_y);
  const auto& lost_there = made.arrows[1];
  CHECK(lost_there.fate == arrow_fate::lost);
  CHECK(lost_there.to_x == b);
  CHECK(made.arrows[2].fate == arrow_fate::arrived);
  CHECK(made.arrows[3].fate == arrow_fate::again);
  CHECK(made.arrows[3].from_y == made.arrows[2].from_y);
  CHECK(made.arrows[3].label.empty());
  CHECK(made.arrows[4].fate == arrow_fate::unknown);
  CHECK(made.arrows[4].to_x < b);
  CHECK(made.arrows[5].fate == arrow_fate::earlier);
  CHECK(made.arrows[5].to_x == b);
}

TEST_CASE("the sending of a message before the selection is told") {
  const auto made =
    lay_out(selection_of({"0 send a b #1 hello", "1 run a x", "500 receive a b #1 hello"}, {.events = 1}));
  REQUIRE(made.arrows.size() == 1);
  CHECK(made.arrows[0].fate == arrow_fate::earlier);
  CHECK(made.arrows[0].label == "hello");
  CHECK(made.arrows[0].tooltip.find("sent at 0.000000s\nreceived at 0.000500s, after 500 us")
        != std::string::npos);
}

TEST_CASE("lifelines show when a node is on, off and paused") {
  const auto conditions = [](const diagram_lane& lane) {
    std::vector<node_condition> out;
    for (const auto& each : lane.spans)
      out.push_back(each.condition);
    return out;
  };
  using enum node_condition;
  const auto made =
    lay_out(selection_of({"0 run a x", "1 boot b", "2 crash a", "3 pause b", "4 boot a", "5 resume b"}));
  REQUIRE(made.lanes.size() == 2);
  CHECK(conditions(made.lanes[0]) == std::vector{up, down, up});
  CHECK(conditions(made.lanes[1]) == std::vector{down, up, paused, up});
  for (const auto& lane : made.lanes) {
    CHECK(lane.spans.front().top == 0);
    CHECK(lane.spans.back().bottom == made.height);
    for (std::size_t i = 1; i < lane.spans.size(); ++i)
      CHECK(lane.spans[i].top == lane.spans[i - 1].bottom);
  }
  const auto later = lay_out(selection_of({"0 crash a", "1 run b x", "2 resume c"}, {.events = 2}));
  CHECK(conditions(later.lanes[0]) == std::vector{down});
  CHECK(conditions(later.lanes[2]) == std::vector{paused, up});
}

TEST_CASE("equal events in a row are one mark") {
  const auto made = lay_out(selection_of({"0 run a x", "1 run a x", "2 run a x", "3 run b x", "4 run a x"}));
  REQUIRE(made.marks.size() == 3);
  CHECK(made.marks[0].label == "x x3");
  CHECK(made.marks[0].tooltip.find("3 times, until 0.000002s") != std::string::npos);
  CHECK(made.marks[2].label == "x");
}

TEST_CASE("a fault stands across the nodes that it names, and its bar lasts until its end") {
  const auto made = lay_out(
    selection_of({"0 boot a", "0 boot b", "0 boot c", "10 fault - partition 10us for 2ms partition a | b",
                  "20 fault - loss 20us for 1h loss all | all, chance 0.5", "900 run c x", "3000 run a x",
                  "4000 run b x"}));
  std::vector<diagram_mark> faults;
  for (const auto& each : made.marks)
    if (each.kind == traced_kind::fault) faults.push_back(each);
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].label == "partition a | b, for 2 ms");
  CHECK(faults[0].struck == std::vector{made.lanes[0].x, made.lanes[1].x});
  CHECK(faults[0].across_to == made.lanes[1].x);
  CHECK(faults[1].label == "loss all | all, chance 0.5, for 3600 s");
  CHECK(faults[1].across_to == made.width);
  REQUIRE(made.bars.size() == 2);
  CHECK(made.bars[0].top == faults[0].y);
  CHECK(made.bars[0].bottom < made.height);
  CHECK(made.bars[1].bottom == made.height);
  CHECK(made.bars[0].x != made.bars[1].x);
}

TEST_CASE("the moment that was asked for has a line") {
  const std::vector<std::string> lines{"0 run a x", "100 run a y", "200 run a z"};
  CHECK(lay_out(selection_of(lines)).focus_y == 0);
  const auto made = lay_out(selection_of(lines, {.around = 150us}));
  CHECK(made.focus_y > made.marks[1].y);
  CHECK(made.focus_y < made.marks[2].y);
  CHECK(lay_out(selection_of(lines, {.around = 1s})).focus_y > made.marks[2].y);
}

TEST_CASE("labels") {
  const auto label = [](traced_event of) {
    return lay_out({.nodes = {{"a"}}, .events = {std::move(of)}}).marks.at(0).label;
  };
  CHECK(label(brief("0 deliver a shop.v1.Orders.Place request in {id: 7}")) == "Orders.Place request");
  CHECK(label(brief("0 deliver a some::type (1, 2)")) == "some::type");
  CHECK(label(brief("0 crash a - power lost")) == "crash: power lost");
  CHECK(label(brief("0 log a log all is well")) == "all is well");
  CHECK(label(brief("0 log a log 2026-01-01T00:01:50.051804Z INFO link: open")) == "INFO link: open");
  CHECK(label(brief("0 timer a")) == "timer");
  CHECK(label(brief("0 teleport a there")) == "teleport there");
  CHECK(label(brief("0 run a " + std::string(100, 'x'))) == std::string(44, 'x') + "...");
}
