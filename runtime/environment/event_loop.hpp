// Byte streams and timers: what the link between nodes needs of a network. An event loop is one thread of the
// real network, or one place in the order of a simulated world; whatever is made on it is used on it.
//
//   loop->listen(local, security, on_accepted)      on_accepted(stream): call begin() on it, or drop it
//   loop->connect(peer, security, timeout, on_done) on_done(stream or why not)
//   stream->begin(handler)                          on_bytes, on_drained, on_closed
//   stream->write(bytes)                            hands bytes over; at most one write is under way
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/result.hpp"
#include "runtime/core/status.hpp"
#include "runtime/environment/address.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe {

// Bytes on their way into a stream.
using byte_buffer = std::vector<std::byte>;

// Mutual TLS: both ends prove by a certificate of the authority that they belong to the cluster. TLS 1.3.
struct stream_security {
  std::string certificate_file; // PEM: the node's certificate, then those between it and the authority
  std::string key_file;         // PEM
  std::string authority_file;   // PEM: who signs the certificates of this cluster's nodes

  bool operator==(const stream_security&) const = default;
};
// The same files, read and checked once. Null: no TLS. The simulated network ignores it.
class stream_credentials;
using stream_credentials_ptr = std::shared_ptr<const stream_credentials>;

// Called on the loop; must not block. May destroy the stream from within.
class stream_handler {
public:
  virtual ~stream_handler() = default;

  // `bytes` are valid during the call only.
  virtual void on_bytes(std::span<const std::byte> bytes) = 0;

  // What the last write() took has been handed to the network; the next write() may come. `spent` is its
  // buffer, emptied, to be filled again.
  virtual void on_drained(byte_buffer spent) = 0;

  // The stream is over, by the peer's wish (OK) or by a failure (UNAVAILABLE, UNAUTHENTICATED); nothing more
  // is called. Not called when the stream is destroyed by its owner.
  virtual void on_closed(const status& why) = 0;
};

// A connection, destroyed to close it: what was written and not yet handed over may be lost.
class byte_stream {
public:
  virtual ~byte_stream() = default;

  // Events go to `handler` from now on, bytes that came before included. Once, before anything else.
  virtual void begin(stream_handler& handler) = 0;

  // Hands over `bytes`. Precondition: the one before was drained. Returns at once; what became of it is told by
  // on_drained() or on_closed(), never from within this call.
  virtual void write(byte_buffer bytes) = 0;

  // Stops and resumes on_bytes(), so that a peer that sends faster than we take is held back by TCP.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  virtual endpoint peer() const noexcept = 0;

  // With TLS: the names that the peer's certificate proves (DNS entries of subjectAltName, else the common
  // name). Empty without TLS.
  virtual const std::vector<std::string>& peer_names() const noexcept = 0;
};

using accept_handler = std::function<void(std::unique_ptr<byte_stream>)>;
using connect_handler = std::function<void(result<std::unique_ptr<byte_stream>>)>;

// Told of connections that never became streams (TLS failed, too many at a time), for the log and for
// metrics.
using refusal_handler = std::function<void(const endpoint& peer, const status& why)>;

struct listen_options {
  stream_credentials_ptr credentials;
  // Connections that are open or in their TLS handshake at a time, 1 to 1,000,000. One more takes the place of
  // the oldest handshake; when there is none, it is closed at once.
  std::uint32_t max_connections = 1024;
  // How long a TLS handshake may take.
  duration handshake_timeout = std::chrono::seconds{5};
};

// Destroying it stops accepting; streams that were accepted live on.
class stream_listener {
public:
  virtual ~stream_listener() = default;
  virtual endpoint local() const noexcept = 0;
};

// Destroying it before it fires: it never fires.
class loop_timer {
public:
  virtual ~loop_timer() = default;
};

class event_loop {
public:
  // Waits for what runs on the loop; drops what was posted and not yet run, and pending connects. Streams,
  // listeners and timers must be gone by now. Not from the loop itself.
  virtual ~event_loop() = default;

  // Runs `work` on the loop. Thread-safe, from the loop too; in the order of the posts of one thread.
  virtual void post(std::function<void()> work) = 0;

  // Runs `work` on the loop and waits for it. Not from the loop itself, nor from anything that the loop
  // waits for.
  virtual void run(std::function<void()> work) = 0;

  virtual bool is_current() const noexcept = 0;

  // -- on the loop only

  // Calls `then` once, `delay` from now (at the earliest).
  virtual std::unique_ptr<loop_timer> after(duration delay, std::function<void()> then) = 0;

  // Port 0 lets the system choose. ALREADY_EXISTS: the port is taken; UNAVAILABLE: the address is not one of
  // this host; PERMISSION_DENIED.
  virtual result<std::unique_ptr<stream_listener>> listen(const endpoint& local, listen_options options,
                                                          accept_handler on_accepted,
                                                          refusal_handler on_refused) = 0;

  // Calls `then` once, never from within this call: with a stream whose TLS handshake is done, or UNAVAILABLE
  // (nobody listens, no way there, not within `timeout`), UNAUTHENTICATED (TLS failed, saying how). Destroying
  // the returned object gives up: `then` is not called.
  virtual std::unique_ptr<loop_timer> connect(const endpoint& peer, stream_credentials_ptr credentials,
                                              duration timeout, connect_handler then) = 0;
};

} // namespace troupe
