// CAF actors by name, in the whole cluster: what Akka calls the receptionist, and OTP's pg. Several actors
// may share a name. An entry ends with its actor, and with its node.
//
//   names.register_actor("printer", actor)      on any node
//   names.find("printer")                       on any node: all that can be reached now
//   names.watch("printer", listener)            and whenever that changes
//
// Entries travel in the registry, as services named "actor:0", "actor:1", ...: a node uses the numbers anew,
// because the registry keeps what was withdrawn.
#pragma once

#include "discovery/actor_names/entry_publisher.hpp"
#include "discovery/registry/registry_snapshot.hpp"
#include "runtime/core/result.hpp"
#include "runtime/core/strong_type.hpp"

#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class gate;

struct actor_names_limits {
  std::size_t names_per_node = 512; // registered here; together with the services within registry_limits
  std::size_t watches = 10'000;
};

inline constexpr std::size_t longest_actor_name = 200; // bytes
// How the entries in the registry begin, for those who list services.
inline constexpr std::string_view actor_entry_prefix = "actor:";

using actor_watch = strong_type<std::uint64_t, struct actor_watch_tag>;

// Thread-safe, but for its destructor.
class actor_names {
public:
  // Those of `own_node` only, until connect().
  explicit actor_names(std::string own_node, actor_names_limits limits = {});
  // Ends as disconnect() does; no listener is called from then on, but one that another thread has begun to
  // call.
  ~actor_names();
  actor_names(const actor_names&) = delete;
  actor_names& operator=(const actor_names&) = delete;

  // From now on names are told to other nodes, those that are registered already included, and handles of
  // other nodes' actors are usable. Both must live until disconnect(). The status of the first entry that was
  // refused; the others are told.
  status connect(gate& link, entry_publisher& publisher);
  // Back to this node's own names. Nothing is withdrawn: it is for the end of the node.
  void disconnect();
  // The node ends: lets go of all actors and listeners, and takes no new ones (UNAVAILABLE).
  void close();

  // Gives an actor of this node a name, until it ends; again is no error. INVALID_ARGUMENT: the name is
  // empty, longer than longest_actor_name, no UTF-8 or has control characters, or the actor is null or of
  // another node (it registers there); NOT_FOUND: it has ended; RESOURCE_EXHAUSTED: too many; or why the
  // registry refuses it. Other nodes learn of it as the gossip spreads.
  status register_actor(std::string name, const caf::actor& actor);
  // Nothing happens when it has not that name.
  void unregister_actor(std::string_view name, const caf::actor& actor);

  // All living actors of that name, those of this node first, then by node; actors of nodes that are not
  // connected are left out. An actor may have ended when the caller uses it: monitor it.
  std::vector<caf::actor> find(std::string_view name) const;
  // One of them: of this node if there is one, each in turn. Null when there is none.
  caf::actor find_one(std::string_view name) const;

  // Calls `then` with what find() gives, once before this returns or soon after in another thread, and
  // whenever that has changed, one call at a time, in order; of changes in quick succession perhaps only the
  // last. On whatever thread brought the change: it must not block, throw or destroy this. An actor on
  // another node that has ended is left out with the next change. RESOURCE_EXHAUSTED: too many;
  // INVALID_ARGUMENT as above.
  using listener = std::function<void(const std::vector<caf::actor>&)>;
  result<actor_watch> watch(std::string name, listener then);
  // A call that another thread has begun may still end after this.
  void unwatch(actor_watch which);

  // -- what the discovery and the link say

  // The registry as it is now, whenever it has changed.
  void on_services(const registry_snapshot_ptr& now);
  // A connection to another node has come to stand, or ended: after the gate's peer_listener was told.
  void on_peers_changed();

private:
  class core;
  std::shared_ptr<core> core_;
};

} // namespace troupe
