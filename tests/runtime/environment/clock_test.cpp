#include "runtime/environment/manual_clock.hpp"
#include "runtime/environment/real_environment.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("a manual clock stands still until it is moved") {
  manual_clock clock;
  const auto start = clock.now();
  CHECK(clock.now() == start);
  clock.advance(250ms);
  CHECK(clock.now() - start == 250ms);
  CHECK(clock.wall_now().time_since_epoch() == 1250ms);
  clock.set_wall(wall_time{5s});
  CHECK(clock.wall_now() == wall_time{5s});
  CHECK(clock.now() - start == 250ms);
}

TEST_CASE("the real clock moves forward and knows the calendar") {
  real_environment world;
  auto& clock = world.get().clock;
  const auto first = clock.now();
  CHECK(clock.now() >= first);
  CHECK(clock.wall_now() > wall_time{std::chrono::hours{24 * 365 * 50}}); // 2020 and later
}

TEST_CASE("the real environment repeats the randomness of a given seed and otherwise takes a fresh one") {
  real_environment a{{.seed = 7}};
  real_environment b{{.seed = 7}};
  real_environment c;
  real_environment d;
  CHECK(a.get().random.split("x").next() == b.get().random.split("x").next());
  CHECK(c.get().random.seed() != d.get().random.seed());
}

TEST_CASE("the process's variables are read by name") {
  REQUIRE(setenv("TROUPE_ENVIRONMENT_TEST", "a=b", 1) == 0);
  CHECK(process_variables().at("TROUPE_ENVIRONMENT_TEST") == "a=b");
}
