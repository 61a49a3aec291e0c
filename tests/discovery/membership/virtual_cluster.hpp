// A cluster of membership cores in virtual time: delay, loss, cuts in one direction or both, members that
// stand still. Everything follows from the seed.
#pragma once

#include "discovery/membership/membership.hpp"
#include "runtime/simulation/trace_hash.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::membership_test {

using namespace std::chrono_literals;

struct network_options {
  std::uint64_t seed = 1;
  double loss = 0; // of datagrams
  duration shortest_delay = 200us;
  duration longest_delay = 5ms;
  std::size_t seeds = 2; // so many of the first members are the seeds of all
  membership_settings settings{};
};

struct seen_event {
  duration at{};
  std::size_t observer = 0;
  member_event_kind kind = member_event_kind::joined;
  std::string name;
};

class virtual_cluster {
public:
  explicit virtual_cluster(network_options options);

  static std::string name_of(std::size_t index);
  static endpoint endpoint_of(std::size_t index);

  std::size_t add() { return add(name_of(nodes_.size()), 1); }
  std::size_t add(std::string name, std::uint64_t process);
  void add_many(std::size_t count) {
    while (count-- > 0)
      add();
  }
  void crash(std::size_t index) { nodes_[index].core.reset(); }
  void restart(std::size_t index);
  void leave(std::size_t index);
  // It processes nothing until then; what arrives waits.
  void stand_still(std::size_t index, duration how_long) { nodes_[index].still_until = now_ + how_long; }
  // Its timers go on, but what it sends leaves then, and what arrives waits: slow processing of messages, as
  // Lifeguard's paper has it.
  void hold_messages(std::size_t index, duration how_long) { nodes_[index].held_until = now_ + how_long; }
  // True when nothing gets from the first to the second.
  void cut(std::function<bool(std::size_t, std::size_t)> is_cut) { is_cut_ = std::move(is_cut); }
  void heal() { is_cut_ = nullptr; }
  // Of datagrams only.
  void block_datagrams(bool yes) { datagrams_blocked_ = yes; }

  void run_for(duration how_long);
  // Runs until `is_so`, looking at it at each `step`; how long it took, or `most`.
  duration run_until(const std::function<bool()>& is_so, duration most, duration step = 50ms);

  membership& core(std::size_t index) { return *nodes_[index].core; }
  bool running(std::size_t index) const {
    return nodes_[index].core && nodes_[index].core->phase() == membership_phase::running;
  }
  std::size_t size() const { return nodes_.size(); }
  // All running members hold exactly the running ones for alive.
  bool agree() const;
  member_state state(std::size_t observer, std::size_t subject) const;
  const std::vector<seen_event>& events() const { return events_; }
  std::size_t count(member_event_kind kind) const;
  std::size_t count(member_event_kind kind, const std::string& name) const;
  duration now() const { return now_ - monotonic_time{}; }
  // Of every packet and event so far.
  std::uint64_t hash() const { return hash_.value(); }
  random_source& random() { return random_; }

private:
  struct node {
    std::string name;
    std::uint64_t process = 1;
    std::unique_ptr<membership> core;
    monotonic_time wake = monotonic_time::max();
    monotonic_time still_until = monotonic_time::min();
    monotonic_time held_until = monotonic_time::min();
  };
  struct step {
    monotonic_time when;
    std::uint64_t order = 0;
    std::size_t to = 0;
    std::uint64_t process = 0; // of a wake: the one that asked for it
    bool wake = false;
    std::size_t from = 0;
    gossip_channel channel = gossip_channel::datagram;
    gossip_bytes bytes;
    bool operator>(const step& other) const {
      return std::pair{when, order} > std::pair{other.when, other.order};
    }
  };

  void start(std::size_t index);
  void settle(std::size_t index);
  void transmit(std::size_t from, gossip_send& what);
  void push(step what) {
    what.order = next_order_++;
    steps_.push_back(std::move(what));
    std::push_heap(steps_.begin(), steps_.end(), std::greater<>{});
  }
  void run(step what);

  network_options options_;
  random_source random_;
  random_source weather_;
  monotonic_time now_{};
  std::vector<node> nodes_;
  std::vector<step> steps_; // a heap, the earliest first
  std::uint64_t next_order_ = 0;
  std::function<bool(std::size_t, std::size_t)> is_cut_;
  bool datagrams_blocked_ = false;
  std::vector<seen_event> events_;
  trace_hash hash_;
};

} // namespace troupe::membership_test
