// Who is alive: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2017, arXiv
// 1707.00788), as a state machine without I/O. It is told what happens and when; it answers with what to send
// and what to believe.
//
//   start, on_message, on_send_failed, tick, leave  -->  membership  -->  take_effects(): sends, events
//
// For one thread at a time. Every `now` is a reading of one monotonic clock; an earlier one than before
// counts as that. Call tick() when next_tick() has come, and take_effects() after every call.
#pragma once

#include "discovery/membership/local_health.hpp"
#include "discovery/membership/member_table.hpp"
#include "discovery/membership/membership_codec.hpp"
#include "discovery/membership/membership_output.hpp"
#include "discovery/membership/membership_settings.hpp"
#include "discovery/membership/probe_round.hpp"
#include "discovery/membership/rumor_queue.hpp"
#include "runtime/environment/random_source.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

enum class membership_phase : std::uint8_t {
  idle, // not started
  running,
  leaving, // says goodbye; still answers
  stopped, // has left, of its own will or after a name conflict; sends nothing
};

class membership {
public:
  // Draws from a stream of `random` of its own.
  explicit membership(membership_settings settings, const random_source& random);

  // Becomes a member and tries the seeds until others are found, then on. `self.process` has to be larger
  // than at every earlier start of the name. The seeds may hold its own endpoint. INVALID_ARGUMENT for
  // settings or a record out of their ranges, FAILED_PRECONDITION when it was started before.
  status start(monotonic_time now, member_record self, std::vector<endpoint> seeds);

  // A message as it came, unsealed. `from` is where an answer by the same channel goes. An error says why it
  // was refused (and counted); nothing is to be done about it but to log.
  status on_message(monotonic_time now, const endpoint& from, gossip_channel channel,
                    std::span<const std::byte> bytes);

  // What could not be sent, as far as the sender can know (no route, connection refused).
  void on_send_failed(monotonic_time now, const endpoint& to, gossip_channel channel);

  void tick(monotonic_time now);
  // The end of time when there is nothing to wait for.
  monotonic_time next_tick() const;

  // Says goodbye; phase() becomes stopped after leave_linger, at once when there is nobody to tell.
  void leave(monotonic_time now);

  // Takes the place of the seeds so far, such as when their names have other addresses by now. May hold its
  // own endpoint; new ones are tried at once, without end. Has no effect unless running.
  void update_seeds(monotonic_time now, const std::vector<endpoint>& seeds);

  // Tells everyone. INVALID_ARGUMENT when the record gets too large, FAILED_PRECONDITION unless running.
  status update_metadata(monotonic_time now, member_metadata metadata);

  membership_effects take_effects() { return std::exchange(effects_, {}); }

  membership_phase phase() const noexcept { return phase_; }
  // An older process of this name is alive: this one must not run.
  bool refused() const noexcept { return refused_; }
  const member_record& self() const noexcept { return self_; }
  // Null for a name that is not known; of itself, self().
  const member_record* find(std::string_view name) const;
  // When its last message came, whatever it said; the beginning of time when none did.
  monotonic_time last_heard(std::string_view name) const;
  // Calls with each that is known, itself first, the others by name, the dead and those who left too. Must
  // not change the member.
  void visit(const std::function<void(const member_record&)>& with) const;
  // All of them, copied, by name.
  std::vector<member_record> members() const;
  // Alive or suspect, itself included.
  std::size_t living() const noexcept { return table_.living() + 1; }
  // Subjects of which something is still to be told: two for each member at most.
  std::size_t rumors_waiting() const noexcept { return queue_.size(); }
  std::size_t local_health_score() const noexcept { return health_.score(); }
  const membership_counters& counters() const noexcept { return counters_; }

private:
  struct seed {
    endpoint where;
    monotonic_time next_try;
    duration pause;
  };
  // What is known of the packet whose rumors are being applied.
  struct hearing {
    endpoint sender;
    bool table = false; // a push-pull
    bool returning =
      false; // its sender was dead or unknown here: its accusations may be as old as the partition
    std::vector<rumor> corrections{}; // what its sender has missed
    bool tell_self = false;           // it says of this member what has been refuted before
  };

  // membership.cpp
  bool active() const noexcept {
    return phase_ == membership_phase::running || phase_ == membership_phase::leaving;
  }
  monotonic_time enter(monotonic_time now);
  void answer(const packet& got, const endpoint& from, const hearing& how);
  void postpone(duration by);
  void run_gossip();
  void stop();
  packet header(packet_kind kind, std::uint64_t sequence = 0) const;
  void send(gossip_channel channel, const endpoint& to, std::string peer, gossip_bytes bytes);
  void send_gossip(packet_builder packet, const endpoint& to, std::string peer);
  // Of each member one thing is told at a time, and beside it one of two processes that claim its name.
  void tell(const std::string& name, const rumor& what) { queue_.put("of " + name, encode_rumor(what)); }
  void tell_claim(const std::string& name, const rumor& what) {
    queue_.put("claim " + name, encode_rumor(what));
  }
  std::size_t told_at_most() const { return retransmit_limit(settings_.retransmit, living()); }
  void emit(member_event_kind kind, const member_record& record) {
    effects_.events.push_back({kind, record});
  }

