// The `troupe` command line as a function, so that tests run it without a process.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace troupe::cli {

// What every command ends with.
enum exit_code : int {
  success = 0,
  found_something =
    1,           // a check that did its work and found breaks or errors; a cluster that did not do as told
  bad_usage = 2, // arguments that make no sense, or input that cannot be read
};

// Runs `troupe ARGUMENTS...` (without the program's name). Results go to `out`, complaints to `err`.
int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

} // namespace troupe::cli
