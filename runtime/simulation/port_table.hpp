// Who is bound to which port of a simulated machine, for datagrams or for streams. Internal to the
// simulation.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/address.hpp"

#include <cstdint>
#include <map>

namespace troupe {

class bound_datagrams;
class bound_listener;
class machine;

// Pure book-keeping for one kind of socket.
template <class Bound>
class port_map {
public:
  // What a packet for `to` reaches: who is bound to that address, or to any; null: nobody.
  Bound* find(const endpoint& to) const noexcept {
    for (const auto& address : {to.address, ip_address::any_v4(), ip_address{}})
      if (auto i = bound_.find({address, to.port}); i != bound_.end()) return i->second;
    return nullptr;
  }

  // Whether binding to `to` would meet another: the same port on the same address, or on any address by
  // either.
  bool taken(const endpoint& to) const noexcept {
    for (const auto& [where, who] : bound_)
      if (where.port == to.port
          && (where.address == to.address || where.address.is_any() || to.address.is_any()))
        return true;
    return false;
  }

  // Binds; port 0 takes the next free one of the ephemeral range (RFC 6335). RESOURCE_EXHAUSTED,
  // ALREADY_EXISTS.
  result<endpoint> bind(endpoint to, Bound& who) {
    if (to.port == 0) {
      for (std::uint32_t tries = 0; tries < ephemeral && (to.port == 0 || taken(to)); ++tries)
        to.port = static_cast<std::uint16_t>(first_ephemeral + next_++ % ephemeral);
      if (taken(to)) return resource_exhausted("all ports are in use");
    } else if (taken(to)) {
      return already_exists("{} is in use", to.to_string());
    }
    bound_.emplace(to, &who);
    return to;
  }

  void release(const endpoint& which, const Bound& who) noexcept {
    if (auto i = bound_.find(which); i != bound_.end() && i->second == &who) bound_.erase(i);
  }

private:
  static constexpr std::uint32_t first_ephemeral = 49152;
  static constexpr std::uint32_t ephemeral = 65536 - first_ephemeral;

  std::map<endpoint, Bound*> bound_;
  std::uint32_t next_ = 0;
};

class port_table {
public:
  port_map<bound_datagrams> datagrams;
  port_map<bound_listener> streams;
  // Ports that streams leave from: a name only, since streams are not looked up by it.
  std::uint16_t next_client_port() noexcept { return static_cast<std::uint16_t>(32768 + client_++ % 16384); }

private:
  std::uint32_t client_ = 0;
};

} // namespace troupe
