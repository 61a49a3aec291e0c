#include "runtime/link/line_quota.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("each subject has its lines, and all together have theirs, in each period") {
  line_quota quota{2, 5, 10s};
  const monotonic_time start{1h};
  CHECK(quota.take("a", start));
  CHECK(quota.take("a", start + 1s));
  CHECK_FALSE(quota.take("a", start + 2s));
  CHECK(quota.take("b", start + 2s));
  CHECK(quota.take("c", start + 2s));
  CHECK(quota.take("d", start + 2s));
  CHECK_FALSE(quota.take("e", start + 3s));
  CHECK_FALSE(quota.take("b", start + 3s));
  CHECK(quota.withheld() == 3);
  CHECK(quota.withheld() == 0);
  CHECK_FALSE(quota.take("e", start + 9s));
  CHECK(quota.take("e", start + 10s));
  CHECK(quota.take("a", start + 10s));
  CHECK(quota.withheld() == 1);
}
