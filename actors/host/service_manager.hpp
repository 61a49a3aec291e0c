// Tells the service manager that started this process (systemd, or who speaks as it does) how it stands, by
// sd_notify(3)'s protocol: one datagram to the Unix socket that $NOTIFY_SOCKET names.
#pragma once

#include <string>
#include <string_view>

namespace troupe {

class service_manager {
public:
  // `socket`: a path, or an abstract address with "@" in front. Anything else (empty: nobody wants to know;
  // too long; another kind of socket) is ignored, and nobody is told anything.
  explicit service_manager(std::string socket) : socket_(std::move(socket)) {}
  // The socket that $NOTIFY_SOCKET names. Before other threads change variables.
  static service_manager of_process();

  // Each waits for room in the manager's queue, a second at most. What goes wrong then is ignored: there is
  // nobody to tell.
  void tell_serving() const noexcept { tell("READY=1"); }
  void tell_stopping() const noexcept { tell("STOPPING=1"); }

private:
  void tell(std::string_view what) const noexcept;

  std::string socket_;
};

} // namespace troupe
