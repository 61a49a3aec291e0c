// TLS without I/O: ciphertext in, plain text out, and the other way round.
#pragma once

#include "actors/http_edge/http_server.hpp"
#include "actors/http_edge/output_queue.hpp"
#include "runtime/core/result.hpp"

#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace troupe {

// A certificate with its key and the protocol's settings, shared by many sessions. Thread-safe.
using tls_context_ptr = std::shared_ptr<ssl_ctx_st>;

// INVALID_ARGUMENT, naming the file and what is wrong with it.
result<tls_context_ptr> make_tls_context(const http_tls_options& options);

// The server's end of one connection. For one thread.
class tls_session {
public:
  explicit tls_session(tls_context_ptr context);
  ~tls_session();

  enum class outcome {
    open,
    closed, // the peer said that it sends no more (close_notify)
    failed, // not TLS, no common version or cipher, or forged: send what there is and close
  };

  // Takes ciphertext from the peer and appends what it says to `plain`. What is to be sent in return
  // (handshake, alerts) goes to `out`.
  outcome receive(std::string_view ciphertext, std::string& plain, output_queue& out);

  // Encrypts. Only after the handshake, that is once receive() gave plain text. False when the session has
  // failed.
  bool send(std::string_view plain, output_queue& out);

  // Says that no more will be sent.
  void close(output_queue& out);

private:
  void take_output(output_queue& out);

  tls_context_ptr context_;
  ssl_st* session_;
};

} // namespace troupe
