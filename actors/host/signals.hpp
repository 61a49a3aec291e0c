// What wakes up the main thread of a node: signals, and events from other threads.
#pragma once

#include <cstdint>

namespace troupe {

// Takes SIGTERM, SIGINT and SIGHUP out of the hands of all threads that are started after it was made, and
// SIGPIPE for good. One a process.
class signal_mailbox {
public:
  enum class event : std::uint8_t { stop, reload, notified };

  signal_mailbox();
  ~signal_mailbox();
  signal_mailbox(const signal_mailbox&) = delete;
  signal_mailbox& operator=(const signal_mailbox&) = delete;

  // Blocks until something happens, or `milliseconds` have passed (negative: for ever). Returns false then.
  bool wait(event& happened, int milliseconds = -1);

  // Wakes up wait() with event::notified. Thread-safe.
  void notify() noexcept;

private:
  int signals_;
  int notifications_;
};

} // namespace troupe