  // membership_exchange.cpp
  void run_push_pull();
  void send_compare(gossip_channel channel, const endpoint& to, std::string peer);
  void on_compare(const packet& got, const endpoint& from, gossip_channel channel);
  void on_compare_reply(const packet& got, const endpoint& from, gossip_channel channel);
  // By stream when it is too large for a datagram.
  void send_table(packet_kind kind, std::uint64_t buckets, gossip_channel channel, const endpoint& to,
                  std::string peer);
  void add_entry(packet_builder& out, const member_entry& entry) const;

  // membership_probe.cpp
  void run_probe();
  const member_entry* next_to_probe();
  void begin_probe();
  void ask_others();
  void probe_failed();
  void run_relays();
  void send_nack(const relayed_probe& to);
  void send_ping(const member_entry& entry, std::uint64_t sequence, gossip_channel channel);
  void on_ping(const packet& got, const endpoint& from, gossip_channel channel, bool tell_self);
  void on_ping_request(const packet& got, const endpoint& from);
  void on_ack(const packet& got, gossip_channel channel);
  void on_nack(const packet& got);

  // membership_reconnect.cpp
  void run_reconnects();
  void reconnect_at(monotonic_time when) {
    if (phase_ != membership_phase::running) return;
    next_reconnect_ = std::min(next_reconnect_, std::max(when, earliest_reconnect_));
  }
  duration next_pause(duration before) const;
  void try_seeds(std::size_t& budget);
  void try_dead(std::size_t& budget);

  // membership_rumors.cpp
  void hear(const alive_rumor& what, hearing& how);
  void hear(const suspect_rumor& what, hearing& how);
  void hear(const dead_rumor& what, hearing& how);
  void hear(const left_rumor& what, hearing& how);
  void hear(const claim_rumor& what, hearing& how);
  void ask_whether_still_alive(const member_record& replaced);
  void hear_self(const alive_rumor& what);
  void hear_accusation(std::uint64_t process, std::uint64_t incarnation, hearing& how);
  bool knows_better(const member_entry& entry, std::uint64_t incarnation, hearing& how) const;
  void suspect(member_entry& entry, std::uint64_t incarnation, const std::string& accuser);
  void verify_soon(const std::string& name);
  void accuse_to_its_face(const member_entry& entry);
  void die(member_entry& entry, const std::string& accuser);
  void run_suspicions();
  void announce();
  void yield_to(std::uint64_t older, const endpoint& told_by);
  void give_back(member_entry& entry, std::uint64_t younger, std::uint64_t older);
  void outlive(std::uint64_t process);
  void raise_above(std::uint64_t incarnation);
  bool renumber(std::uint64_t process);

  membership_settings settings_;
  random_source random_;
  membership_phase phase_ = membership_phase::idle;
  bool refused_ = false;
  std::uint64_t yielded_by_ = 0; // the youngest process that took this one's name and is gone
  member_record self_;
  member_table table_;
  rumor_queue queue_;
  local_health health_;
  std::vector<seed> seeds_;
  membership_effects effects_;
  membership_counters counters_;

  monotonic_time now_ = monotonic_time::min();
  std::uint64_t next_sequence_ = 1;
  std::optional<probe_round> probe_;
  std::vector<std::string> to_verify_;            // suspects whom others accuse, to be probed next
  bool only_streams_ = false;                     // the last ack came by stream only
  std::map<std::uint64_t, relayed_probe> relays_; // by the sequence of the ping that was sent for another
  std::map<std::string, monotonic_time, std::less<>> doubted_; // the suspects, and when each is declared dead
  monotonic_time next_probe_ = monotonic_time::max();
  monotonic_time next_gossip_ = monotonic_time::max();
  monotonic_time next_push_pull_ = monotonic_time::max();
  monotonic_time next_reconnect_ = monotonic_time::max();
  monotonic_time earliest_reconnect_ = monotonic_time::min(); // after the last burst
  monotonic_time next_greeting_ = monotonic_time::min();      // of strangers, by comparing tables
  monotonic_time next_alone_ = monotonic_time::max();
  monotonic_time stop_at_ = monotonic_time::max();
};

} // namespace troupe
