// What is believed of what is heard: SWIM section 4.2's order of precedence, with the process before the
// incarnation.
#include "discovery/membership/membership.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

// More would keep a member from its round of probes for too long.
constexpr std::size_t most_to_verify = 4;
// Of one packet, whose sender would else have more said to it than it said.
constexpr std::size_t most_corrections = 64;
// By so much at most the number of a process is above that of the one that it outlives: of nanoseconds a
// millisecond.
constexpr std::uint64_t outliving_spread = 1u << 20;

} // namespace

void membership::announce() {
  if (phase_ == membership_phase::running) tell(self_.name, alive_rumor{self_});
}

void membership::hear(const alive_rumor& what, hearing& how) {
  const auto& record = what.record;
  if (record.name == self_.name) return hear_self(what);
  if (record.protocol_low > gossip_protocol_version || record.protocol_high < gossip_protocol_version
      || record.gossip.port == 0) {
    ++counters_.members_refused;
    return;
  }
  auto* entry = table_.find(record.name);
  if (entry == nullptr) {
    if (table_.size() + 1 >= settings_.most_members && !table_.forget_who_left()) {
      ++counters_.members_refused;
      return;
    }
    auto fresh = record;
    fresh.state = member_state::alive;
    const auto& added = table_.add(std::move(fresh), now_, random_);
    tell(record.name, what);
    return emit(member_event_kind::joined, added.record);
  }
  if (record.process < entry->record.process
      || (record.process > entry->record.process && record.process == entry->banned))
    return;
  const bool restarted = record.process > entry->record.process;
  const auto was = entry->record.state;
  if (!restarted) {
    if (was == member_state::left) return;
    if (record.incarnation <= entry->record.incarnation) {
      // Someone has it alive: worth a try soon.
      if (was == member_state::dead && how.table) {
        entry->next_try = std::min(entry->next_try, now_);
        reconnect_at(entry->next_try);
      }
      return;
    }
  }
  const auto before = std::exchange(entry->record, record);
  entry->record.state = was;
  tell(record.name, what);
  // Accused of a later incarnation than this one: it has not refuted that.
  if (!restarted && was != member_state::alive && record.incarnation <= entry->accused) return;
  entry->accused = 0;
  doubted_.erase(record.name);
  table_.set_state(*entry, member_state::alive, now_, random_);
  if (was == member_state::dead || was == member_state::left)
    return emit(member_event_kind::joined, entry->record);
  if (restarted) {
    ask_whether_still_alive(before);
    return emit(member_event_kind::restarted, entry->record);
  }
  auto same = before;
  same.incarnation = record.incarnation;
  same.state = member_state::alive;
  if (same != entry->record) emit(member_event_kind::changed, entry->record);
  if (was == member_state::suspect) emit(member_event_kind::refuted, entry->record);
}

void membership::ask_whether_still_alive(const member_record& replaced) {
  const auto& by = table_.find(replaced.name)->record;
  // Of many who replace it a few will do; all of them answer its next ping with the same word.
  if (replaced.gossip == by.gossip || !random_.chance(8.0 / static_cast<double>(living()))) return;
  packet_builder out{header(packet_kind::gossip), settings_.packet_bytes};
  out.add(alive_rumor{by});
  send_gossip(std::move(out), replaced.gossip, replaced.name);
}

void membership::hear_self(const alive_rumor& what) {
  const auto& record = what.record;
  if (phase_ != membership_phase::running) return; // it gives the name up
  if (record.process > self_.process) {
    // Someone started a second process of this name while this one lives.
    const claim_rumor claim{self_.name, self_.process, record.process};
    tell_claim(self_.name, claim);
    packet_builder out{header(packet_kind::gossip), settings_.packet_bytes};
    out.add(claim);
    return send_gossip(std::move(out), record.gossip, self_.name);
  }
  if (record.process < self_.process) return;
  // Two that started with one number: exactly one of them sees the other's endpoint as the smaller.
  if (record.gossip != self_.gossip) {
    if (record.gossip < self_.gossip) yield_to(0, record.gossip);
    return;
  }
  if (record.incarnation > self_.incarnation) raise_above(record.incarnation);
}

void membership::hear(const claim_rumor& what, hearing& how) {
  if (what.name == self_.name) {
    if (what.against == self_.process && what.process < self_.process) yield_to(what.process, how.sender);
    return;
  }
  auto* entry = table_.find(what.name);
  if (entry == nullptr || what.process >= what.against || entry->claimed_against == what.against) return;
  entry->claimed_against = what.against;
  entry->claimed_by = what.process;
  tell_claim(what.name, what);
  if (entry->record.process == what.against && !entry->living())
    give_back(*entry, what.against, what.process);
}

