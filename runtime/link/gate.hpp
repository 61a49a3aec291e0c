// The gate of a node: where its connections to other nodes begin and end. Calls to a service of a peer go in
// through the peer's `peer_end` and come out of the peer's gate into its own directory; answers go back the
// same way. CAF actor handles pass in messages, and can be monitored.
//
// Without TLS a gate listens on loopback addresses and dials them only; anything else is refused, because
// whoever reaches a gate may call every service. One connection joins two nodes, whoever dialed; a connection
// that breaks is dialed again with backoff and jitter.
//
// Whoever has dialed and not yet introduced himself is a stranger. Strangers take no peer's place: when all
// places are taken, or strangers' greetings take too much memory, the one who waits for longest goes.
//
// A node that was started anew may be there before its old process's connection is found dead. Where
// certificates prove the names of nodes, the larger incarnation takes the place of the smaller one at once.
// Where anybody may say that name, the one who comes is refused (and dials again), and the one who is there
// is asked for a sign of life: given up when none comes within a heartbeat's interval, a second at least, and
// kept otherwise.
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/call/directory.hpp"
#include "runtime/environment/environment.hpp"
#include "runtime/link/greeting.hpp"
#include "runtime/link/link_limits.hpp"

#include <caf/fwd.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

class logging;
class metrics;

struct gate_options {
  std::string cluster = "troupe";
  std::string node = "node";
  // Larger for each start of the node of this name: the date of the start in nanoseconds does.
  std::uint64_t incarnation = 1;
  std::string application_version;

  // Where peers dial. Port 0: the system chooses. Nothing: this node only dials.
  std::optional<endpoint> listen = endpoint{ip_address::loopback(), 0};

  // Mutual TLS. Nothing: loopback only.
  std::optional<stream_security> security;
  // With TLS: whether a peer's certificate must prove the name of its node (subjectAltName). Without it any
  // certificate of the authority will do.
  bool certificates_name_nodes = true;
  // For simulated networks: plain text to any address.
  bool trusted_network = false;

  // Connections from peers and strangers at a time, 1 to 100,000. When peers have them all, others are
  // refused.
  std::uint32_t max_connections = 1024;
  // Memory that the greetings of all strangers may take together, in bytes. One takes up to 2 MiB until it is
  // complete.
  std::size_t max_stranger_bytes = 16u << 20;
  link_limits limits;

  duration connect_timeout = std::chrono::seconds{5};
  // The pause before a peer is dialed again: doubled from the first to the longest, and drawn from its upper
  // half.
  duration first_redial = std::chrono::milliseconds{100};
  duration longest_redial = std::chrono::seconds{10};

  // Whether actors may run on the gate's own thread when a frame wakes them (inline_execution.hpp).
  bool run_actors_inline = true;
};

// The way to one peer, as long as one connection to it lasts: the callee end of all calls to it. When the
// connection has ended, requests are refused with UNAVAILABLE.
class peer_end : public call_end {
public:
  const std::string& node() const noexcept { return node_; }
  std::uint64_t incarnation() const noexcept { return incarnation_; }
  // Calls to the peer that are not yet answered.
  std::uint32_t open_calls() const noexcept { return open_calls_.load(std::memory_order_relaxed); }

protected:
  peer_end(std::string node, std::uint64_t incarnation) : node_(std::move(node)), incarnation_(incarnation) {}
  std::atomic<std::uint32_t> open_calls_ = 0;

private:
  std::string node_;
  std::uint64_t incarnation_;
};
using peer_end_ptr = boost::intrusive_ptr<peer_end>;

// Who wants to know of peers: the cluster's directory. Called on the gate's loop, one at a time; must not
// block.
class peer_listener {
public:
  virtual ~peer_listener() = default;
  // A connection stands. `theirs` tells which services the peer plays. A peer that was up before is up anew
  // with another end; the old one's down follows.
  virtual void on_peer_up(const peer_end_ptr& peer, const greeting& theirs) = 0;
  // The peer takes no new calls: it is about to stop.
  virtual void on_peer_draining(const peer_end_ptr& peer) = 0;
  virtual void on_peer_down(const peer_end_ptr& peer, const status& why) = 0;
};

// What is known of a peer, for the console and tests.
struct peer_report {
  std::string node; // empty: not yet known
  std::string address;
  std::uint64_t incarnation = 0;
  std::string application_version; // what it says of itself
  bool connected = false;
  bool draining = false;
  bool dialed = false; // by us
  std::uint32_t open_calls = 0;
  std::uint32_t served_calls = 0;
  std::string last_failure;
  std::uint64_t queued_bytes = 0;
};

class gate {
public:
  // Opens the gate: from now on peers may call the services of `local`. Everything given must outlive it.
  // FAILED_PRECONDITION: an address that is not loopback without TLS; INVALID_ARGUMENT: a certificate that is
  // no good; or why it cannot listen. `logs` and `numbers` may be null.
  static result<std::unique_ptr<gate>> open(gate_options options, environment world,
                                            caf::actor_system& system, troupe::directory& local,
                                            std::vector<const service_info*> services,
                                            peer_listener& listener, logging* logs, metrics* numbers);
  // Closes, if close() was not called.
  ~gate();
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  // Where it listens; nothing when it only dials.
  std::optional<endpoint> local_address() const noexcept;

  // Keeps a connection to the node at "host:port" (a name is looked up for each attempt), until forget().
  // INVALID_ARGUMENT: no such form. FAILED_PRECONDITION: not loopback, without TLS. One's own address is
  // recognized when it answers, and left alone.
  status keep_connected(std::string address);
  // Ends the connection, and dials no more.
  void forget(std::string_view address);

  // Tells all peers to send no new calls; those under way go on.
  void drain();

  // Lets what waits be sent, `patience` at most, says goodbye and closes. Calls under way fail. Not from the
  // gate's loop.
  void close(duration patience = std::chrono::seconds{1});

  // Not from the gate's loop.
  std::vector<peer_report> peers();

  // A handle of this node's or another's actor as bytes, to be put in a field of a message, and back. Empty
  // bytes are the null handle. INVALID_ARGUMENT: no handle; NOT_FOUND: an actor of this node that has ended.
  // A handle of a node that is not connected is of an actor that has ended. Thread-safe.
  std::string export_handle(const caf::actor& handle);
  result<caf::actor> import_handle(std::string_view bytes);

private:
  class core;
  explicit gate(std::shared_ptr<core> inner);
  std::shared_ptr<core> core_;
};

} // namespace troupe
