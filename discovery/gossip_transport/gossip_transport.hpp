// Carries gossip between nodes, sealed: small payloads as UDP datagrams, large ones, and those that UDP does
// not get through, on TCP streams to the same port. Everything on one event loop.
//
//   send(topic, channel, to, payload)  -->  seal  -->  UDP, or a stream that is kept for a while
//   handler(topic, channel, from, payload)  <--  open (foreign, forged and replayed ones dropped)  <--
#pragma once

#include "discovery/gossip_seal/gossip_sealer.hpp"
#include "discovery/membership/membership_output.hpp"
#include "runtime/environment/environment.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

class logging;
class metrics;

// Whom a payload is for. The numbers are on the wire.
enum class gossip_topic : std::uint8_t { membership = 1, registry = 2 };

// What sealing and the topic add to the payload of a datagram.
inline constexpr std::size_t gossip_transport_overhead = gossip_overhead + 1;

struct gossip_transport_options {
  std::string cluster; // see gossip_sealer_options
  std::string node;
  // Where datagrams and streams arrive, both at one port. Port 0: the system chooses one that is free for
  // both.
  endpoint listen{ip_address::loopback(), 0};
  // Nothing: plain text, on loopback addresses only.
  std::optional<gossip_keyring> keys;
  // For simulated networks: plain text to any address.
  bool trusted_network = false;

  std::size_t max_message_bytes = 8u << 20; // of a payload on a stream, 64 KiB to 64 MiB
  // Open or being opened at a time, 1 to 10,000, strangers' included: beyond it the oldest stranger who has
  // not said anything genuine goes, or else the new one is refused. When three quarters are in use, those
  // that were idle for longest are closed early.
  std::size_t max_streams = 256;
  // Waiting for one stream, up to 1 GiB, and not less than the largest message; further payloads fail.
  std::size_t max_queued_bytes = (16u << 20) + 1024;
  // Of messages that have begun to arrive, of all streams together; not less than the largest message, up to
  // 4 GiB. The stream that goes beyond it is ended.
  std::size_t max_unfinished_bytes = 64u << 20;
  // Taken from the socket, not yet handled: 1 to 1,000,000, and 64 KiB to 1 GiB; further ones are lost.
  std::size_t max_waiting_datagrams = 4096;
  std::size_t max_waiting_datagram_bytes = 8u << 20;
  // 1 ms to 1 h each.
  duration connect_timeout = std::chrono::seconds{2};  // for connecting, and again for the first greeting
  duration idle_timeout = std::chrono::seconds{15};    // a stream without traffic is closed after it
  duration message_timeout = std::chrono::seconds{10}; // for a message that has begun to arrive to be whole
};

struct gossip_transport_counters {
  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagrams_received = 0; // opened and handed on
  std::uint64_t datagrams_failed = 0;   // refused by send() or by the socket
  std::uint64_t datagrams_overrun = 0;  // beyond max_waiting_datagrams or their bytes
  std::uint64_t bytes_sent = 0;         // sealed, of both channels
  std::uint64_t bytes_received = 0;     // of any origin
  std::uint64_t messages_sent = 0;      // on streams, handed over to the network
  std::uint64_t messages_received = 0;
  std::uint64_t messages_failed = 0; // told to the failure handler
  std::uint64_t unknown_topics = 0;  // genuine payloads of topics that are not known here, on both channels
  std::uint64_t streams_opened = 0;  // dialed and connected
  std::uint64_t streams_accepted = 0;
  std::uint64_t streams_refused = 0; // beyond max_streams, or ended because of what they sent or did not send
  std::size_t streams = 0;           // open or being opened now
  std::size_t queued_bytes = 0;      // that wait on streams now
  gossip_counters drops;             // of the sealing of both channels together, drops by reason
};

// On the loop, as everything here; one at a time. `from` is where an answer by the same channel goes: of a
// stream, where its sender says that it listens, so that the answer finds the stream or opens one.
using gossip_handler = std::function<void(gossip_topic topic, gossip_channel channel, const endpoint& from,
                                          std::span<const std::byte> payload)>;
// What could not be sent, as far as the sender can know. Never called from within send().
using gossip_failure_handler =
  std::function<void(gossip_topic topic, gossip_channel channel, const endpoint& to, const status& why)>;

// Everything on the loop, its destructor too. It may be destroyed from within either handler.
class gossip_transport {
public:
  // Everything given must outlive it; `logs` and `numbers` may be null. FAILED_PRECONDITION: an address
  // beyond loopback without keys; ALREADY_EXISTS: the port is taken; INVALID_ARGUMENT: an option is out of
  // its range, or a handler is missing; or what the network says.
  static result<std::unique_ptr<gossip_transport>>
  open(gossip_transport_options options, const environment& world, event_loop& loop, gossip_handler on_gossip,
       gossip_failure_handler on_failure, logging* logs, metrics* numbers);
  virtual ~gossip_transport() = default;

  // Where it listens.
  virtual endpoint local() const noexcept = 0;

  // Sends; success is not told. Datagram payloads of more than max_gossip_payload - 1 bytes, streams' of more
  // than max_message_bytes (INVALID_ARGUMENT), addresses beyond loopback without keys (FAILED_PRECONDITION),
  // what is too much for a stream (RESOURCE_EXHAUSTED) and anything after finish() (CANCELLED) fail. Messages
  // of one topic to one address arrive in the order of sending, as long as the stream to it holds.
  virtual void send(gossip_topic topic, gossip_channel channel, const endpoint& to,
                    std::span<const std::byte> payload) = 0;

  // Where others reach this node, which streams that are opened from now on tell: local() until then.
  virtual void advertise(const endpoint& where) = 0;

  // Sends what waits on streams, `patience` at most, and closes them; nothing is received any more. What was
  // not sent then has failed. `then` is called once, from the loop, and not from within this call; not at all
  // when the transport is destroyed before. Further calls wait for the same end.
  virtual void finish(duration patience, std::function<void()> then) = 0;

  // The keys, to change while running: makes the ring what `ring` is. Keys that are on both stay, with what
  // is known of their senders. FAILED_PRECONDITION: this transport has no keys at all. See gossip_keyring for
  // the order of steps in which no message is lost.
  virtual status change_keys(const gossip_keyring& ring) = 0;
  virtual std::vector<gossip_keyring::entry> keys() const = 0;

  virtual gossip_transport_counters counters() const = 0;
};

} // namespace troupe
