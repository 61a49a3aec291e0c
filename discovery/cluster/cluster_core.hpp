// What a cluster's member runs on its loop. Internal to this component.
//
// Whatever comes in (a payload, a timer, a wish of another thread) ends with settle(): it sends what the
// cores want sent, takes note of what has happened, and sets the timer. What the listener and the readers of
// view() learn of it waits for the end of the loop's turn, so that a flood of changes makes one snapshot.
#pragma once

#include "discovery/cluster/cluster_member.hpp"
#include "discovery/cluster/cluster_metrics.hpp"
#include "discovery/cluster/own_services.hpp"
#include "discovery/cluster/registry_gossip.hpp"
#include "discovery/membership/membership.hpp"
#include "discovery/seeds/last_known_members.hpp"
#include "discovery/seeds/seed_source.hpp"
#include "runtime/telemetry/log.hpp"

#include <mutex>
#include <set>

namespace troupe {

class cluster_member::core {
public:
  core(cluster_member_options options, const environment& world, cluster_listener& listener, logging* logs,
       metrics* numbers);
  ~core();
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  // Not from the loop.
  status open();

  const std::string& name() const noexcept { return options_.cluster; }
  const endpoint& address() const noexcept { return self_.gossip; }
  const endpoint& local() const noexcept { return local_; }
  cluster_view_ptr view() const;

  // -- from any thread
  status publish(service_entry entry);
  void withdraw(std::string_view service);
  void set_health(service_health health);
  void set_load(std::string_view service, std::uint32_t calls);
  status change_metadata(const std::function<void(member_metadata&)>& change);
  status add_seeds(std::vector<seed_entry> seeds);
  status change_keys(const gossip_keyring& ring);
  void leave(std::function<void()> then);

private:
  // What other threads want, until the loop takes note of it.
  struct wishes {
    explicit wishes(const registry_limits& limits) : services(limits) {}
    own_services services;
    member_metadata metadata;
    bool new_metadata = false;
    std::vector<seed_entry> seeds; // all of them
    bool new_seeds = false;
    bool posted = false;
  };

  // -- cluster_core.cpp: how it begins and ends
  status open_on_loop();
  void close();

  // -- cluster_wishes.cpp
  void wish(const std::unique_lock<std::mutex>& held);
  void grant_wishes();

  // -- cluster_core.cpp: the loop's turns
  void on_gossip(gossip_topic topic, gossip_channel channel, const endpoint& from,
                 std::span<const std::byte> payload);
  void on_timer();
  void settle();
  void take_membership();
  void send(gossip_topic topic, const std::vector<gossip_send>& sends);
  // Whether it takes part in the registry: not once it goes, or must.
  bool talks() const noexcept;
  void arm();
  void begin_leaving(std::function<void()> then);
  void finish_leaving();
  status start_seeds(std::vector<seed_entry> entries);

  // -- cluster_events.cpp: what is told of it
  void on_event(member_event what);
  void tell_of(const member_event& what) const;
  void enter_phase(cluster_phase phase);
  void look_at_members(const std::vector<member_record>& members);
  void show_to_policy(const std::vector<member_record>& members);
  void judge_split();
  void view_changed();
  void publish_view();
  void remember_members(const std::vector<member_record>& members);

  cluster_member_options options_;
  const environment world_;
  cluster_listener& listener_;
  logging* const logs_;
  metrics* const numbers_;
  const logger log_;
  std::unique_ptr<event_loop> loop_;
  member_record self_; // as it began
  endpoint local_;

  mutable std::mutex view_mutex_; // held for an instant: guards view_
  cluster_view_ptr view_;
  std::mutex wishes_mutex_; // guards wishes_
  wishes wishes_;

  // -- on the loop only
  bool closed_ = false;
  membership membership_;
  registry registry_;
  registry_gossip gossip_;
  std::optional<split_brain_resolver> resolver_;
  std::set<std::pair<std::string, std::uint64_t>> given_up_; // processes that the policy holds for gone
  std::optional<monotonic_time> torn_since_;                 // somebody is dead and not given up
  std::unique_ptr<gossip_transport> transport_;
  std::unique_ptr<last_known_members> last_known_;
  std::unique_ptr<seed_source> seeds_;
  std::vector<endpoint> before_; // members that were known before the start
  std::size_t seeds_known_ = 0;
  monotonic_time load_due_ = monotonic_time::max();
  monotonic_time next_measure_ = monotonic_time::max();

  cluster_phase phase_ = cluster_phase::joining;
  std::optional<split_brain_decision> decision_;
  std::size_t told_health_ = 0;
  std::uint64_t views_ = 0;
  bool view_outdated_ = false;
  bool members_changed_ = true;                // since they were looked at last
  std::vector<std::function<void()>> to_tell_; // the listener, once the view shows it
  std::vector<registry_change> changes_;       // the same
  std::function<void()> when_left_;
  bool finishing_ = false;

  std::unique_ptr<loop_timer> timer_;
  monotonic_time timer_due_ = monotonic_time::max();
  std::optional<cluster_metrics> meter_;
};

} // namespace troupe
