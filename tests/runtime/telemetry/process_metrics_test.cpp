#include "runtime/environment/real_environment.hpp"
#include "runtime/telemetry/process_metrics.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace troupe;

namespace {

double value_of(const std::string& rendered, const std::string& name) {
  const auto at = rendered.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::atof(rendered.c_str() + at + name.size() + 2);
}

} // namespace

TEST_CASE("the process's line of facts is read by the numbers of proc(5)") {
  const auto facts =
    parse_process_stat("7 (a) b (c) S 1 7 7 -1 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 12345 1048576 42 "
                       "18446744073709551615 1 1\n");
  REQUIRE(facts);
  CHECK(facts->cpu_ticks == 300);
  CHECK(facts->threads == 3);
  CHECK(facts->start_ticks == 12345);
  CHECK(facts->virtual_bytes == 1048576);
  CHECK(facts->resident_pages == 42);
  CHECK_FALSE(parse_process_stat(""));
  CHECK_FALSE(parse_process_stat("7 (a"));
  CHECK_FALSE(parse_process_stat("7 (a) S 1 7 7"));
}

TEST_CASE("the process's own numbers are plausible, and gone when nobody holds the callbacks") {
  real_environment world;
  metrics all;
  {
    const auto held = observe_process(all, world.get().disk);
    const std::string rendered = all.render();
    CHECK(value_of(rendered, "process_resident_memory_bytes") > 1e6);
    CHECK(value_of(rendered, "process_virtual_memory_bytes")
          > value_of(rendered, "process_resident_memory_bytes"));
    CHECK(value_of(rendered, "process_threads") >= 1);
    CHECK(value_of(rendered, "process_open_fds") >= 3);
    CHECK(value_of(rendered, "process_max_fds") >= value_of(rendered, "process_open_fds"));
    CHECK(value_of(rendered, "process_cpu_seconds_total") >= 0);
    const double started = value_of(rendered, "process_start_time_seconds");
    const auto now = std::chrono::duration<double>(world.get().clock.wall_now().time_since_epoch()).count();
    CHECK(started > now - 600);
    CHECK(started < now + 2); // the machine's start is known to the second
  }
  CHECK(all.render().empty());
}
