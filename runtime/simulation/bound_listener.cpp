#include "runtime/simulation/bound_listener.hpp"

#include "runtime/simulation/connection.hpp"
#include "runtime/simulation/port_table.hpp"

#include <utility>

namespace troupe {

status check_own_address(const machine& of, const ip_address& address) {
  if (address == of.address || address.is_loopback() || address.is_any()) return {};
  return unavailable("{} is not an address of {}; it has {}", address.to_string(), of.name,
                     of.address.to_string());
}

bound_listener::bound_listener(std::shared_ptr<loop_core> loop, listen_options options,
                               accept_handler on_accepted, refusal_handler on_refused)
  : loop_(std::move(loop)), options_(std::move(options)), on_accepted_(std::move(on_accepted)),
    on_refused_(std::move(on_refused)) {}

bound_listener::~bound_listener() { close(); }

status bound_listener::bind(const endpoint& local) {
  if (!loop_->alive()) return unavailable("the node is off");
  if (auto own = check_own_address(loop_->on(), local.address); !own.ok()) return own;
  auto bound = loop_->session()->ports->streams.bind(local, *this);
  if (!bound) return bound.error();
  local_ = *bound;
  bound_ = true;
  return {};
}

bool bound_listener::take(const std::shared_ptr<simulated_connection>& which, stream_end& end) {
  if (!bound_) return false;
  if (connections_ >= options_.max_connections) {
    if (on_refused_)
      loop_->post(
        [self = shared_from_this(), peer = end.peer()] {
          if (self->bound_)
            self->on_refused_(peer, resource_exhausted("there are {} connections already, which is the limit",
                                                       self->options_.max_connections));
        },
        "refused");
    return false;
  }
  ++connections_;
  auto stream =
    std::make_shared<std::unique_ptr<byte_stream>>(std::make_unique<simulated_stream>(which, end));
  loop_->post(
    [self = shared_from_this(), stream] {
      if (self->bound_) self->on_accepted_(std::move(*stream));
    },
    "accepted");
  return true;
}

void bound_listener::close() noexcept {
  if (std::exchange(bound_, false)) loop_->session()->ports->streams.release(local_, *this);
}

} // namespace troupe
