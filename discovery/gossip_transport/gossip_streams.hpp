// The transport's TCP side: the streams to all peers. Internal to this component.
#pragma once

#include "discovery/gossip_transport/gossip_stream.hpp"

#include <map>
#include <set>
#include <vector>

namespace troupe {

class gossip_streams final : public gossip_stream_owner {
public:
  gossip_streams(gossip_surroundings& around, gossip_sealer sealer);
  // What waits on streams is forgotten, and nobody is told.
  ~gossip_streams() override;

  // Errors as of event_loop::listen().
  status bind(const endpoint& local);
  std::unique_ptr<stream_listener> unbind();
  endpoint local() const noexcept { return listener_->local(); }

  void advertise(const endpoint& where) { advertised_ = where; }

  status send(gossip_topic topic, const endpoint& to, std::span<const std::byte> payload);

  // No further stream, and no further message; `then` once all that waited is sent and taken.
  void finish(std::function<void()> then);
  // Ends all.
  void end(const status& why);

  gossip_sealer& sealer() noexcept override { return sealer_; }
  const gossip_sealer& sealer() const noexcept { return sealer_; }

private:
  using stream_ptr = std::shared_ptr<gossip_stream>;

  void accept(std::unique_ptr<byte_stream> stream);
  // Whether there is room for one more.
  bool make_room();
  // Says goodbye on the stream that was idle for longest.
  void ask_to_leave();
  stream_ptr make();
  // The best way to a peer; null: there is none.
  stream_ptr find(const endpoint& to);
  bool is_preferred(const gossip_stream& which) const;
  void know(const endpoint& as, gossip_stream& which);
  void forget(const endpoint& as, const gossip_stream& which);

  endpoint advertised() const override { return advertised_; }
  void on_greeted(gossip_stream& which) override;
  void on_message(gossip_stream& which, std::uint8_t topic, std::span<const std::byte> bytes) override;
  bool on_unfinished(std::ptrdiff_t change) override;
  void on_leaving(gossip_stream& which) override;
  void on_over(gossip_stream& which) override;

  gossip_surroundings& around_;
  gossip_sealer sealer_;
  random_source tags_;
  endpoint advertised_;
  std::unique_ptr<stream_listener> listener_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, stream_ptr> all_;                 // the oldest first
  std::set<std::uint64_t> strangers_;                       // accepted, nothing genuine yet
  std::map<endpoint, std::vector<gossip_stream*>> by_peer_; // those that take messages
  std::size_t unfinished_ = 0;
  std::function<void()> finished_;
  bool finishing_ = false;
};

} // namespace troupe
