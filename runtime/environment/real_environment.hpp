// The world as the operating system gives it.
#pragma once

#include "runtime/environment/environment.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

struct real_environment_options {
  // Repeats the randomness of an earlier process; nothing: the operating system's entropy.
  std::optional<std::uint64_t> seed;
  // Asks this name server, instead of those of /etc/resolv.conf, for SRV records. Host names go by the
  // system's own rules (/etc/nsswitch.conf) in any case.
  std::optional<endpoint> name_server;
};

// One a process is enough for all its nodes. Threads: one for datagram sockets, from the first one on; one for
// look-ups, from the first look-up on; one a loop.
class real_environment {
public:
  explicit real_environment(const real_environment_options& options = {});

  // Every socket and every loop must be gone by now. Pending look-ups are told CANCELLED.
  ~real_environment();

  real_environment(const real_environment&) = delete;
  real_environment& operator=(const real_environment&) = delete;

  // Valid as long as this object.
  environment get() noexcept;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

// The process's environment variables. Not thread-safe against setenv(); call it once, at the start.
std::map<std::string, std::string> process_variables();

} // namespace troupe
