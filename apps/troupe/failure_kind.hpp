// Whether two runs of a test program failed alike. Pure.
#pragma once

#include "apps/troupe/child_process.hpp"

#include <string>
#include <string_view>

namespace troupe::cli {

// What tells one failure from another: how the program ended, and of its output the first of
//   - a simulation's report, "=== ...", with "#" for each number: numbers change with the faults
//   - an assertion of Catch2 that failed, by file and line
//   - the summary of a sanitizer
// Equal for two runs that failed alike; empty for a run that succeeded or took too long.
std::string failure_kind(const child_outcome& run);

} // namespace troupe::cli
