// A port of a simulated machine that accepts connections. Internal to the simulation.
#pragma once

#include "runtime/environment/event_loop.hpp"
#include "runtime/simulation/loop_core.hpp"

#include <cstdint>
#include <memory>

namespace troupe {

class simulated_connection;
class stream_end;

class bound_listener : public std::enable_shared_from_this<bound_listener> {
public:
  bound_listener(std::shared_ptr<loop_core> loop, listen_options options, accept_handler on_accepted,
                 refusal_handler on_refused);
  ~bound_listener();
  bound_listener(const bound_listener&) = delete;
  bound_listener& operator=(const bound_listener&) = delete;

  // Binds the port; errors as event_loop::listen() says.
  status bind(const endpoint& local);

  // Hands a connection that is now established to the program. False: there are too many, or nobody listens
  // any more.
  bool take(const std::shared_ptr<simulated_connection>& which, stream_end& end);
  // A connection that was taken is closed.
  void left() noexcept { --connections_; }

  void close() noexcept;

  const endpoint& local() const noexcept { return local_; }
  const std::shared_ptr<loop_core>& loop() const noexcept { return loop_; }
  bool secured() const noexcept { return options_.credentials != nullptr; }

private:
  const std::shared_ptr<loop_core> loop_;
  const listen_options options_;
  const accept_handler on_accepted_;
  const refusal_handler on_refused_;
  endpoint local_;
  std::uint32_t connections_ = 0;
  bool bound_ = false;
};

// Whether a machine can bind to an address: its own, the loopback, any.
status check_own_address(const machine& of, const ip_address& address);

} // namespace troupe
