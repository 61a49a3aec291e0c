#include "apps/launcher/node_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace troupe::launcher {

namespace {

status refused(std::string_view what) { return internal("cannot {}: {}", what, std::strerror(errno)); }

[[noreturn]] void fail(int failure) {
  const int why = errno;
  const auto written = ::write(failure, &why, sizeof why);
  ::_exit(written == sizeof why ? 127 : 126);
}

// Never returns.
[[noreturn]] void become(const process_request& what, char* const* arguments, pid_t parent, int output,
                         int failure) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(126); // it has ended before it could be watched
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (::chdir(what.folder.c_str()) != 0) fail(failure);
  for (const auto& [name, value] : what.variables)
    ::setenv(name.c_str(), value.c_str(), 1);
  ::execvp(arguments[0], arguments); // a path is not looked for
  fail(failure);
}

} // namespace

result<started_process> start_process(const process_request& what) {
  pipe_ends output;
  pipe_ends failure;
  if (!output.open() || !failure.open()) return refused("make a pipe");
  std::vector<char*> arguments;
  for (const auto& each : what.with)
    arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(const_cast<char*>(what.program.c_str()));
  for (const auto& each : what.arguments)
    arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  const auto parent = ::getpid();
  const auto child = ::fork();
  if (child < 0) return refused("make a process");
  if (child == 0) become(what, arguments.data(), parent, output.in.get(), failure.in.get());
  ::setpgid(child, child); // whoever of the two comes first
  failure.in.close();
  int why = 0;
  if (::read(failure.out.get(), &why, sizeof why) == sizeof why) {
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return not_found("cannot run {}: {}", arguments[0], std::strerror(why));
  }
  ::fcntl(output.out.get(), F_SETFL, O_NONBLOCK);
  return started_process{child, std::move(output.out)};
}

} // namespace troupe::launcher
