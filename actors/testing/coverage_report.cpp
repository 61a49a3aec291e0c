#include "actors/testing/coverage_report.hpp"

#include <iostream>

namespace troupe::detail {

namespace {

// Simulations are made by the test's thread, one after the other; nothing that a simulation does depends on
// it.
class coverage_of_program {
public:
  ~coverage_of_program() {
    if (wanted_) std::cerr << seen_.report() << std::flush;
  }
  void add(const probe_coverage& run, bool report) {
    seen_.merge(run);
    wanted_ = wanted_ || report;
  }

private:
  probe_coverage seen_ = registered_probes();
  bool wanted_ = false;
};

} // namespace

void add_coverage(const probe_coverage& run, bool report) {
  static coverage_of_program all;
  all.add(run, report);
}

} // namespace troupe::detail