void membership::yield_to(std::uint64_t older, const endpoint& told_by) {
  if (!active() || (phase_ == membership_phase::leaving && !refused_)) return;
  const left_rumor goodbye{self_.name, self_.process, older};
  if (older != 0) {
    // Told at once to whoever said so, each time: this member may know nobody else yet.
    packet_builder out{header(packet_kind::gossip), settings_.packet_bytes};
    out.add(goodbye);
    send_gossip(std::move(out), told_by, {});
  }
  if (refused_) return;
  refused_ = true;
  emit(member_event_kind::name_conflict, self_);
  if (older != 0) tell(self_.name, goodbye);
  leave(now_);
}

void membership::give_back(member_entry& entry, std::uint64_t younger, std::uint64_t older) {
  entry.banned = younger;
  if (entry.record.process != younger) return;
  if (entry.living()) emit(member_event_kind::left, entry.record);
  // The older process is expected back, with a word of its own.
  entry.record.process = older;
  entry.record.incarnation = 0;
  entry.accused = 0;
  entry.pause = settings_.reconnect_first;
  entry.next_try = now_ + entry.pause;
  reconnect_at(entry.next_try);
  doubted_.erase(entry.record.name);
  table_.set_state(entry, member_state::dead, now_, random_);
}

// A process of this name is gone whose number was larger: it was started when the clock was ahead, or after
// this one. Its name would stay dead with it.
void membership::outlive(std::uint64_t process) {
  if (phase_ != membership_phase::running || process <= self_.process) return;
  // Not just the next number: another one that outlives the same process elsewhere would have it too, and of
  // two with one number one has to go.
  const auto room = process < highest_process ? highest_process - 1 - process : 0; // numbers above it
  if (room > 0 && renumber(process + 1 + random_.below(std::min(outliving_spread, room)))) announce();
}

// False: there is no such number.
bool membership::renumber(std::uint64_t process) {
  if (process >= highest_process) return false;
  self_.process = process;
  emit(member_event_kind::renumbered, self_);
  return true;
}

// Says something new of itself: by a higher incarnation, or, when there is none, as another process.
void membership::raise_above(std::uint64_t incarnation) {
  if (incarnation < highest_incarnation)
    self_.incarnation = incarnation + 1;
  else if (renumber(self_.process + 1))
    self_.incarnation = 0;
  announce();
}

void membership::hear(const left_rumor& what, hearing&) {
  // Beside what is told of the name itself, so that the older's word does not displace it.
  const auto spread_yield = [&] { tell_claim(what.name, what); };
  if (what.name == self_.name) {
    const bool yields = what.yielded_to == self_.process && what.process > yielded_by_;
    if (what.yielded_to == 0 || yields) outlive(what.process);
    if (!yields) return;
    yielded_by_ = what.process;
    return spread_yield();
  }
  auto* entry = table_.find(what.name);
  if (entry == nullptr) return;
  if (what.yielded_to != 0) {
    if (entry->banned == what.process || what.yielded_to >= what.process) return;
    spread_yield();
    return give_back(*entry, what.process, what.yielded_to);
  }
  if (what.process < entry->record.process) return;
  if (what.process == entry->record.process && entry->record.state == member_state::left) return;
  const bool lived = entry->living();
  entry->record.process = what.process;
  doubted_.erase(what.name);
  table_.set_state(*entry, member_state::left, now_, random_);
  tell(what.name, what);
  if (lived) emit(member_event_kind::left, entry->record);
}

void membership::hear_accusation(std::uint64_t process, std::uint64_t incarnation, hearing& how) {
  if (process != self_.process || phase_ != membership_phase::running) return;
  if (incarnation < self_.incarnation) {
    how.tell_self = true;
    return;
  }
  // Lifeguard IV-A: to be suspected is a sign of being slow oneself.
  ++counters_.refutations;
  health_.worsen();
  raise_above(incarnation);
  how.tell_self = true;
}

bool membership::knows_better(const member_entry& entry, std::uint64_t incarnation, hearing& how) const {
  const auto& record = entry.record;
  // As many as may fit the answer, which is one datagram.
  const auto correct = [&how](rumor what) {
    if (!how.table && how.corrections.size() < most_corrections) how.corrections.push_back(std::move(what));
  };
  if (record.state == member_state::left) {
    correct(left_rumor{record.name, record.process, 0});
    return true;
  }
  if (incarnation >= record.incarnation) return false;
  if (record.state == member_state::alive) correct(alive_rumor{record});
  return true;
}

