// The transport's numbers, behind verbs: each counts for counters() and for Prometheus. Internal to this
// component.
#pragma once

#include "discovery/gossip_transport/gossip_transport.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <array>

namespace troupe {

class gossip_meter {
public:
  // `numbers` may be null.
  explicit gossip_meter(metrics* numbers);

  void datagram_sent(std::size_t bytes);
  void datagram_received();
  void datagram_failed();
  void datagrams_overrun(std::uint64_t count);
  void bytes_sent(gossip_channel channel, std::size_t bytes);
  void bytes_received(gossip_channel channel, std::size_t bytes);
  void messages_sent(std::size_t count);
  void message_received();
  void message_failed();
  void unknown_topic(gossip_channel channel);
  void dropped(gossip_channel channel, gossip_drop why);
  void stream_opened();
  void stream_accepted();
  void stream_refused();
  void streams(std::size_t now);
  void queued(std::ptrdiff_t change);

  // Without what the sealers know.
  const gossip_transport_counters& counts() const noexcept { return counts_; }

private:
  using both = std::array<counter, 2>; // by channel
  static std::size_t at(gossip_channel channel) noexcept { return channel == gossip_channel::stream ? 1 : 0; }

  gossip_transport_counters counts_;
  counter sent_, received_, failed_, overrun_;
  both bytes_sent_, bytes_received_, unknown_;
  counter messages_sent_, messages_received_, messages_failed_;
  std::array<std::array<counter, gossip_drop_count>, 2> dropped_;
  counter opened_, accepted_, refused_;
  gauge streams_, queued_;
};

} // namespace troupe
