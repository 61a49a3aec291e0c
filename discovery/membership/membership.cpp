#include "discovery/membership/membership.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

duration spread(duration base, random_source& random) {
  return base / 2 + duration{random.between(0, base.count())};
}

} // namespace

membership::membership(membership_settings settings, const random_source& random)
  : settings_(settings), random_(random.split("membership")), queue_(2 * settings.most_members),
    health_(settings.max_local_health) {}

status membership::start(monotonic_time now, member_record self, std::vector<endpoint> seeds) {
  if (phase_ != membership_phase::idle) return failed_precondition("this member was started before");
  if (auto wrong = settings_.check(); !wrong.ok()) return wrong;
  self.state = member_state::alive;
  if (auto wrong = check_member_record(self); !wrong.ok()) return wrong;
  now_ = now;
  phase_ = membership_phase::running;
  self_ = std::move(self);
  // Members that are started together do not probe together.
  next_probe_ = now + duration{random_.between(0, settings_.protocol_period.count())};
  next_gossip_ = now + duration{random_.between(0, settings_.gossip_interval.count())};
  next_push_pull_ = now + spread(settings_.push_pull_interval, random_);
  update_seeds(now, seeds);
  announce();
  return {};
}

monotonic_time membership::enter(monotonic_time now) {
  now_ = std::max(now, now_);
  return now_;
}

status membership::on_message(monotonic_time now, const endpoint& from, gossip_channel channel,
                              std::span<const std::byte> bytes) {
  if (!active()) return failed_precondition("this member does not run");
  enter(now);
  ++counters_.packets_received;
  const auto got = decode_packet(bytes);
  if (!got) {
    ++counters_.packets_refused;
    return got.error();
  }
  counters_.rumors_skipped += got->skipped_rumors;
  if (got->sender == self_.name && got->sender_process == self_.process) {
    ++counters_.packets_refused;
    return invalid_argument("a packet of this very member came back");
  }
  auto* const sender = table_.find(got->sender);
  if (sender != nullptr && sender->record.process == got->sender_process) sender->heard = now_;
  const bool table = got->kind == packet_kind::push_pull || got->kind == packet_kind::push_pull_reply;
  const bool stranger = sender == nullptr || sender->record.state == member_state::dead;
  hearing how{from, table, stranger && settings_.doubted_death};
  for (const auto& one : got->rumors) {
    std::visit([&](const auto& what) { hear(what, how); }, one);
    if (!active()) return {};
  }
  switch (got->kind) {
  case packet_kind::ping:
    on_ping(*got, from, channel, how.tell_self);
    break;
  case packet_kind::ping_request:
    on_ping_request(*got, from);
    break;
  case packet_kind::ack:
    on_ack(*got, channel);
    break;
  case packet_kind::nack:
    on_nack(*got);
    break;
  case packet_kind::push_pull:
    send_table(packet_kind::push_pull_reply, got->buckets, channel, from, got->sender);
    break;
  case packet_kind::compare:
    on_compare(*got, from, channel);
    break;
  case packet_kind::compare_reply:
    on_compare_reply(*got, from, channel);
    break;
  case packet_kind::gossip:
  case packet_kind::push_pull_reply:
    break;
  }
  answer(*got, from, how);
  // Who comes back from a partition brings its whole side along.
  if (stranger && !table && now_ >= next_greeting_) {
    next_greeting_ = now_ + settings_.gossip_interval;
    send_compare(gossip_channel::stream, from, got->sender);
  }
  return {};
}

void membership::answer(const packet& got, const endpoint& from, const hearing& how) {
  const bool tell_self = how.tell_self && got.kind != packet_kind::ping; // the ack has said it
  // A table is answered with a table.
  if (!tell_self && (how.corrections.empty() || how.table)) return;
  packet_builder out{header(packet_kind::gossip), settings_.packet_bytes};
  if (tell_self) out.add(alive_rumor{self_});
  for (const auto& one : how.corrections) {
    if (!out.add(one)) break;
  }
  send_gossip(std::move(out), from, got.sender);
}

void membership::tick(monotonic_time now) {
  if (!active()) return;
  const auto due = next_tick();
  enter(now);
  // Nothing could be heard while this process stood still: that is no evidence against others.
  if (due < now_ && now_ - due > settings_.probe_timeout) postpone(now_ - due);
  run_probe();
  run_relays();
  run_suspicions();
  run_push_pull();
  run_reconnects();
  run_gossip();
  if (now_ >= stop_at_) stop();
}

