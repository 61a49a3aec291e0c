#include "actors/testing/run_watchdog.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <sys/time.h>
#include <unistd.h>

namespace troupe::detail {

namespace {

// For the signal handler, which may not allocate; nothing that a simulation does depends on it.
std::array<char, 4096> last_words;
std::size_t last_words_size = 0;

extern "C" void time_is_up(int) {
  // Nothing is left to be done when it cannot be written.
  if (write(STDERR_FILENO, last_words.data(), last_words_size) < 0) _exit(1);
  std::abort();
}

void set_timer(std::chrono::seconds limit) {
  itimerval timer{};
  timer.it_value.tv_sec = limit.count();
  setitimer(ITIMER_VIRTUAL, &timer, nullptr);
}

} // namespace

run_watchdog::run_watchdog(std::string_view message, std::chrono::seconds limit) {
  last_words_size = std::min(message.size(), last_words.size());
  std::copy_n(message.begin(), last_words_size, last_words.begin());
  std::signal(SIGVTALRM, time_is_up);
  set_timer(limit);
}

run_watchdog::~run_watchdog() {
  set_timer(std::chrono::seconds::zero());
  std::signal(SIGVTALRM, SIG_DFL);
}

} // namespace troupe::detail
