// The main program of a node.
//
//   int main(int argc, char** argv) {
//     return troupe::run(argc, argv, troupe::module<catalog>(), troupe::module<orders>());
//   }
#pragma once

#include "actors/service/module.hpp"

#include <utility>
#include <vector>

namespace troupe {

// How a node ends. Scripts may rely on the numbers.
enum class exit_code : int {
  stopped = 0,     // in good order, after SIGTERM or SIGINT
  gave_up = 1,     // modules had to be restarted more often than node.restart_intensity allows
  wrong_usage = 2, // flags, variables or files are wrong; nothing was started
  not_started = 3, // a module did not start, or an address could not be bound
  cut_short = 4,   // a second SIGTERM or SIGINT while it drained
  start_anew = 5,  // the split-brain policy wants the process started again
  refused = 6,     // another node of this name is running
};

// Runs the modules as one node until it is told to stop: reads the configuration (flags over variables over
// files over defaults; --help lists all of it), starts the modules in their order and then the doors, and on
// SIGTERM or SIGINT drains: health says not ready, the doors stop accepting and finish what is in flight
// within node.drain_timeout, the modules stop in reverse order. SIGHUP reads the configuration again and
// takes over what can be (log levels, certificates, keys of the gossip). Returns the exit code of the
// process. To be called once, in the main thread, before the program starts threads of its own.
int run_modules(int argc, char** argv, std::vector<service_module> modules);

template <class... Modules>
int run(int argc, char** argv, Modules&&... modules) {
  std::vector<service_module> all;
  all.reserve(sizeof...(modules));
  (all.push_back(std::forward<Modules>(modules)), ...);
  return run_modules(argc, argv, std::move(all));
}

} // namespace troupe
