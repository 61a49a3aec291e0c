#include "actors/host/signals.hpp"

#include <cerrno>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

namespace troupe {

signal_mailbox::signal_mailbox() {
  sigset_t taken;
  sigemptyset(&taken);
  for (int each : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&taken, each);
  pthread_sigmask(SIG_BLOCK, &taken, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
  notifications_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (signals_ < 0 || notifications_ < 0) throw std::system_error{errno, std::generic_category(), "signalfd"};
}

signal_mailbox::~signal_mailbox() {
  close(signals_);
  close(notifications_);
}

bool signal_mailbox::wait(event& happened, int milliseconds) {
  pollfd watched[] = {{signals_, POLLIN, 0}, {notifications_, POLLIN, 0}};
  while (true) {
    const int ready = poll(watched, 2, milliseconds);
    if (ready == 0) return false;
    if (ready < 0 && errno == EINTR) continue;
    signalfd_siginfo seen;
    if (read(signals_, &seen, sizeof seen) == sizeof seen) {
      happened = seen.ssi_signo == SIGHUP ? event::reload : event::stop;
      return true;
    }
    std::uint64_t count;
    if (read(notifications_, &count, sizeof count) == sizeof count) {
      happened = event::notified;
      return true;
    }
  }
}

void signal_mailbox::notify() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] auto written = write(notifications_, &one, sizeof one);
}

} // namespace troupe
