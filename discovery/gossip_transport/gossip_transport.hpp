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
  std::size_t max_streams = 256; // open or being opened at a time, 1 to 10,000; strangers' included
  std::size_t max_queued_bytes = 16u << 20; // waiting for one stream; further payloads fail
  std::size_t max_waiting_datagrams = 4096; // taken from the socket, not yet handled; further ones are lost
  duration connect_timeout = std::chrono::seconds{2};
  duration idle_timeout = std::chrono::seconds{15};    // a stream without traffic is closed after it
  duration message_timeout = std::chrono::seconds{10}; // for a message that has begun to arrive to be whole
};

struct gossip_transport_counters {
  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagrams_received = 0; // opened and handed on
  std::uint64_t datagrams_failed = 0;   // the socket refused them
  std::uint64_t datagrams_overrun = 0;  // beyond max_waiting_datagrams
  std::uint64_t bytes_sent = 0;         // sealed, of both channels
  std::uint64_t bytes_received = 0;
  std::uint64_t messages_sent = 0; // on streams
  std::uint64_t messages_received = 0;
  std::uint64_t streams_opened = 0;
  std::uint64_t streams_accepted = 0;
  std::uint64_t streams_refused = 0; // beyond max_streams, or ended because of what they sent
  gossip_counters drops;             // by reason, of both channels
};

// On the loop, as everything here; one at a time. `from` is where an answer by the same channel goes: of a
// stream, where its sender says that it listens, so that the answer finds the stream or opens one.
using gossip_handler = std::function<void(gossip_topic topic, gossip_channel channel, const endpoint& from,
                                          std::span<const std::byte> payload)>;
// What could not be sent, as far as the sender can know. Never called from within send().
using gossip_failure_handler =
  std::function<void(gossip_topic topic, gossip_channel channel, const endpoint& to, const status& why)>;

// Everything on the loop, its destructor too, but for what says otherwise.
class gossip_transport {
public:
  // Everything given must outlive it; `logs` and `numbers` may be null. FAILED_PRECONDITION: an address
  // beyond loopback without keys; ALREADY_EXISTS: the port is taken; INVALID_ARGUMENT: an option is out of
  // its range; or what the network says.
  static result<std::unique_ptr<gossip_transport>>
  open(gossip_transport_options options, const environment& world, event_loop& loop, gossip_handler on_gossip,
       gossip_failure_handler on_failure, logging* logs, metrics* numbers);
  virtual ~gossip_transport() = default;

  // Where it listens.
  virtual endpoint local() const noexcept = 0;

  // Sends; success is not told. Datagram payloads of more than max_gossip_payload - 1 bytes, streams' of more
  // than max_message_bytes, and addresses beyond loopback without keys fail. `advertised` is the address that
  // a stream's receiver is told to answer to: set it once the node knows its own (see advertise()).
  virtual void send(gossip_topic topic, gossip_channel channel, const endpoint& to,
                    std::span<const std::byte> payload) = 0;

  // Where others reach this node, which streams tell: local() until then.
  virtual void advertise(const endpoint& where) = 0;

  // Sends what waits on streams, `patience` at most, and closes them; nothing is received any more. `then`
  // is called once, from the loop.
  virtual void finish(duration patience, std::function<void()> then) = 0;

  // The keys, to change while running: makes the ring what `ring` is. Keys that are on both stay, with what
  // is known of their senders. FAILED_PRECONDITION: one of the two has no keys at all.
  virtual status change_keys(const gossip_keyring& ring) = 0;
  virtual std::vector<gossip_keyring::entry> keys() const = 0;

  virtual gossip_transport_counters counters() const = 0;
};

} // namespace troupe
