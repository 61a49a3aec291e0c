#include "apps/launcher/descriptor.hpp"
#include "apps/troupe/cluster_access.hpp"
#include "runtime/configuration/units.hpp"
#include "runtime/environment/real_environment.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::cli {

namespace {

struct down_arguments {
  cluster_choice choice;
  std::string limit = "90s";
  bool force = false;
};

// A process that is not this one's child, held so that its number cannot become another's.
class held_process {
public:
  explicit held_process(const launcher::process_id& which) {
    // By its number: the C library of Debian 12 declares the functions for C only.
    held_.open(static_cast<int>(::syscall(SYS_pidfd_open, which.pid, 0)));
    if (!launcher::is_running(which)) held_.close();
  }
  bool runs() const noexcept { return held_.get() >= 0 && !wait(0); }
  // False: it may not be signalled, or is gone.
  bool signal(int number) const noexcept {
    return ::syscall(SYS_pidfd_send_signal, held_.get(), number, nullptr, 0) == 0;
  }
  // Whether it has ended within so many milliseconds.
  bool wait(int milliseconds) const noexcept {
    pollfd event{held_.get(), POLLIN, 0};
    return ::poll(&event, 1, milliseconds) > 0;
  }

private:
  launcher::descriptor held_;
};

class stopping {
public:
  stopping(const down_arguments& arguments, const launcher::cluster_record& record, session& now)
    : arguments_(arguments), record_(record), now_(now),
      over_(world_.get().clock.now() + *parse_duration(arguments.limit)) {}

  int run() {
    const held_process parent{record_.process};
    const bool ran = parent.runs();
    if (ran) {
      if (!parent.signal(SIGTERM))
        return complain(now_, permission_denied("process {} may not be stopped", record_.process.pid));
      // To `troupe up` a second one means: kill them.
      if (arguments_.force && !parent.wait(0)) parent.signal(SIGTERM);
      if (!parent.wait(left())) return too_slow();
    }
    // Nodes that are left: `troupe up` was killed.
    std::vector<held_process> left_over;
    for (const auto& each : record_.nodes)
      if (held_process node{each.process}; node.runs()) {
        node.signal(arguments_.force ? SIGKILL : SIGTERM);
        left_over.push_back(std::move(node));
      }
    for (const auto& each : left_over)
      if (!each.wait(left())) return too_slow();
    now_.out << record_.cluster << (ran || !left_over.empty() ? " is down\n" : " does not run\n");
    return success;
  }

private:
  int left() {
    const auto time = (over_ - world_.get().clock.now()) / std::chrono::milliseconds{1};
    return static_cast<int>(std::clamp<std::int64_t>(time, 0, 1'000'000'000));
  }
  int too_slow() {
    return complain(
      now_, deadline_exceeded(
              "{} has not stopped within {}\nfix: wait longer with --timeout, or kill it with --force",
              record_.cluster, arguments_.limit));
  }

  const down_arguments& arguments_;
  const launcher::cluster_record& record_;
  session& now_;
  real_environment world_;
  monotonic_time over_;
};

int down(const down_arguments& arguments, session& now) {
  const auto folder = chosen_folder(arguments.choice);
  if (!folder) return complain(now, folder.error());
  const auto record = folder->read();
  if (!record) return complain(now, record.error());
  return stopping{arguments, *record, now}.run();
}

} // namespace

void add_down_command(CLI::App& parent, session& now) {
  auto* command = parent.add_subcommand("down", "Stop the nodes that `troupe up` started");
  auto arguments = std::make_shared<down_arguments>();
  add_state_option(*command, arguments->choice);
  command->add_option("--timeout", arguments->limit, "How long they may take to drain and stop")
    ->check([](const std::string& text) {
      return parse_duration(text) ? std::string{} : text + " is no time; write it like 90s";
    })
    ->capture_default_str();
  command->add_flag("--force", arguments->force, "Kill them: requests in flight are lost");
  command->footer("Example: troupe down --timeout 2m");
  command->callback([arguments, &now] { now.outcome = down(*arguments, now); });
}

} // namespace troupe::cli
