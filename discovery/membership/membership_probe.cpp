// Failure detection: SWIM section 3.1 with Lifeguard's local health aware probe (IV-A) and buddy system
// (IV-C).
#include "discovery/membership/membership.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

void membership::run_probe() {
  if (probe_) {
    if (!probe_->others_asked && now_ >= probe_->ask_others) ask_others();
    if (now_ >= probe_->end) probe_failed();
  }
  if (now_ >= next_probe_) {
    // A stall moved the end of the probe behind the period's: it is given that time.
    if (probe_) {
      next_probe_ = probe_->end;
      return;
    }
    begin_probe();
  }
}

const member_entry* membership::next_to_probe() {
  while (!to_verify_.empty()) {
    const auto name = std::move(to_verify_.back());
    to_verify_.pop_back();
    const auto* entry = table_.find(name);
    if (entry != nullptr && entry->record.state == member_state::suspect) return entry;
  }
  return table_.next_to_probe(random_);
}

void membership::begin_probe() {
  next_probe_ = now_ + health_.scale(settings_.protocol_period);
  table_.reclaim(now_, settings_.reclaim_after, settings_.most_dead_kept);
  const auto* entry = next_to_probe();
  if (entry == nullptr) return;
  ++counters_.probes;
  probe_.emplace();
  probe_->name = entry->record.name;
  probe_->process = entry->record.process;
  probe_->sequence = next_sequence_++;
  probe_->ask_others = now_ + health_.scale(settings_.probe_timeout);
  probe_->end = next_probe_;
  send_ping(*entry, probe_->sequence, gossip_channel::datagram);
}

void membership::send_ping(const member_entry& entry, std::uint64_t sequence, gossip_channel channel) {
  auto head = header(packet_kind::ping, sequence);
  head.target = entry.record.name;
  head.target_process = entry.record.process;
  packet_builder out{head, settings_.packet_bytes};
  // The buddy system: who is accused hears it with the first word, and can refute with the next.
  if (entry.record.state == member_state::suspect && settings_.buddy_system) {
    out.add(suspect_rumor{head.target, head.target_process, entry.accused, self_.name});
  } else if (entry.record.state == member_state::dead) {
    out.add(dead_rumor{head.target, head.target_process, entry.accused, self_.name});
  }
  queue_.fill(out, told_at_most());
  send(channel, entry.record.gossip, entry.record.name, std::move(out).take());
}

void membership::ask_others() {
  probe_->others_asked = true;
  const auto* entry = table_.find(probe_->name);
  if (entry == nullptr || !entry->living()) return;
  const auto helpers = table_.pick(settings_.indirect_probes, random_, [&](const member_entry& one) {
    return one.record.state == member_state::alive && &one != entry;
  });
  probe_->helpers = helpers.size();
  for (const auto* helper : helpers) {
    auto head = header(packet_kind::ping_request, probe_->sequence);
    head.target = probe_->name;
    head.target_process = probe_->process;
    head.target_endpoint = entry->record.gossip;
    packet_builder out{head, settings_.packet_bytes};
    queue_.fill(out, told_at_most());
    send_gossip(std::move(out), helper->record.gossip, helper->record.name);
  }
  if (settings_.probe_by_stream) send_ping(*entry, probe_->sequence, gossip_channel::stream);
}

void membership::probe_failed() {
  const auto round = std::move(*probe_);
  probe_.reset();
  auto* entry = table_.find(round.name);
  // Another process of the name, or the end of this one, was heard of meanwhile.
  if (entry == nullptr || !entry->living() || entry->record.process != round.process) return;
  ++counters_.probes_failed;
  health_.worsen();
  if (round.nacks_missing()) {
    counters_.nacks_missing += round.helpers - round.nacked.size();
    health_.worsen();
  }
  suspect(*entry, std::max(entry->record.incarnation, entry->accused), self_.name);
}

