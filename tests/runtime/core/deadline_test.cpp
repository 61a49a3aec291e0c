#include "runtime/core/deadline.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("a default deadline is never reached") {
  deadline d;
  CHECK(d.is_never());
  CHECK_FALSE(d.passed(monotonic_time::max()));
  CHECK(d.left(monotonic_time{5s}) == duration::max());
}

TEST_CASE("a deadline passes at its moment, not before") {
  auto d = deadline::after(monotonic_time{10s}, 5s);
  CHECK_FALSE(d.passed(monotonic_time{15s} - 1ns));
  CHECK(d.passed(monotonic_time{15s}));
  CHECK(d.left(monotonic_time{12s}) == 3s);
  CHECK(d.left(monotonic_time{20s}) == 0s);
}

TEST_CASE("a duration too large for the clock means never") {
  CHECK(deadline::after(monotonic_time{1s}, duration::max()).is_never());
}

TEST_CASE("a negative duration is a deadline that has passed") {
  CHECK(deadline::after(monotonic_time{10s}, -1s).passed(monotonic_time{10s}));
}

TEST_CASE("the sooner of two deadlines wins, and never loses to any other") {
  auto soon = deadline::at(monotonic_time{1s});
  CHECK(deadline::sooner(soon, deadline::never()) == soon);
  CHECK(deadline::sooner(deadline::at(monotonic_time{2s}), soon) == soon);
}
