// Starts a node as a process of its own.
#pragma once

#include "apps/launcher/descriptor.hpp"
#include "runtime/core/result.hpp"

#include <string>
#include <utility>
#include <vector>

namespace troupe::launcher {

struct process_request {
  std::string program; // a path
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> variables; // besides those of this process
  std::string folder;                                         // where it runs
  // A command that runs the program in its place, looked for as a shell does; may be empty.
  std::vector<std::string> with{};
};

struct started_process {
  int pid = 0;
  descriptor output; // what it prints, standard and error output together; reading does not block
};

// In a process group of its own, so that Ctrl-C is for `troupe up` only; told to stop (SIGTERM) when the
// thread that started it ends in whatever way. To be called by a process with one thread. NOT_FOUND: no such
// program, or it cannot be run; INTERNAL: the system refuses to make a process.
result<started_process> start_process(const process_request& what);

} // namespace troupe::launcher
