#include "runtime/configuration/units.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("durations are numbers with units") {
  CHECK(parse_duration("5s") == 5s);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("1m30s") == 90s);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("1d") == 24h);
  CHECK(parse_duration("10us") == 10us);
  CHECK(parse_duration("7ns") == 7ns);
  CHECK(parse_duration("1.5s") == 1500ms);
  CHECK(parse_duration("0.25m") == 15s);
  CHECK(parse_duration("0") == 0s);
  CHECK(parse_duration("0s") == 0s);
  CHECK(parse_duration("0.5ns") == 0ns);
  for (const char* bad : {"", "5", "s", "-5s", "5 s", "5s ", "1.s", ".5s", "5x", "5S", "1e3s", "5s3",
                          "9223372037s", "107000d", "99999999999999999999s", "9223372036s9223372036s"}) {
    INFO(bad);
    CHECK_FALSE(parse_duration(bad).has_value());
  }
}

TEST_CASE("a duration is written in the shortest exact way and read back") {
  CHECK(format_duration(0s) == "0s");
  CHECK(format_duration(90s) == "1m30s");
  CHECK(format_duration(1500us) == "1500us");
  CHECK(format_duration(1500ms) == "1s500ms");
  CHECK(format_duration(25h) == "1d1h");
  CHECK(format_duration(7ns) == "7ns");
  CHECK(format_duration(-1s) == "-1000000000ns");
  for (const duration value :
       {duration{1}, duration{999'999'999}, duration{3'600'000'000'001}, duration::max()}) {
    INFO(format_duration(value));
    CHECK(parse_duration(format_duration(value)) == value);
  }
}

TEST_CASE("sizes are whole numbers with units") {
  CHECK(parse_bytes("0") == 0);
  CHECK(parse_bytes("512") == 512);
  CHECK(parse_bytes("512B") == 512);
  CHECK(parse_bytes("64KiB") == 65536);
  CHECK(parse_bytes("10MB") == 10'000'000);
  CHECK(parse_bytes("1kB") == 1000);
  CHECK(parse_bytes("2TiB") == 2ULL << 40);
  for (const char* bad :
       {"", "KiB", "-1", "1.5MiB", "1 KiB", "1kib", "1K", "9223372036854775808", "8388608TiB"}) {
    INFO(bad);
    CHECK_FALSE(parse_bytes(bad).has_value());
  }
  CHECK(format_bytes(65536) == "64KiB");
  CHECK(format_bytes(1000) == "1000B");
  CHECK(format_bytes(0) == "0B");
  CHECK(format_bytes(3ULL << 40) == "3TiB");
}
