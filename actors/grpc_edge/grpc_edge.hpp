// The gRPC door of a node: serves every method of the installed contracts over HTTP/2, without generated
// stubs.
//
// A request is parsed into the contract's message and becomes a troupe::call on its way to whoever plays the
// service; the answer's status, message and headers go back. Health (grpc.health.v1) and reflection
// (grpc.reflection.v1 and v1alpha) are served beside them. Specification: gRPC over HTTP2 (PROTOCOL-HTTP2.md
// of the gRPC project).
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/call/directory.hpp"
#include "runtime/core/result.hpp"
#include "runtime/environment/clock.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe {

// Certificates as PEM text. TLS 1.2 or newer.
struct grpc_tls_options {
  std::string certificate_chain; // the server's certificate, then the ones that signed it
  std::string private_key;
  std::string client_roots; // who may sign clients' certificates; empty: clients are not asked for one
  bool require_client_certificate = false; // mutual TLS; needs client_roots
};

// How hard replies are compressed, with the algorithm that the client prefers among those it accepts (gzip,
// deflate).
enum class grpc_compression : std::uint8_t { none, low, medium, high };

struct grpc_edge_options {
  std::string host = "127.0.0.1"; // an IP address to listen on, or "localhost"
  std::uint16_t port = 0;         // 0: the kernel chooses; see grpc_edge::port()
  std::optional<grpc_tls_options> tls;
  bool allow_plain_text = false; // without TLS only loopback addresses are accepted, unless this is set

  std::uint32_t receive_limit = 4 * 1024 * 1024; // bytes of a message received, decompressed
  std::uint32_t send_limit = 4 * 1024 * 1024;    // bytes of a message sent, before compression
  std::uint32_t metadata_limit = 16 * 1024;      // bytes of a request's headers
  // Bytes that gRPC may hold for all connections together, messages not yet complete among them; gRPC tells a
  // message's size from its limit only once it has all of it. Near the limit gRPC cuts idle connections and
  // then calls.
  std::size_t memory_limit = 256 * 1024 * 1024;
  std::uint32_t calls_limit = 10'000;  // calls in flight; the next is refused with RESOURCE_EXHAUSTED
  std::uint32_t streams_limit = 1'000; // calls in flight on one connection; the client queues the others
  std::uint32_t stream_credit =
    default_stream_credit; // replies of a stream waiting for a slow client; at least 1

  grpc_compression compression = grpc_compression::none;
  std::uint32_t compress_from = 1'024; // bytes; shorter messages are never compressed

  // A client that is silent for keepalive_time is asked for a sign of life, and cut after keepalive_timeout
  // without one. Clients may do the same, but not more often than every client_ping_interval: they are cut
  // with ENHANCE_YOUR_CALM.
  duration keepalive_time = std::chrono::minutes{2};
  duration keepalive_timeout = std::chrono::seconds{20};
  duration client_ping_interval = std::chrono::seconds{10};
  // Zero: connections may live and idle for ever. At its age a connection is told to go away, and has
  // age_grace to finish the calls it has.
  duration connection_age = duration::zero();
  duration connection_age_grace = std::chrono::seconds{30};
  duration connection_idle = duration::zero();

  bool reflection = true;
  // Whether the authenticate hook is asked for the built-in services too.
  bool authenticate_health = false;
  bool authenticate_reflection = true;
};

// Who calls, as far as the connection and the request's headers tell. Valid during the call of the hook only.
struct grpc_caller {
  std::string_view method;       // "/shop.Orders/Place"
  std::string_view bearer_token; // of "authorization: Bearer ..."; empty: none
  // Of a verified client certificate: its SPIFFE id, else its first subject alternative name, else its common
  // name; empty: none.
  std::string_view certificate_identity;
  std::string_view address; // "ipv4:127.0.0.1:34512"; not authenticated
};

// One call that has ended, for metrics and access logs.
struct grpc_call_record {
  const method_info& method;
  status_code code = status_code::ok;
  duration elapsed{};
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  const call_metadata& metadata;
};

// What the edge needs from its node. Everything referred to outlives the edge. The functions are called by
// several threads at a time, must not block, and may be null unless said otherwise.
struct grpc_edge_dependencies {
  caf::actor_system& system;
  troupe::directory& directory;
  const troupe::clock& clock;

  // The caller's identity for call_metadata::identity (it may be empty), or the status to refuse the call
  // with: as a rule UNAUTHENTICATED. Null: the certificate's identity counts, and everybody is let in. When
  // it is set, the "authorization" header is not passed on to the service.
  std::function<result<std::string>(const grpc_caller&)> authenticate = {};
  std::function<void(const grpc_call_record&)> on_call_end = {};
  // Something an operator should know: replies that could not be sent, headers that had to be dropped.
  std::function<void(std::string_view)> warn = {};
};

struct grpc_edge_readings {
  std::uint32_t in_flight = 0;
  std::uint64_t accepted = 0; // calls of known methods, since the start
  std::uint64_t refused = 0;  // of those: unauthenticated, or above calls_limit
};

class grpc_edge {
public:
  // Listens and serves at once. `services` and what they refer to outlive the edge. Fails with
  // - INVALID_ARGUMENT: unusable options (certificates that do not parse, plain text beyond loopback), a
  // service given
  //   twice;
  // - UNAVAILABLE: the address cannot be bound.
  // Every service starts as SERVING; so does the node as a whole (the empty name).
  static result<std::unique_ptr<grpc_edge>> start(grpc_edge_options options,
                                                  std::span<const service_info* const> services,
                                                  grpc_edge_dependencies dependencies);

  // Drains with a limit of zero if drain() was not called.
  ~grpc_edge();
  grpc_edge(const grpc_edge&) = delete;
  grpc_edge& operator=(const grpc_edge&) = delete;

  std::uint16_t port() const noexcept;

  // What health says of a service ("shop.Orders") or of the node (""). A name that was never set nor served
  // is unknown to health clients. No effect once draining. Thread-safe.
  void set_serving(std::string_view service, bool serving);

  // Health says NOT_SERVING, the port closes, clients are told to go elsewhere (GOAWAY), and calls in flight
  // may end within `limit`; those that do not are cancelled. Blocks until all is over; a second call has no
  // effect. Must not be called by an actor or by one of the hooks.
  void drain(duration limit);

  grpc_edge_readings readings() const noexcept;

private:
  struct state;
  explicit grpc_edge(std::unique_ptr<state> what);
  std::unique_ptr<state> state_;
};

} // namespace troupe