void membership::postpone(duration by) {
  ++counters_.stalls;
  health_.worsen();
  if (probe_) probe_->postpone(by);
  for (auto& [name, until] : doubted_) {
    if (auto* entry = table_.find(name); entry != nullptr && entry->doubt) {
      entry->doubt->postpone(by);
      until = entry->doubt->until();
    }
  }
}

monotonic_time membership::next_tick() const {
  if (!active()) return monotonic_time::max();
  auto out = std::min({next_probe_, next_push_pull_, next_reconnect_, next_alone_, stop_at_});
  if (probe_) out = std::min(out, probe_->next_step());
  if (!queue_.empty()) out = std::min(out, next_gossip_);
  for (const auto& [sequence, one] : relays_)
    out = std::min(out, one.next_step());
  for (const auto& [name, until] : doubted_)
    out = std::min(out, until);
  return out;
}

void membership::run_gossip() {
  if (now_ < next_gossip_) return;
  next_gossip_ = now_ + settings_.gossip_interval;
  if (queue_.empty()) return;
  for (const auto* one : table_.pick(settings_.gossip_fan_out, random_, [](const auto&) { return true; })) {
    packet_builder packet{header(packet_kind::gossip), settings_.packet_bytes};
    queue_.fill(packet, told_at_most());
    if (packet.rumors() == 0) break;
    send_gossip(std::move(packet), one->record.gossip, one->record.name);
  }
}

packet membership::header(packet_kind kind, std::uint64_t sequence) const {
  packet out;
  out.kind = kind;
  out.sender = self_.name;
  out.sender_process = self_.process;
  out.sequence = sequence;
  return out;
}

void membership::send(gossip_channel channel, const endpoint& to, std::string peer, gossip_bytes bytes) {
  ++counters_.packets_sent;
  counters_.bytes_sent += bytes.size();
  effects_.sends.push_back({channel, to, std::move(peer), std::move(bytes)});
}

void membership::send_gossip(packet_builder packet, const endpoint& to, std::string peer) {
  send(gossip_channel::datagram, to, std::move(peer), std::move(packet).take());
}

void membership::leave(monotonic_time now) {
  if (phase_ != membership_phase::running) return;
  enter(now);
  phase_ = membership_phase::leaving;
  probe_.reset();
  next_probe_ = next_push_pull_ = next_reconnect_ = next_alone_ = monotonic_time::max();
  if (table_.living() == 0 && !refused_) return stop();
  stop_at_ = now_ + settings_.leave_linger;
  next_gossip_ = now_;
  if (!refused_) tell(self_.name, left_rumor{self_.name, self_.process, 0});
}

void membership::stop() {
  phase_ = membership_phase::stopped;
  self_.state = member_state::left;
  relays_.clear();
  doubted_.clear();
}

status membership::update_metadata(monotonic_time now, member_metadata metadata) {
  if (phase_ != membership_phase::running) return failed_precondition("this member does not run");
  enter(now);
  auto next = self_;
  next.metadata = std::move(metadata);
  if (auto wrong = check_member_record(next); !wrong.ok()) return wrong;
  self_ = std::move(next);
  raise_above(self_.incarnation);
  return {};
}

const member_record* membership::find(std::string_view name) const {
  if (name == self_.name) return &self_;
  const auto* entry = table_.find(name);
  return entry == nullptr ? nullptr : &entry->record;
}

void membership::visit(const std::function<void(const member_record&)>& with) const {
  with(self_);
  for (const auto& [name, entry] : table_.all())
    with(entry.record);
}

monotonic_time membership::last_heard(std::string_view name) const {
  const auto* entry = table_.find(name);
  return entry == nullptr ? monotonic_time::min() : entry->heard;
}

std::vector<member_record> membership::members() const {
  std::vector<member_record> out;
  out.reserve(table_.size() + 1);
  visit([&out](const auto& record) { out.push_back(record); });
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

std::string_view to_string(member_event_kind kind) noexcept {
  switch (kind) {
  case member_event_kind::joined:
    return "joined";
  case member_event_kind::restarted:
    return "restarted";
  case member_event_kind::changed:
    return "changed";
  case member_event_kind::suspected:
    return "suspected";
  case member_event_kind::refuted:
    return "refuted";
  case member_event_kind::died:
    return "died";
  case member_event_kind::left:
    return "left";
  case member_event_kind::name_conflict:
    return "name_conflict";
  case member_event_kind::alone:
    return "alone";
  case member_event_kind::renumbered:
    return "renumbered";
  }
  return "unknown";
}

} // namespace troupe
