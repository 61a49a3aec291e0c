// The HTTP/1.1 server: RFC 9110 and RFC 9112 over TCP or TLS, for one http_handler.
//
// Each of its threads has connections of its own and runs the actors that they wake up (runtime/call/
// inline_execution.hpp), so that a request is read, handled and answered without changing threads.
#pragma once

#include "actors/http_edge/http_handler.hpp"
#include "actors/http_edge/http_limits.hpp"
#include "runtime/core/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace caf {
class actor_system;
}

namespace troupe {

// PEM files. TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only; ALPN "http/1.1".
struct http_tls_options {
  std::string certificate_chain_file;
  std::string private_key_file;
};

struct http_server_options {
  std::string address = "127.0.0.1"; // a literal IPv4 or IPv6 address
  std::uint16_t port = 8080;         // 0: the kernel chooses
  unsigned threads = 0;              // 0: one a core
  http_limits limits;
  std::optional<http_tls_options> tls;
  // Without TLS, addresses other than loopback are refused unless this is set: bearer tokens would be
  // readable.
  bool allow_plain_beyond_loopback = false;
  // Responses from this size on are coded with gzip when the client accepts it and their type is worth it.
  std::size_t compress_from_bytes = 1400;
  // How long a connection without a request stays open once draining has begun, for a request under way to
  // it.
  duration drain_idle_grace = std::chrono::milliseconds{200};
};

// One answered request, for the access log. The views are valid during the call.
struct http_access_record {
  std::string_view method, target, peer;
  int version = 11;
  int status = 0;
  std::uint64_t request_bytes = 0;  // body, decoded
  std::uint64_t response_bytes = 0; // body as sent
  duration took{};                  // from the complete request to the complete response
  bool aborted = false;             // the client went away before the end
};

// What the server counts. Called from its threads, so implementations are thread-safe and quick.
class http_metrics {
public:
  virtual ~http_metrics();
  virtual void connection_opened() {}
  virtual void connection_closed() {}
  // Beyond http_limits::connections.
  virtual void connection_refused() {}
  // Cut because the client was too slow.
  virtual void connection_timed_out() {}
  // Refused before any handler saw it.
  virtual void request_rejected(int /*status*/) {}
  virtual void request_answered(const http_access_record&) {}
};

struct http_server_hooks {
  // Lends the server's threads to the actors they wake up. Null: actors run on the system's own scheduler.
  // Must outlive the server.
  caf::actor_system* system = nullptr;
  http_metrics* metrics = nullptr;
  std::function<void(const http_access_record&)> access_log;
  // Something an operator should know: accepting failed, a handler threw.
  std::function<void(std::string_view)> warn;
  // Seconds since 1970 in UTC, for Date; the system's clock by default.
  std::function<std::int64_t()> wall_clock;
};

class http_server {
public:
  // Listens and serves at once. `handler` must outlive the server. INVALID_ARGUMENT for options that make no
  // sense or files that cannot be used, FAILED_PRECONDITION for an address that cannot be listened on.
  static result<std::unique_ptr<http_server>> start(http_server_options options, http_handler& handler,
                                                    http_server_hooks hooks = {});

  // Cuts what is left.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  std::uint16_t port() const noexcept;
  std::uint32_t connections() const noexcept;

  // Stops accepting, after taking in the connections that the kernel has accepted already; answers what is in
  // flight and what still arrives on open connections with "Connection: close"; closes them as they fall
  // silent. Returns when none is left, or cuts the rest after `limit`. Not to be called by the server's own
  // threads. Once is enough.
  void drain(duration limit);

  // Reads the TLS files again, for new connections. On an error the old ones stay in use.
  status reload_certificates();

private:
  struct state;
  explicit http_server(std::unique_ptr<state> inner);
  std::unique_ptr<state> state_;
};

} // namespace troupe
