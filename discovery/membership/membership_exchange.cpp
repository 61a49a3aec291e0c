// Anti-entropy: two members compare the hashes of their tables, and exchange the parts that differ. So what
// it costs does not grow with the cluster while all agree.
#include "discovery/membership/membership.hpp"

#include <utility>

namespace troupe {

void membership::run_push_pull() {
  if (now_ < next_push_pull_) return;
  next_push_pull_ = now_ + settings_.push_pull_interval / 2
                    + duration{random_.between(0, settings_.push_pull_interval.count())};
  const auto channel = only_streams_ ? gossip_channel::stream : gossip_channel::datagram;
  for (const auto* one :
       table_.pick(1, random_, [](const auto& e) { return e.record.state == member_state::alive; }))
    send_compare(channel, one->record.gossip, one->record.name);
}

void membership::send_compare(gossip_channel channel, const endpoint& to, std::string peer) {
  if (phase_ != membership_phase::running) return;
  ++counters_.compares;
  auto head = header(packet_kind::compare);
  head.hashes = {table_.fingerprint(self_).root()};
  packet_builder out{head, settings_.packet_bytes};
  queue_.fill(out, told_at_most());
  send(channel, to, std::move(peer), std::move(out).take());
}

void membership::on_compare(const packet& got, const endpoint& from, gossip_channel channel) {
  if (phase_ != membership_phase::running) return;
  const auto mine = table_.fingerprint(self_);
  if (mine.root() == got.hashes.front()) return;
  auto head = header(packet_kind::compare_reply);
  head.hashes.assign(mine.hashes().begin(), mine.hashes().end());
  packet_builder out{head, settings_.packet_bytes};
  queue_.fill(out, told_at_most());
  send(channel, from, got.sender, std::move(out).take());
}

void membership::on_compare_reply(const packet& got, const endpoint& from, gossip_channel channel) {
  const std::span<const std::uint64_t, table_fingerprint::buckets> theirs{got.hashes};
  const auto differing = table_.fingerprint(self_).differing(theirs);
  if (differing != 0) send_table(packet_kind::push_pull, differing, channel, from, got.sender);
}

void membership::send_table(packet_kind kind, std::uint64_t buckets, gossip_channel channel,
                            const endpoint& to, std::string peer) {
  if (phase_ != membership_phase::running) return;
  ++counters_.push_pulls;
  auto head = header(kind);
  head.buckets = buckets;
  packet_builder out{head, settings_.stream_bytes};
  out.add(alive_rumor{self_});
  for (const auto& [name, entry] : table_.all()) {
    if ((buckets >> table_fingerprint::bucket_of(entry.name_hash) & 1) != 0) add_entry(out, entry);
  }
  auto bytes = std::move(out).take();
  if (bytes.size() > settings_.packet_bytes) channel = gossip_channel::stream;
  send(channel, to, std::move(peer), std::move(bytes));
}

void membership::add_entry(packet_builder& out, const member_entry& entry) const {
  const auto& record = entry.record;
  const auto& name = record.name;
  if (entry.living()) out.add(alive_rumor{record});
  if (record.state == member_state::suspect) {
    out.add(suspect_rumor{name, record.process, entry.accused, self_.name});
  }
  const bool told = now_ - entry.since <= settings_.reclaim_after;
  if (entry.claimed_against != 0 && told) {
    out.add(claim_rumor{name, entry.claimed_by, entry.claimed_against});
  }
  if (entry.banned > record.process && told) {
    out.add(left_rumor{name, entry.banned, record.process});
  } else if (record.state == member_state::dead && told) {
    out.add(dead_rumor{name, record.process, entry.accused, self_.name});
  } else if (record.state == member_state::left && told) {
    out.add(left_rumor{name, record.process, 0});
  }
}

} // namespace troupe
