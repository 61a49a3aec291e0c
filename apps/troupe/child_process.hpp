// Runs a program and waits for it: its output, how it ended, and no longer than it may take.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/result.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cli {

struct child_request {
  std::vector<std::string> command; // a program, looked for in PATH, and its arguments
  // Variables of the environment that differ from this process's own; nothing: unset.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  duration time_limit = std::chrono::minutes{2}; // at least 1 ms
};

struct child_outcome {
  bool timed_out = false;
  int exit_code = 0; // when it ended by itself
  int signal = 0;    // that ended it; 0: none
  // Standard output and standard error output as they came, the last MiB.
  std::string output;

  bool succeeded() const noexcept { return !timed_out && exit_code == 0 && signal == 0; }
};

// Runs it in a process group of its own, all of which is killed when it takes too long, and what is left of
// it when the program has ended. NOT_FOUND: no such program; INTERNAL: the system refuses to make a process.
result<child_outcome> run_child(const child_request& what);

} // namespace troupe::cli
