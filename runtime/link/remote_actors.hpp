// Handles of CAF actors on other nodes. A handle that is serialized here names its node and its number there;
// one that arrives becomes a proxy, which sends what it is sent over the connection to its node, and ends,
// for those who monitor or link to it, when the actor does or when the connection is lost. Internal to this
// component.
#pragma once

#include "runtime/link/line_quota.hpp"
#include "runtime/link/link_session.hpp"
#include "runtime/link/outbox.hpp"
#include "runtime/telemetry/log.hpp"

#include <caf/actor.hpp>
#include <caf/node_id.hpp>
#include <caf/proxy_registry.hpp>
#include <caf/scoped_execution_unit.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class peer_connection;

// Actors of one peer that may be known here at a time. A peer that names more loses its connection.
inline constexpr std::size_t most_actors_of_a_peer = 250'000;

class remote_actors : private caf::proxy_registry::backend {
public:
  remote_actors(caf::actor_system& system, logger log);
  ~remote_actors();

  // The node id that our greeting carries, serialized.
  std::string own_node() const;

  // -- on the gate's loop
  void connected(peer_connection& which, const std::string& actor_node);
  void disconnected(peer_connection& which, const std::string& actor_node);
  void send(link_session& session, actor_message& what);
  void send_ended(peer_connection& to, link_session& session, caf::actor_id actor, const caf::error& reason);
  // RESOURCE_EXHAUSTED: the peer has named more actors than it may.
  status receive(peer_connection& from, const message_fields& what, monotonic_time now);
  void watch(peer_connection& from, caf::actor_id actor);
  void unwatch(peer_connection& from, caf::actor_id actor);
  void ended(peer_connection& from, caf::actor_id actor, byte_view reason);
  // Now and then: forgets actors of nodes that are not connected. As for receive().
  status tidy(const peer_connection& which);

  // -- from any thread: a handle as bytes, for a field of a message, and back. Empty bytes are the null
  // handle; an error when they are no handle.
  std::string export_handle(const caf::actor& handle);
  result<caf::actor> import_handle(std::string_view bytes);

  // Proxies of live connections, for tests.
  std::size_t proxy_count() const;

private:
  class proxy;
  class watcher;
  struct shared;
  // What is known of a connection.
  struct peer {
    caf::node_id node;
    std::set<caf::actor_id> watched; // our actors whose end it wants to know
  };

  caf::strong_actor_ptr make_proxy(caf::node_id node, caf::actor_id actor) override;
  void set_last_hop(caf::node_id*) override {}
  std::optional<caf::node_id> read_node(std::string_view bytes);
  peer* find(const peer_connection& which);

  caf::actor_system& system_;
  logger log_;
  std::shared_ptr<shared> shared_;
  caf::proxy_registry proxies_;
  caf::scoped_execution_unit unit_; // used on the loop
  std::map<const peer_connection*, peer> peers_;
  line_quota lines_;
  std::vector<char> scratch_;
  std::uint64_t received_ = 0;
};

} // namespace troupe
