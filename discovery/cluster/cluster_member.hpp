// One node's part in its cluster: who else is there, and who plays what. It brings together membership,
// registry, seeds, the sealed gossip between nodes and the split-brain policy, on an event loop of its own.
//
//   seeds ----> membership <--> gossip_transport <--> other nodes
//                  |  ^               ^
//                  v  |               |
//   last_known_members  registry <--> registry_gossip
//                  |     |
//                  v     v
//            cluster_listener, view()
#pragma once

#include "discovery/cluster/cluster_view.hpp"
#include "discovery/gossip_transport/gossip_transport.hpp"
#include "discovery/membership/membership_settings.hpp"
#include "discovery/registry/registry.hpp"
#include "discovery/seeds/seed_settings.hpp"
#include "discovery/split_brain/split_brain_resolver.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

struct cluster_member_options {
  std::string cluster = "troupe";
  std::string node; // unique in the cluster, 1 to 255 bytes
  // Larger at every start of the node of this name; 0: the date of the start, in nanoseconds.
  std::uint64_t process = 0;

  // Cluster, node and listening address; the first two are replaced by those above.
  gossip_transport_options transport;
  // Where others reach it, when that is not where it listens: port 0 stands for the port it listens at.
  // Necessary when it listens at 0.0.0.0 or ::.
  std::optional<endpoint> advertise;
  // "host:port" of this node's link, which others connect to; empty: it has none.
  std::string link;
  std::string application_version;
  member_metadata metadata;

  membership_settings membership;
  seed_settings seeds;
  // The file of the members seen last; empty: none is kept.
  std::string state_file;
  std::size_t state_limit = 64;

  registry_limits limits;
  // With whom, and how often, digests of the registry are compared: one random member each time. 100 ms to 1
  // h.
  duration registry_sync_interval = std::chrono::seconds{10};

  // Asked on the member's loop every load_interval (own_services.hpp), for set_load(); must not block.
  // Nothing: whoever knows the load calls set_load().
  std::function<std::vector<std::pair<std::string, std::uint32_t>>()> measure_load;

  // Nothing: no policy, a partition's sides all go on.
  std::optional<split_brain_settings> split_brain;
};

// Called on the member's loop, one at a time; must not block, and must not destroy the member. May call its
// thread-safe functions.
class cluster_listener {
public:
  virtual ~cluster_listener() = default;
  // Of others only.
  virtual void on_member(const member_event& what) = 0;
  // What happened in the registry, in order, this node's own changes included.
  virtual void on_services(const std::vector<registry_change>& changes, const registry_snapshot_ptr& now) = 0;
  // An older process of this node's name is alive: this one must stop. Once; it says nothing to others from
  // then on.
  virtual void on_refused(const status& why) = 0;
  // The split-brain policy has decided; `loss` is what the settings say of a side that does not stay.
  virtual void on_split_brain(const split_brain_decision& what, split_brain_loss loss) = 0;
};

class cluster_member {
public:
  // Joins, and returns at once: with port and addresses known, without having met anybody. Everything given
  // must outlive it; `logs` and `numbers` may be null. Errors as of gossip_transport::open(),
  // membership::start() and seed_source::start(). Not from a loop of this network.
  static result<std::unique_ptr<cluster_member>> start(cluster_member_options options,
                                                       const environment& world, cluster_listener& listener,
                                                       logging* logs, metrics* numbers);
  // Without a goodbye, unless leave() has ended: the others find out. Not from the loop.
  ~cluster_member();
  cluster_member(const cluster_member&) = delete;
  cluster_member& operator=(const cluster_member&) = delete;

  // -- thread-safe, never blocking for long

  // The cluster's name.
  const std::string& name() const noexcept;
  // The gossip's address as others are told, and where it listens.
  const endpoint& address() const noexcept;
  const endpoint& local() const noexcept;
  cluster_view_ptr view() const;
  registry_snapshot_ptr services() const { return view()->services; }

  // What this node plays. A malformed entry is refused: see registry::publish(). What is published is told to
  // others soon; the order of calls of one thread is kept. The entry's load counts until set_load() is
  // called.
  status publish(service_entry entry);
  void withdraw(std::string service);
  // Of all services of this node, e.g. draining before it stops.
  void set_health(service_health health);
  // Calls in progress, for people and for balancing: told when its log2 has changed, and every 10 s at most.
  // Of a service that is not published: no effect.
  void set_load(std::string service, std::uint32_t calls);

  // INVALID_ARGUMENT: the record would get too large.
  status set_metadata(member_metadata metadata);
  // Makes one of its `values` this.
  status set_metadata_value(std::string key, std::string value);

  // Further places to look for others, and to look at once. INVALID_ARGUMENT: more than there may be.
  status add_seeds(std::vector<seed_entry> seeds);

  // See gossip_transport. Waits for the loop's turn, unless called on the loop.
  status change_keys(gossip_keyring ring);

  // Says goodbye: others know at once that it has not died. `then` is called once, on the loop, when the word
  // is out (leave_linger of the membership settings), at once when there is nobody to tell or it is called
  // again. The member then is in the phase `left`.
  void leave(std::function<void()> then);

private:
  class core;
  explicit cluster_member(std::unique_ptr<core> inner);
  std::unique_ptr<core> core_;
};

} // namespace troupe