void membership::on_ping(const packet& got, const endpoint& from, gossip_channel channel, bool tell_self) {
  if (got.target != self_.name) {
    ++counters_.packets_refused;
    return;
  }
  // An earlier process was meant: its successor does not vouch for it, it introduces itself.
  const bool meant = got.target_process == self_.process;
  packet_builder out{header(meant ? packet_kind::ack : packet_kind::gossip, got.sequence),
                     settings_.packet_bytes};
  if ((!meant || tell_self) && phase_ == membership_phase::running) out.add(alive_rumor{self_});
  if (const auto* sender = table_.find(got.sender); sender != nullptr) {
    const auto state = sender->record.state;
    if (sender->record.process > got.sender_process && sender->living()) {
      // A younger process has taken its name: it may object, or learn that it should have ended.
      out.add(alive_rumor{sender->record});
    } else if (sender->record.process == got.sender_process && state == member_state::suspect
               && settings_.buddy_system) {
      out.add(suspect_rumor{got.sender, got.sender_process, sender->accused, self_.name});
    } else if (sender->record.process == got.sender_process && state == member_state::dead) {
      out.add(dead_rumor{got.sender, got.sender_process, sender->accused, self_.name});
    } else if (sender->record.process > got.sender_process) {
      // It must outlive a process of its name that is gone.
      if (state == member_state::left)
        out.add(left_rumor{got.sender, sender->record.process, 0});
      else
        out.add(dead_rumor{got.sender, sender->record.process, sender->accused, self_.name});
    }
  }
  queue_.fill(out, told_at_most());
  send(channel, from, got.sender, std::move(out).take());
}

void membership::on_ping_request(const packet& got, const endpoint& from) {
  if (relays_.size() >= settings_.most_relayed_probes) {
    ++counters_.relays_refused;
    return;
  }
  ++counters_.probes_relayed;
  const auto sequence = next_sequence_++;
  const auto nack_after = std::chrono::duration_cast<duration>(
    std::chrono::duration<double, std::nano>(settings_.probe_timeout) * settings_.nack_after);
  // An ack that comes after the nack is passed on too, as long as the asker may still wait.
  relays_.emplace(sequence, relayed_probe{from, got.sequence, got.target, now_ + nack_after,
                                          now_ + settings_.protocol_period});
  auto head = header(packet_kind::ping, sequence);
  head.target = got.target;
  head.target_process = got.target_process;
  packet_builder out{head, settings_.packet_bytes};
  if (const auto* entry = table_.find(got.target);
      entry != nullptr && entry->record.state == member_state::suspect && settings_.buddy_system) {
    out.add(suspect_rumor{got.target, entry->record.process, entry->accused, self_.name});
  }
  queue_.fill(out, told_at_most());
  send_gossip(std::move(out), got.target_endpoint, got.target);
}

void membership::run_relays() {
  for (auto at = relays_.begin(); at != relays_.end();) {
    auto& one = at->second;
    if (!one.nacked && now_ >= one.nack_at) {
      one.nacked = true;
      // Only local health makes something of nacks.
      if (settings_.max_local_health > 0) send_nack(one);
    }
    at = now_ >= one.end ? relays_.erase(at) : std::next(at);
  }
}

void membership::send_nack(const relayed_probe& to) {
  packet_builder out{header(packet_kind::nack, to.asker_sequence), settings_.packet_bytes};
  queue_.fill(out, told_at_most());
  send_gossip(std::move(out), to.asker, {});
}

void membership::on_ack(const packet& got, gossip_channel channel) {
  if (probe_ && got.sequence == probe_->sequence) {
    // From itself, or passed on by a helper.
    only_streams_ = channel == gossip_channel::stream;
    if (only_streams_) ++counters_.stream_acks;
    probe_.reset();
    health_.improve();
    return;
  }
  const auto relayed = relays_.find(got.sequence);
  if (relayed == relays_.end() || relayed->second.target != got.sender) return;
  packet_builder out{header(packet_kind::ack, relayed->second.asker_sequence), settings_.packet_bytes};
  queue_.fill(out, told_at_most());
  send_gossip(std::move(out), relayed->second.asker, {});
  relays_.erase(relayed);
}

void membership::on_nack(const packet& got) {
  if (!probe_ || got.sequence != probe_->sequence || probe_->nacked.size() >= probe_->helpers) return;
  probe_->nacked.insert(got.sender);
}

void membership::on_send_failed(monotonic_time now, const endpoint& to, gossip_channel channel) {
  if (!active()) return;
  enter(now);
  if (channel != gossip_channel::datagram || !probe_ || probe_->others_asked) return;
  const auto* entry = table_.find(probe_->name);
  if (entry != nullptr && entry->record.gossip == to) ask_others();
}

} // namespace troupe
