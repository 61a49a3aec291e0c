#include "apps/troupe/child_process.hpp"
#include "apps/troupe/failure_kind.hpp"
#include "tests/apps/troupe/shell.hpp"

#include <csignal>

using namespace troupe;
using namespace troupe::cli;
using namespace std::chrono_literals;

namespace {

child_outcome sh(const std::string& script, duration limit = 1min) {
  const auto ran = run_child({.command = {"sh", "-c", script}, .time_limit = limit});
  REQUIRE(ran.has_value());
  return *ran;
}

} // namespace

TEST_CASE("a program's output and end are told") {
  const auto good = sh("echo out; echo err >&2");
  CHECK(good.succeeded());
  CHECK(good.output == "out\nerr\n");
  const auto bad = sh("exit 7");
  CHECK(bad.exit_code == 7);
  CHECK_FALSE(bad.succeeded());
  const auto killed = sh("kill -SEGV $$");
  CHECK(killed.signal == SIGSEGV);
  CHECK_FALSE(killed.succeeded());
}

TEST_CASE("of much output the end is kept") {
  const auto ran = sh("head -c 5000000 /dev/zero | tr '\\0' x; echo the end");
  CHECK(ran.succeeded());
  CHECK(ran.output.size() == 1024 * 1024);
  CHECK(ran.output.ends_with("xthe end\n"));
}

TEST_CASE("a program that takes too long is killed with all that it has started") {
  const auto ran = sh("sleep 600 & echo $!; wait", 2s);
  CHECK(ran.timed_out);
  CHECK_FALSE(ran.succeeded());
  CHECK(ran.signal == SIGKILL);
  const auto child = std::stoi(ran.output);
  // It is gone soon, or dead and waits for its new parent: not one that runs.
  const auto gone = sh("i=0; while grep -q '^State:.*[RS] ' /proc/" + std::to_string(child)
                       + "/status 2>/dev/null; do i=$((i+1)); [ $i -lt 400 ] || exit 1; sleep 0.05; done");
  CHECK(gone.succeeded());
}

TEST_CASE("what a program leaves behind does not keep its end from being seen") {
  const auto ran = sh("sleep 600 & echo done");
  CHECK(ran.succeeded());
  CHECK(ran.output == "done\n");
}

TEST_CASE("variables are set and unset for the program only") {
  setenv("TROUPE_TEST_OLD", "old", 1);
  const auto ran =
    run_child({.command = {"sh", "-c", "echo ${TROUPE_TEST_OLD-none} $TROUPE_TEST_NEW"},
               .environment = {{"TROUPE_TEST_OLD", std::nullopt}, {"TROUPE_TEST_NEW", "new"}}});
  REQUIRE(ran.has_value());
  CHECK(ran->output == "none new\n");
  CHECK(std::string{std::getenv("TROUPE_TEST_OLD")} == "old");
  CHECK(std::getenv("TROUPE_TEST_NEW") == nullptr);
  unsetenv("TROUPE_TEST_OLD");
}

TEST_CASE("a program that is not there is an error") {
  const auto ran = run_child({.command = {"/no/such/program"}});
  REQUIRE_FALSE(ran.has_value());
  CHECK(ran.error().code() == status_code::not_found);
  CHECK(run_child({}).error().code() == status_code::invalid_argument);
}

TEST_CASE("two failures are told apart by how they ended and by what they report, not by numbers") {
  const auto kind = [](const std::string& output, int code = 1, int signal = 0) {
    return failure_kind({.exit_code = code, .signal = signal, .output = output});
  };
  CHECK(kind("", 0) == "");
  CHECK(failure_kind({.timed_out = true, .signal = 9}) == "");
  CHECK(kind("a\n=== the simulation failed: order 17 of 3 lost\nseed 5\n=== later", 3)
        == "failed: === the simulation failed: order # of # lost");
  CHECK(kind("=== order 1 lost", 3) == kind("=== order 22 lost", 4));
  CHECK(kind("=== order 1 lost") != kind("=== order 1 twice"));
  CHECK(kind("../a_test.cpp:12: FAILED:\n  CHECK( a == b )") == "failed: ../a_test.cpp:12");
  CHECK(kind("../a_test.cpp:12: failed: a == b for: 3 == 4") == "failed: ../a_test.cpp:12");
  CHECK(kind("../a_test.cpp:12: FAILED:") != kind("../a_test.cpp:13: FAILED:"));
  // The report stands above the assertion, wherever they are.
  CHECK(kind("a_test.cpp:12: FAILED:\n=== x") == "failed: === x");
  CHECK(kind("==1==ERROR: AddressSanitizer: ...\nSUMMARY: AddressSanitizer: heap-use-after-free a.cpp:3 in f")
        == "failed: SUMMARY: AddressSanitizer: heap-use-after-free a.cpp:3 in f");
  CHECK(kind("nothing known", 1) == "failed");
  CHECK(kind("", 0, 11) == "signal 11");
}
