#include "discovery/seeds/complaint_quota.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("one complaint a subject and period, and the next tells how many were withheld") {
  complaint_quota quota{60s, 10};
  const monotonic_time t{1s};
  CHECK(quota.take("a", t) == 0);
  CHECK_FALSE(quota.take("a", t));
  CHECK(quota.take("b", t + 1s) == 0);
  CHECK_FALSE(quota.take("a", t + 60s - 1ns));
  CHECK(quota.take("a", t + 60s) == 2);
  CHECK_FALSE(quota.take("a", t + 61s));
  CHECK_FALSE(quota.take("b", t + 60s));
  CHECK(quota.take("b", t + 61s) == 1);
  CHECK(quota.take("a", t + 200s) == 1);
}

TEST_CASE("subjects are bounded; old ones make room") {
  complaint_quota quota{60s, 2};
  const monotonic_time t{1s};
  CHECK(quota.take("a", t));
  CHECK(quota.take("b", t + 30s));
  CHECK_FALSE(quota.take("c", t + 59s));
  CHECK(quota.take("c", t + 60s));
  CHECK_FALSE(quota.take("b", t + 60s));
  CHECK_FALSE(quota.take("a", t + 60s));
}
