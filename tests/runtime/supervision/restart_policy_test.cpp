// How often and how soon a child is restarted.
#include "runtime/supervision/restart_backoff.hpp"
#include "runtime/supervision/restart_intensity.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {
const monotonic_time start{1000s};
} // namespace

TEST_CASE("OTP: more than MaxR restarts within MaxT seconds are too many") {
  restart_intensity two_in_five{2, 5s};
  CHECK(two_in_five.allow(start));
  CHECK(two_in_five.allow(start + 1s));
  CHECK_FALSE(two_in_five.allow(start + 5s));
  CHECK_FALSE(two_in_five.allow(start + 5s));
}

TEST_CASE("OTP: an intensity of 0 allows no restart") {
  restart_intensity none{0, 5s};
  CHECK_FALSE(none.allow(start));
}

TEST_CASE("Restarts older than the period are forgotten") {
  restart_intensity one_in_five{1, 5s};
  for (int i = 0; i < 100; ++i)
    CHECK(one_in_five.allow(start + i * 5001ms));
  CHECK(one_in_five.recent(start + 99 * 5001ms) == 1);
  CHECK(one_in_five.recent(start + 101 * 5001ms) == 0);
}

TEST_CASE("The first restart is immediate, the next ones wait exponentially longer up to a limit") {
  const backoff_policy policy{100ms, 1s, 0, 1min};
  restart_backoff backoff;
  std::vector<duration> waits;
  for (int i = 0; i < 7; ++i)
    waits.push_back(backoff.next(policy, 0));
  CHECK(waits == std::vector<duration>{0ms, 100ms, 200ms, 400ms, 800ms, 1s, 1s});
}

TEST_CASE("A backoff never overflows") {
  const backoff_policy policy{1ms, duration::max() / 4, 100, 1min};
  restart_backoff backoff;
  for (int i = 0; i < 200; ++i) {
    const auto wait = backoff.next(policy, ~std::uint64_t{0});
    CHECK(wait >= duration::zero());
    CHECK(wait <= duration::max() / 2);
  }
}

TEST_CASE("Jitter varies the wait in both directions and never beyond its bounds") {
  const backoff_policy policy{1s, 1s, 20, 1min};
  duration least = duration::max(), most = duration::zero();
  std::uint64_t random = 1;
  for (int i = 0; i < 2000; ++i) {
    restart_backoff backoff;
    backoff.next(policy, 0);
    random = random * 6364136223846793005U + 1442695040888963407U;
    const auto wait = backoff.next(policy, random);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  CHECK(least >= 800ms);
  CHECK(least < 810ms);
  CHECK(most <= 1200ms);
  CHECK(most > 1190ms);
}

TEST_CASE("A child that ran long enough is restarted at once again") {
  const backoff_policy policy{100ms, 1s, 0, 1min};
  restart_backoff backoff;
  for (int i = 0; i < 4; ++i)
    backoff.next(policy, 0);
  backoff.ran_for(policy, 59s);
  CHECK(backoff.next(policy, 0) == 800ms);
  backoff.ran_for(policy, 60s);
  CHECK(backoff.next(policy, 0) == 0ms);
}

TEST_CASE("Without a backoff every restart is immediate, as in OTP") {
  restart_backoff backoff;
  for (int i = 0; i < 10; ++i)
    CHECK(backoff.next(backoff_policy::none(), 12345) == 0ms);
}
