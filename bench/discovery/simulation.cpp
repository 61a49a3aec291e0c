// The part of the benchmark that runs in virtual time; each section prints its rows.
#include "sections.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

// accuracy and latency take "whole" for the paper's whole grid, and the number of repetitions.
int main(int argc, char** argv) {
  using namespace troupe::bench;
  const std::string_view section = argc > 1 ? argv[1] : "";
  const bool whole = argc > 2 && std::string_view{argv[2]} == "whole";
  const auto repetitions = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  if (section == "accuracy") {
    run_accuracy(whole, repetitions);
  } else if (section == "latency") {
    run_latency(whole, repetitions);
  } else if (section == "scale") {
    run_scale();
  } else if (section == "thousand") {
    run_thousand();
  } else {
    std::fputs(
      "usage: bench_discovery_simulation accuracy|latency [whole|short [REPETITIONS]] | scale | thousand\n",
      stderr);
    return 2;
  }
  return 0;
}