void membership::hear(const suspect_rumor& what, hearing& how) {
  if (what.name == self_.name) return hear_accusation(what.process, what.incarnation, how);
  auto* entry = table_.find(what.name);
  if (entry == nullptr || entry->record.process != what.process || how.returning) return;
  if (!knows_better(*entry, what.incarnation, how)) suspect(*entry, what.incarnation, what.from);
}

void membership::hear(const dead_rumor& what, hearing& how) {
  if (what.name == self_.name) {
    // A process of this name has crashed: this one is still here.
    if (what.process > self_.process) return outlive(what.process);
    return hear_accusation(what.process, what.incarnation, how);
  }
  auto* entry = table_.find(what.name);
  if (entry == nullptr || entry->record.process != what.process || how.returning) return;
  if (knows_better(*entry, what.incarnation, how) || !entry->living() || what.incarnation < entry->accused)
    return;
  // A death is believed by who has doubted long enough for a refutation to arrive. Who had no doubts begins
  // them: so one that could not make itself heard while it accused others evicts nobody when it can.
  const auto long_enough = shortest_suspicion(settings_, living()) / 2;
  if (!settings_.doubted_death || (entry->doubt && now_ - entry->doubt->since() >= long_enough)) {
    entry->accused = what.incarnation;
    return die(*entry, what.from);
  }
  if (!entry->doubt) {
    ++counters_.deaths_doubted;
    suspect(*entry, what.incarnation, what.from);
    return accuse_to_its_face(*entry);
  }
  suspect(*entry, what.incarnation, what.from);
}

void membership::suspect(member_entry& entry, std::uint64_t incarnation, const std::string& accuser) {
  if (!entry.living() || incarnation < entry.accused) return;
  const auto& name = entry.record.name;
  const auto spread = [&] { tell(name, suspect_rumor{name, entry.record.process, incarnation, accuser}); };
  if (entry.record.state == member_state::suspect) {
    const bool later = incarnation > entry.accused;
    entry.accused = incarnation;
    // Lifeguard IV-B: the first K independent suspicions are passed on, and shorten the time-out.
    if (entry.doubt->confirm(accuser) || later) spread();
    doubted_[name] = entry.doubt->until();
    return;
  }
  ++counters_.suspicions;
  entry.accused = incarnation;
  table_.set_state(entry, member_state::suspect, now_, random_);
  entry.doubt.emplace(now_, settings_, living(), accuser);
  doubted_[name] = entry.doubt->until();
  spread();
  if (accuser != self_.name) verify_soon(name);
  emit(member_event_kind::suspected, entry.record);
}

void membership::verify_soon(const std::string& name) {
  // About twice as many as have to agree, of all who hear of it, look for themselves in their next probe
  // rather than when its turn comes: so the dead are confirmed within a period or two.
  const auto wanted = 2 * static_cast<double>(settings_.suspicion_confirmations);
  if (settings_.verify_suspicions && to_verify_.size() < most_to_verify
      && random_.chance(wanted / static_cast<double>(living())))
    to_verify_.push_back(name);
}

void membership::accuse_to_its_face(const member_entry& entry) {
  packet_builder out{header(packet_kind::gossip), settings_.packet_bytes};
  out.add(suspect_rumor{entry.record.name, entry.record.process, entry.accused, self_.name});
  send_gossip(std::move(out), entry.record.gossip, entry.record.name);
}

void membership::die(member_entry& entry, const std::string& accuser) {
  ++counters_.deaths;
  const auto& name = entry.record.name;
  doubted_.erase(name);
  table_.set_state(entry, member_state::dead, now_, random_);
  entry.pause = settings_.reconnect_first;
  entry.next_try = now_ + entry.pause;
  reconnect_at(entry.next_try);
  tell(name, dead_rumor{name, entry.record.process, entry.accused, accuser});
  emit(member_event_kind::died, entry.record);
  if (entry.claimed_against == entry.record.process)
    give_back(entry, entry.claimed_against, entry.claimed_by);
}

void membership::run_suspicions() {
  std::vector<std::string> over;
  for (const auto& [name, until] : doubted_) {
    if (now_ >= until) over.push_back(name);
  }
  for (const auto& name : over) {
    auto* entry = table_.find(name);
    if (entry == nullptr || !entry->doubt) {
      doubted_.erase(name);
      continue;
    }
    die(*entry, self_.name);
  }
}

} // namespace troupe
