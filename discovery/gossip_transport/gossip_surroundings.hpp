// What the parts of one transport share. Internal to this component.
#pragma once

#include "discovery/gossip_transport/gossip_meter.hpp"
#include "discovery/gossip_transport/gossip_transport.hpp"
#include "discovery/seeds/complaint_quota.hpp"
#include "runtime/environment/random_source.hpp"
#include "runtime/telemetry/log.hpp"

#include <string_view>

namespace troupe {

// A message that could not be sent.
struct unsent_gossip {
  gossip_topic topic = gossip_topic::membership;
  gossip_channel channel = gossip_channel::datagram;
  endpoint to;
  status why;
};

// What the parts tell the transport. Any of these may end with the transport destroyed.
class gossip_receiver {
public:
  virtual ~gossip_receiver() = default;
  virtual void on_payload(gossip_topic topic, gossip_channel channel, const endpoint& from,
                          std::span<const std::byte> payload) = 0;
  // Told to the user later, not from within this call: here nothing is destroyed.
  virtual void on_unsent(unsent_gossip what) = 0;
};

struct gossip_surroundings {
  const environment world;
  event_loop& loop;
  const gossip_transport_options options;
  gossip_meter& meter;
  logger log;
  gossip_receiver& receiver;
  // One line about one thing in a minute.
  complaint_quota complaints{std::chrono::minutes{1}, 64};

  monotonic_time now() const noexcept { return world.clock.now(); }
  // Whether what is sent to this address may be sent in this mode.
  bool may_reach(const endpoint& to) const noexcept {
    return options.keys || options.trusted_network || to.address.is_loopback();
  }
  // `subject` must be one of a few words, as each is remembered.
  void complain(std::string_view subject, std::string_view what, const endpoint& peer, std::string_view why) {
    if (const auto withheld = complaints.take(subject, now()))
      log.warning(what, {{"peer", peer.to_string()}, {"why", why}, {"alike_not_logged", *withheld}});
  }
};

} // namespace troupe
