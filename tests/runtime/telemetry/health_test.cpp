#include "runtime/telemetry/health.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace troupe;

TEST_CASE("without checks a node is started, ready and alive") {
  health_registry health;
  for (auto question : {health_question::started, health_question::ready, health_question::live}) {
    const auto report = health.report(question);
    CHECK(report.passing);
    CHECK(report.checks.empty());
    CHECK(report.to_json() == R"({"status":"passing","checks":[]})");
    CHECK(report.to_text() == "passing\n");
  }
}

TEST_CASE("a check fails until its component says otherwise, and is shown by name with its reason") {
  health_registry health;
  auto journal = health.add(health_question::ready, "journal", "replaying \"orders\"");
  auto http = health.add(health_question::ready, "http");
  http.pass();
  auto report = health.report(health_question::ready);
  CHECK_FALSE(report.passing);
  CHECK(report.to_json()
        == R"({"status":"failing","checks":[{"name":"http","status":"passing"},)"
           R"({"name":"journal","status":"failing","reason":"replaying \"orders\""}]})");
  CHECK(report.to_text() == "failing\nhttp: passing\njournal: failing: replaying \"orders\"\n");
  journal.pass();
  CHECK(health.report(health_question::ready).passing);
  http.fail("socket closed");
  CHECK_FALSE(health.report(health_question::ready).passing);
  http = {};
  CHECK(health.report(health_question::ready).checks == std::vector<health_line>{{"journal", std::nullopt}});
  CHECK(health.report(health_question::live).passing); // another question
}

TEST_CASE("a node is not ready before it has started; once started it stays so") {
  health_registry health;
  auto boot = health.add(health_question::started, "boot");
  CHECK_FALSE(health.report(health_question::started).passing);
  CHECK(health.report(health_question::ready).checks
        == std::vector<health_line>{{"started", "the start has not finished"}});
  boot.pass();
  CHECK(health.report(health_question::ready).passing);
  boot.fail("too late");
  CHECK(health.report(health_question::started).passing);
  CHECK(health.report(health_question::started).checks == std::vector<health_line>{{"boot", std::nullopt}});
  CHECK(health.report(health_question::ready).passing);
}

TEST_CASE("a node that drains is alive but not ready") {
  health_registry health;
  health.drain();
  CHECK(health.report(health_question::live).passing);
  CHECK(health.report(health_question::started).passing);
  const auto report = health.report(health_question::ready);
  CHECK_FALSE(report.passing);
  CHECK(report.checks == std::vector<health_line>{{"drain", "draining"}});
}

TEST_CASE("a probe is asked at each report, as long as it is held") {
  health_registry health;
  int asked = 0;
  {
    auto probe = health.add_probe(health_question::live, "heartbeat", [&]() -> health_failure {
      ++asked;
      if (asked == 2) return "no heartbeat for 30 s";
      return std::nullopt;
    });
    CHECK(health.report(health_question::live).passing);
    CHECK_FALSE(health.report(health_question::live).passing);
  }
  CHECK(health.report(health_question::live).checks.empty());
  CHECK(asked == 2);
}

TEST_CASE("checks of nobody do nothing, and a check may outlive its registry") {
  health_check nobody;
  nobody.pass();
  nobody.fail("x");
  health_check late;
  {
    health_registry health;
    late = health.add(health_question::live, "late");
  }
  late.pass();
}

TEST_CASE("threads may set checks while others read reports") {
  health_registry health;
  auto shared = health.add(health_question::ready, "shared");
  std::atomic<bool> stop = false;
  std::thread setter{[&] {
    while (!stop) {
      shared.fail("reason");
      auto own = health.add(health_question::ready, "own");
      shared.pass();
    }
  }};
  for (int i = 0; i < 500; ++i)
    CHECK(health.report(health_question::ready).checks.size() <= 2);
  stop = true;
  setter.join();
}

TEST_CASE("the questions have names") {
  CHECK(to_string(health_question::started) == "started");
  CHECK(to_string(health_question::ready) == "ready");
  CHECK(to_string(health_question::live) == "live");
}
