// Ends the program when a simulated run goes on without end inside one turn, where no virtual time can tell.
// Internal to testing.
#pragma once

#include <chrono>
#include <string_view>

namespace troupe::detail {

// One at a time. Uses the process's SIGVTALRM.
class run_watchdog {
public:
  // When the process has used `limit` of processor time before this is destroyed, standard error gets
  // `message` (its first 4096 bytes), and the process is aborted. Waiting does not count, nor does a
  // debugger. 0: never.
  run_watchdog(std::string_view message, std::chrono::seconds limit);
  ~run_watchdog();
  run_watchdog(const run_watchdog&) = delete;
  run_watchdog& operator=(const run_watchdog&) = delete;
};

} // namespace troupe::detail
