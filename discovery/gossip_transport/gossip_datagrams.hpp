// The transport's UDP side: payloads to sealed datagrams, and back. Internal to this component.
#pragma once

#include "discovery/gossip_seal/gossip_sealer.hpp"
#include "discovery/gossip_transport/gossip_surroundings.hpp"

#include <memory>

namespace troupe {

class gossip_datagrams {
public:
  // Datagrams that are handled before other work of the loop gets its turn.
  static constexpr std::size_t handled_in_a_row = 64;

  gossip_datagrams(gossip_surroundings& around, gossip_sealer sealer);
  ~gossip_datagrams();
  gossip_datagrams(const gossip_datagrams&) = delete;
  gossip_datagrams& operator=(const gossip_datagrams&) = delete;

  // Errors as of network::open_datagram(). What comes before start() waits.
  status bind(const endpoint& local);
  // Gives the socket up, for another bind().
  std::unique_ptr<datagram_socket> unbind();
  endpoint local() const noexcept { return socket_->local(); }

  status send(gossip_topic topic, const endpoint& to, std::span<const std::byte> payload);

  // Nothing is received any more.
  void close();

  gossip_sealer& sealer() noexcept { return sealer_; }
  const gossip_sealer& sealer() const noexcept { return sealer_; }

private:
  class inbox;

  void take();
  void take(const endpoint& from, std::span<const std::byte> sealed);
  void refused(const endpoint& from, const refused_gossip& why);

  gossip_surroundings& around_;
  gossip_sealer sealer_;
  std::shared_ptr<inbox> inbox_;
  std::unique_ptr<datagram_socket> socket_;
};

} // namespace troupe
