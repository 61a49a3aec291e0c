#include "discovery/split_brain/split_brain_resolver.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const monotonic_time start{1h};

std::vector<split_brain_member> view(std::string_view here, std::string_view elsewhere) {
  std::vector<split_brain_member> out;
  for (const char each : here)
    out.push_back({std::string(1, each), 1, {}, true});
  for (const char each : elsewhere)
    out.push_back({std::string(1, each), 1, {}, false});
  return out;
}

split_brain_settings settings() {
  split_brain_settings out;
  out.stable_after = 20s;
  out.unstable_limit = 15s;
  return out;
}

} // namespace

TEST_CASE("while all are reachable nothing is decided") {
  split_brain_resolver one{settings()};
  CHECK_FALSE(one.due());
  one.on_view(start, view("abc", ""));
  CHECK_FALSE(one.due());
  CHECK_FALSE(one.decide(start + 1h));
}

TEST_CASE("a view is judged when it has held still, once") {
  split_brain_resolver one{settings()};
  one.on_view(start, view("abc", "de"));
  CHECK(one.due() == start + 20s);
  CHECK_FALSE(one.decide(start + 20s - 1ns));
  const auto decision = one.decide(start + 20s);
  REQUIRE(decision);
  CHECK(decision->stays);
  CHECK(decision->lost == std::vector<std::string>{"d", "e"});
  CHECK(decision->reason == "keep-majority: 3 of 5 members are here");
  CHECK_FALSE(one.due());
  CHECK_FALSE(one.decide(start + 1h));
  CHECK_FALSE(one.has_lost());
}

TEST_CASE("a change begins the time anew; the same view in another order is no change") {
  split_brain_resolver one{settings()};
  one.on_view(start, view("abc", "de"));
  one.on_view(start + 10s, view("cba", "ed"));
  CHECK(one.due() == start + 20s);
  one.on_view(start + 12s, view("ab", "cde"));
  CHECK(one.due() == start + 32s);
  CHECK_FALSE(one.decide(start + 31s));
  const auto decision = one.decide(start + 32s);
  REQUIRE(decision);
  CHECK_FALSE(decision->stays);
  CHECK(decision->lost.empty());
}

TEST_CASE("who has lost decides nothing any more") {
  split_brain_resolver one{settings()};
  one.on_view(start, view("a", "bc"));
  REQUIRE(one.decide(start + 20s));
  CHECK(one.has_lost());
  one.on_view(start + 30s, view("abc", ""));
  one.on_view(start + 40s, view("ab", "c"));
  CHECK_FALSE(one.due());
  CHECK_FALSE(one.decide(start + 1h));
}

TEST_CASE("a partition that heals in time is none") {
  split_brain_resolver one{settings()};
  one.on_view(start, view("a", "bc"));
  one.on_view(start + 19s, view("abc", ""));
  CHECK_FALSE(one.due());
  CHECK_FALSE(one.decide(start + 1h));
}

TEST_CASE("a view that never holds still lets nobody stay") {
  split_brain_resolver one{settings()};
  for (int i = 0; i < 10; ++i) {
    const auto now = start + i * 5s;
    if (now >= start + 35s) break;
    one.on_view(now, i % 2 == 0 ? view("abc", "d") : view("ab", "cd"));
    CHECK_FALSE(one.decide(now));
  }
  CHECK(one.due() == start + 35s);
  const auto decision = one.decide(start + 35s);
  REQUIRE(decision);
  CHECK_FALSE(decision->stays);
  CHECK(decision->reason.find("does not hold still") != std::string::npos);
}

TEST_CASE("without a limit an unstable view is waited for") {
  auto patient = settings();
  patient.unstable_limit = 0s;
  split_brain_resolver one{patient};
  for (int i = 0; i < 100; ++i) {
    one.on_view(start + i * 5s, i % 2 == 0 ? view("abc", "d") : view("ab", "cd"));
    CHECK(one.due() == start + i * 5s + 20s);
  }
}

TEST_CASE("after one decision the next partition has its own time") {
  split_brain_resolver one{settings()};
  one.on_view(start, view("abcd", "e"));
  REQUIRE(one.decide(start + 20s));
  one.on_view(start + 21s, view("abcd", ""));
  one.on_view(start + 100s, view("abc", "d"));
  CHECK(one.due() == start + 120s);
  // Another member is lost before the first loss was taken from the view.
  REQUIRE(one.decide(start + 120s));
  one.on_view(start + 130s, view("ab", "cd"));
  CHECK(one.due() == start + 150s);
  CHECK_FALSE(one.decide(start + 150s - 1ns));
}

TEST_CASE("settings have ranges") {
  auto wrong = settings();
  CHECK(check(wrong).ok());
  wrong.stable_after = 0s;
  CHECK_FALSE(check(wrong).ok());
  wrong = settings();
  wrong.unstable_limit = -1s;
  CHECK_FALSE(check(wrong).ok());
  wrong = settings();
  wrong.rules.strategy = split_brain_strategy::static_quorum;
  CHECK_FALSE(check(wrong).ok());
}

TEST_CASE("while somebody is suspected nothing is decided, and the time goes on") {
  split_brain_resolver one{settings()};
  auto seen = view("abc", "d");
  seen[2].doubted = true;
  one.on_view(start, seen);
  CHECK(one.due() == start + 35s); // the limit
  CHECK_FALSE(one.decide(start + 25s));
  one.on_view(start + 26s, view("abc", "d"));
  CHECK(one.due() == start + 20s);
  const auto decision = one.decide(start + 26s);
  REQUIRE(decision);
  CHECK(decision->stays);
  CHECK(decision->lost == std::vector<std::string>{"d"});
}

TEST_CASE("who is suspected up to the limit does not count for this side, and is not lost either") {
  // Two of five see the others die one after the other: the first death alone would leave them a majority.
  split_brain_resolver few{settings()};
  auto seen = view("abcd", "e");
  seen[2].doubted = seen[3].doubted = true;
  few.on_view(start, seen);
  CHECK_FALSE(few.decide(start + 34s));
  auto decision = few.decide(start + 35s);
  REQUIRE(decision);
  CHECK_FALSE(decision->stays);

  split_brain_resolver most{settings()};
  seen[2].doubted = false;
  most.on_view(start, seen);
  decision = most.decide(start + 35s);
  REQUIRE(decision);
  CHECK(decision->stays);
  CHECK(decision->lost == std::vector<std::string>{"e"});
}

TEST_CASE("without a limit doubts are waited for") {
  auto how = settings();
  how.unstable_limit = 0s;
  split_brain_resolver one{how};
  auto seen = view("ab", "c");
  seen[1].doubted = true;
  one.on_view(start, seen);
  CHECK_FALSE(one.due());
  one.on_view(start + 1h, view("ab", "c"));
  CHECK(one.decide(start + 1h));
}
