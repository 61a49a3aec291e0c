#include "apps/troupe/child_process.hpp"

#include "apps/launcher/descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::cli {

namespace {

using launcher::descriptor;
using launcher::pipe_ends;

constexpr std::size_t most_output = 1024 * 1024;

status refused(std::string_view what) { return internal("cannot {}: {}", what, std::strerror(errno)); }

// Never returns. Only what POSIX allows between fork and exec of a process with one thread.
[[noreturn]] void become(const child_request& what, int output, int failure) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const descriptor nothing{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  dup2(nothing.get(), STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  for (const auto& [name, value] : what.environment) {
    if (value)
      setenv(name.c_str(), value->c_str(), 1);
    else
      unsetenv(name.c_str());
  }
  std::vector<char*> arguments;
  for (const auto& each : what.command)
    arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments.front(), arguments.data());
  const int why = errno;
  const auto written = write(failure, &why, sizeof why);
  _exit(written == sizeof why ? 127 : 126);
}

// Everything that can be read now. False at the end.
bool read_some(int from, std::string& into) {
  std::array<char, 65536> piece{};
  for (;;) {
    const auto count = read(from, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    into.append(piece.data(), static_cast<std::size_t>(count));
    if (into.size() > 2 * most_output) into.erase(0, into.size() - most_output);
  }
}

bool set_timer(descriptor& timer, duration limit) noexcept {
  timer.open(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec when{};
  const auto span = std::max<duration>(limit, std::chrono::milliseconds{1});
  when.it_value.tv_sec = static_cast<time_t>(span.count() / 1'000'000'000);
  when.it_value.tv_nsec = span.count() % 1'000'000'000;
  return timer.get() >= 0 && timerfd_settime(timer.get(), 0, &when, nullptr) == 0;
}

void reap(pid_t child, child_outcome& out) noexcept {
  // While it is not reaped its number, which is its group's, belongs to nobody else.
  kill(-child, SIGKILL);
  int how = 0;
  while (waitpid(child, &how, 0) < 0 && errno == EINTR) {
  }
  out.exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : 0;
  out.signal = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
}

} // namespace

result<child_outcome> run_child(const child_request& what) {
  if (what.command.empty()) return invalid_argument("no program to run");
  pipe_ends output;
  pipe_ends failure;
  if (!output.open() || !failure.open()) return refused("make a pipe");
  descriptor timer;
  if (!set_timer(timer, what.time_limit)) return refused("make a timer");
  const auto child = fork();
  if (child < 0) return refused("make a process");
  if (child == 0) become(what, output.in.get(), failure.in.get());
  setpgid(child, child); // whoever of the two comes first
  output.in.close();
  failure.in.close();
  child_outcome out;
  int why = 0;
  if (read(failure.out.get(), &why, sizeof why) == sizeof why) {
    reap(child, out);
    return not_found("cannot run {}: {}", what.command.front(), std::strerror(why));
  }
  // By its number: the C library of Debian 12 declares the function for C only.
  const descriptor process{static_cast<int>(syscall(SYS_pidfd_open, child, 0))};
  if (process.get() < 0) {
    const auto error = refused("watch a process");
    reap(child, out);
    return error;
  }
  fcntl(output.out.get(), F_SETFL, O_NONBLOCK);
  std::array<pollfd, 3> events{
    {{process.get(), POLLIN, 0}, {timer.get(), POLLIN, 0}, {output.out.get(), POLLIN, 0}}};
  for (;;) {
    if (poll(events.data(), events.size(), -1) < 0) continue;
    if (events[2].revents != 0 && !read_some(output.out.get(), out.output)) events[2].fd = -1;
    if (events[0].revents != 0) break;
    out.timed_out = events[1].revents != 0;
    if (out.timed_out) break;
  }
  reap(child, out);
  read_some(output.out.get(), out.output);
  if (out.output.size() > most_output) out.output.erase(0, out.output.size() - most_output);
  return out;
}

} // namespace troupe::cli
