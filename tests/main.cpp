// The main program of every test.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include <iostream>

namespace {

// Ends each program with how many of its cases passed, which scripts/test adds up: a program is one ctest,
// and Catch's own summary does not say how many passed when one failed.
class case_count : public Catch::TestEventListenerBase {
public:
  using TestEventListenerBase::TestEventListenerBase;

  void testRunEnded(const Catch::TestRunStats& run) override {
    const auto& cases = run.totals.testCases;
    std::cout << "[cases] " << cases.passed + cases.failedButOk << " passed, " << cases.failed << " failed"
              << std::endl;
  }
};
CATCH_REGISTER_LISTENER(case_count)

} // namespace
