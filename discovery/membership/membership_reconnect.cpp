// Seeds and the dead are tried without end, at a decaying rate: so a partition of any length heals.
#include "discovery/membership/membership.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr duration alone_interval = std::chrono::minutes{1};

duration jittered(duration base, random_source& random) {
  return base / 2 + duration{random.between(0, base.count())};
}

} // namespace

duration membership::next_pause(duration before) const {
  // All living members try: together they reach each dead one about every reconnect_last, however many they
  // are.
  const auto longest = settings_.reconnect_last * static_cast<duration::rep>(living());
  return std::min(before * 2, std::max(longest, settings_.reconnect_first));
}

void membership::update_seeds(monotonic_time now, const std::vector<endpoint>& seeds) {
  if (phase_ != membership_phase::running) return;
  enter(now);
  std::vector<seed> next;
  for (const auto& where : seeds) {
    const auto same = [&where](const seed& one) { return one.where == where; };
    if (where == self_.gossip || std::any_of(next.begin(), next.end(), same)) continue;
    const auto known = std::find_if(seeds_.begin(), seeds_.end(), same);
    next.push_back(known != seeds_.end() ? *known : seed{where, now_, settings_.reconnect_first});
  }
  seeds_ = std::move(next);
  next_reconnect_ = now_;
  if (seeds_.empty())
    next_alone_ = monotonic_time::max();
  else if (next_alone_ == monotonic_time::max())
    next_alone_ = now_ + alone_interval;
}

void membership::run_reconnects() {
  if (now_ >= next_alone_) {
    next_alone_ = now_ + alone_interval;
    if (table_.living() == 0) emit(member_event_kind::alone, self_);
  }
  if (now_ < next_reconnect_ || phase_ != membership_phase::running) return;
  earliest_reconnect_ = now_ + settings_.protocol_period / 4;
  next_reconnect_ = monotonic_time::max();
  auto budget = settings_.reconnect_burst;
  try_seeds(budget);
  try_dead(budget);
  for (const auto& one : seeds_)
    reconnect_at(one.next_try);
  for (const auto* entry : table_.gone()) {
    if (entry->record.state == member_state::dead) reconnect_at(entry->next_try);
  }
}

void membership::try_seeds(std::size_t& budget) {
  const bool alone = table_.living() == 0;
  for (auto& one : seeds_) {
    if (budget == 0) return;
    if (now_ < one.next_try) continue;
    const bool member = std::any_of(table_.all().begin(), table_.all().end(), [&one](const auto& known) {
      return known.second.living() && known.second.record.gossip == one.where;
    });
    if (member) {
      one.pause = settings_.reconnect_first;
      one.next_try = now_ + settings_.reconnect_last;
      continue;
    }
    --budget;
    ++counters_.reconnects;
    send_table(packet_kind::push_pull, table_fingerprint::all_buckets, gossip_channel::stream, one.where, {});
    if (alone) one.pause = std::min(one.pause, settings_.reconnect_last);
    one.next_try = now_ + jittered(one.pause, random_);
    one.pause = next_pause(one.pause);
  }
}

void membership::try_dead(std::size_t& budget) {
  // The longest due first, so that a small budget starves nobody.
  std::vector<std::pair<monotonic_time, member_entry*>> due;
  for (auto* entry : table_.gone()) {
    if (entry->record.state == member_state::dead && now_ >= entry->next_try)
      due.emplace_back(entry->next_try, entry);
  }
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [when, entry] : due) {
    if (budget == 0) return;
    --budget;
    ++counters_.reconnects;
    // The ping says that it is held for dead: alive, it refutes in the ack.
    send_ping(*entry, next_sequence_++, gossip_channel::datagram);
    entry->pause = next_pause(entry->pause);
    entry->next_try = now_ + jittered(entry->pause, random_);
  }
}

} // namespace troupe
