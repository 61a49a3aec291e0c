#include "actors/host/service_manager.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe {

service_manager service_manager::of_process() {
  const auto* socket = std::getenv("NOTIFY_SOCKET");
  return service_manager{socket != nullptr ? socket : ""};
}

void service_manager::tell(std::string_view what) const noexcept {
  if (socket_.size() < 2 || (socket_.front() != '/' && socket_.front() != '@')) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  // A path ends with a zero; an abstract address begins with one, and its length says where it ends.
  const bool abstract = socket_.front() == '@';
  if (socket_.size() + (abstract ? 0 : 1) > sizeof to.sun_path) return;
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  if (abstract) to.sun_path[0] = '\0';
  const auto size = offsetof(sockaddr_un, sun_path) + socket_.size() + (abstract ? 0 : 1);
  const int from = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (from < 0) return;
  // Lost, the news that the node serves would have the manager kill it: its queue may be full for a moment.
  const timeval patience{1, 0};
  ::setsockopt(from, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  (void)::sendto(from, what.data(), what.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(size));
  ::close(from);
}

} // namespace troupe
