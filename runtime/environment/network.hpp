// Datagrams, streams and names: what nodes need of a network to find each other and to talk. Real, or
// simulated with loss, delay and partitions. (The edges, whose peers are not nodes, bring sockets of their
// own.)
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/core/status.hpp"
#include "runtime/environment/address.hpp"
#include "runtime/environment/event_loop.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// The largest payload of a UDP datagram over IPv4: 65535 - 8 (UDP) - 20 (IP).
inline constexpr std::size_t max_datagram_size = 65507;

// Runs on the network's thread, for one datagram at a time; must not block. `payload` is valid during the
// call only. It may send, and may destroy its own socket.
using datagram_handler = std::function<void(const endpoint& from, std::span<const std::byte> payload)>;

// A bound UDP socket. When its destructor returns, its handler does not run and will not run again (called
// from within the handler: after the handler has returned).
class datagram_socket {
public:
  virtual ~datagram_socket() = default;

  // Where it is bound; the port is the one the system chose when 0 was asked for.
  virtual endpoint local() const noexcept = 0;

  // Hands a datagram to the network; success says nothing about its arrival. Thread-safe, never blocks.
  // INVALID_ARGUMENT: larger than max_datagram_size; RESOURCE_EXHAUSTED: the send buffer is full, the
  // datagram is lost; UNAVAILABLE: no way to that address.
  virtual status send(const endpoint& to, std::span<const std::byte> payload) noexcept = 0;
};

// One line of a DNS SRV answer (RFC 2782): lower priorities first; among equal ones, chance by weight.
struct service_record {
  std::string target; // host name, without the final dot
  std::uint16_t port = 0;
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;

  bool operator==(const service_record&) const = default;
};

// Each runs once, on a thread of the network; must not block.
using addresses_handler = std::function<void(result<std::vector<ip_address>>)>;
using service_records_handler = std::function<void(result<std::vector<service_record>>)>;

// Look-ups that wait or run at a time; the next is refused with RESOURCE_EXHAUSTED.
inline constexpr std::size_t max_pending_lookups = 64;
// Addresses or records that one look-up gives; further ones are left out.
inline constexpr std::size_t max_lookup_results = 256;

// Thread-safe.
class network {
public:
  virtual ~network() = default;

  // Binds a socket; port 0 lets the system choose. ALREADY_EXISTS: the port is taken; UNAVAILABLE: the
  // address is not one of this host; PERMISSION_DENIED; INVALID_ARGUMENT: no handler.
  virtual result<std::unique_ptr<datagram_socket>> open_datagram(const endpoint& local,
                                                                 datagram_handler on_datagram) = 0;

  // Makes a loop for streams and timers: a thread in the real network, called `name` (15 bytes at most).
  virtual std::unique_ptr<event_loop> open_loop(std::string_view name) = 0;

  // Reads the files and checks that they fit together. INVALID_ARGUMENT, naming the file and what is wrong with
  // it: missing, not PEM, the key is not the certificate's, expired, not signed by the authority.
  virtual result<stream_credentials_ptr> load_credentials(const stream_security& files) = 0;

  // Finds the IPv4 and IPv6 addresses of a host name (or the address itself when `host` is one), in the order
  // of preference of RFC 6724. When the returned status is an error the handler is never called; otherwise it
  // is called once: with addresses, or NOT_FOUND: no such name; UNAVAILABLE: no name server answered;
  // CANCELLED: the network was destroyed.
  virtual status resolve(std::string_view host, addresses_handler then) = 0;

  // Finds the SRV records of a name like "_troupe._udp.example.org", sorted by priority, then weight (larger
  // first), target and port. Errors as for resolve().
  virtual status resolve_service(std::string_view name, service_records_handler then) = 0;
};

} // namespace troupe
