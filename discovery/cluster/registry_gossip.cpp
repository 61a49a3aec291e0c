#include "discovery/cluster/registry_gossip.hpp"

#include "discovery/membership/rumor_queue.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

using namespace std::chrono_literals;

// A member of a small cluster tells a rumor four or eight times, so now and then one hears it from nobody:
// there, whoever has told its last rumor compares at once. In larger ones a rumor is told so often that this
// would cost more than it finds.
constexpr std::size_t small_cluster = 64;

// Of the answer to a digest, so that a piece always fits a message.
constexpr std::size_t piece_bytes = 64u << 10;

status time_within(const char* name, duration value, duration low, duration high) {
  if (value >= low && value <= high) return {};
  const auto ms = [](duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
  return invalid_argument("registry gossip: {} is {} ms; choose {} ms to {} ms", name, ms(value), ms(low),
                          ms(high));
}

status size_within(const char* name, std::size_t value, std::size_t low, std::size_t high) {
  if (value >= low && value <= high) return {};
  return invalid_argument("registry gossip: {} is {}; choose {} to {}", name, value, low, high);
}

} // namespace

status registry_gossip_settings::check() const {
  registry_delta largest;
  largest.node.resize(limits.name_bytes);
  const status all[] = {
    size_within("retransmit", retransmit, 1, 64),
    time_within("gossip_interval", gossip_interval, 1ms, 1min),
    size_within("gossip_fan_out", gossip_fan_out, 1, 64),
    time_within("sync_interval", sync_interval, 100ms, 1h),
    size_within("packet_bytes", packet_bytes, 1'400, 65'000),
    size_within("sync_bytes", sync_bytes, 64u << 10, 64u << 20),
    size_within("most_rumors", most_rumors, 1, 1'000'000),
    size_within("most_early", most_early, 0, 100'000),
    // So that any one entry fits a datagram.
    size_within("limits.entry_bytes", limits.entry_bytes, 1,
                packet_bytes - std::min(packet_bytes, size_of(largest))),
  };
  for (const auto& one : all) {
    if (!one.ok()) return one;
  }
  return {};
}

registry_gossip::registry_gossip(registry_gossip_settings settings, registry& entries,
                                 const random_source& random)
  : settings_(std::move(settings)), registry_(entries), random_(random.split("registry_gossip")),
    rumors_(settings_.most_rumors), pause_(settings_.sync_interval) {}

// -- members

void registry_gossip::member_up(monotonic_time now, std::string_view node, std::uint64_t process,
                                const endpoint& where) {
  enter(now);
  registry_.member_up(node, process);
  auto found = peers_.find(node);
  if (found == peers_.end()) {
    found = peers_.emplace(std::string{node}, peer{}).first;
    const auto at = static_cast<std::size_t>(random_.below(round_.size() + 1));
    round_.insert(round_.begin() + static_cast<std::ptrdiff_t>(at), found->first);
    if (at < next_in_round_) ++next_in_round_;
  }
  found->second.where = where;
  if (found->second.process >= process) return;
  found->second.process = process;
  rumors_.drop(node, process - 1);
  // Its first words may have come before the word that it is there.
  std::vector<registry_delta> of_it;
  std::erase_if(early_, [&](registry_delta& each) {
    if (each.node != node || each.incarnation > process) return false;
    if (each.incarnation == process) of_it.push_back(std::move(each));
    return true;
  });
  for (auto& each : of_it)
    hear(std::move(each), true);
  compare_soon();
}

void registry_gossip::member_down(std::string_view node, std::uint64_t process) {
  registry_.member_down(node, process);
  rumors_.drop(node, process);
  const auto found = peers_.find(node);
  if (found == peers_.end()) return;
  const auto at = std::find(round_.begin(), round_.end(), found->first);
  if (static_cast<std::size_t>(at - round_.begin()) < next_in_round_) --next_in_round_;
  round_.erase(at);
  peers_.erase(found);
  if (peers_.empty()) next_sync_ = next_check_ = monotonic_time::max();
}

const registry_gossip::peer_map::value_type* registry_gossip::next_peer() {
  if (round_.empty()) return nullptr;
  if (next_in_round_ >= round_.size()) {
    random_.shuffle(round_);
    next_in_round_ = 0;
  }
  return &*peers_.find(round_[next_in_round_++]);
}

// -- rumors

void registry_gossip::spread(monotonic_time now, registry_delta delta) {
  enter(now);
  for (auto& each : split(std::move(delta), settings_.packet_bytes))
    rumors_.put(std::move(each));
}

void registry_gossip::run_rumors() {
  if (rumors_.empty() || peers_.empty() || now_ < next_gossip_) return;
  next_gossip_ = now_ + settings_.gossip_interval;
  const auto limit = retransmit_limit(settings_.retransmit, peers_.size() + 1);
  for (std::size_t i = 0; i < std::min(settings_.gossip_fan_out, peers_.size()); ++i) {
    auto bytes = rumors_.fill(settings_.packet_bytes, limit);
    if (bytes.empty()) break;
    const auto* peer = next_peer();
    send(gossip_channel::datagram, peer->second.where, peer->first, std::move(bytes));
  }
  if (rumors_.empty() && peers_.size() < small_cluster) next_check_ = now_ + 2 * settings_.gossip_interval;
}

void registry_gossip::hear(registry_delta delta, bool tell_on) {
  ++counters_.deltas_heard;
  if (!registry_.is_news(delta)) {
    // Refused or known; or of a process that the membership will tell of soon. What it will not is pushed
    // out.
    const auto before = registry_.figures().of_strangers;
    if (!registry_.apply(delta).ok() || registry_.figures().of_strangers == before
        || settings_.most_early == 0 || !tell_on)
      return;
    ++counters_.deltas_early;
    if (early_.size() >= settings_.most_early) early_.pop_front();
    early_.push_back(std::move(delta));
    return;
  }
  ++counters_.deltas_new;
  if (!registry_.apply(delta).ok() || !tell_on) return;
  for (auto& each : split(std::move(delta), settings_.packet_bytes))
    rumors_.put(std::move(each));
}

// -- comparisons

duration registry_gossip::around(duration middle) {
  return middle / 2 + duration{random_.between(0, middle.count())};
}

void registry_gossip::compare_soon() {
  // Not at every new member of many anew: who is due soon already stays so.
  pause_ = std::min<duration>(1s, settings_.sync_interval);
  next_sync_ = std::min(next_sync_, now_ + around(pause_));
}

void registry_gossip::run_comparison() {
  if (peers_.empty()) return;
  if (now_ >= next_check_) {
    next_check_ = monotonic_time::max();
    // A burst that goes on ends with a check of its own.
    if (rumors_.empty()) compare(gossip_channel::datagram, settings_.gossip_fan_out);
  }
  if (now_ < next_sync_) return;
  pause_ = std::min(pause_ * 2, settings_.sync_interval);
  next_sync_ = now_ + around(pause_);
  const bool by_stream = std::exchange(by_stream_, !by_stream_);
  compare(by_stream ? gossip_channel::stream : gossip_channel::datagram, 1);
}

void registry_gossip::compare(gossip_channel channel, std::size_t with) {
  registry_message out;
  out.fingerprint = registry_.fingerprint();
  const auto bytes = encode(out);
  for (std::size_t i = 0; i < std::min(with, peers_.size()); ++i) {
    ++counters_.comparisons;
    if (const auto again = std::exchange(again_with_, std::nullopt)) {
      send(gossip_channel::datagram, *again, {}, bytes);
      continue;
    }
    const auto* peer = next_peer();
    send(channel, peer->second.where, peer->first, bytes);
  }
}

void registry_gossip::send_digest(gossip_channel channel, const endpoint& to) {
  std::vector<std::vector<std::byte>> pieces;
  for (auto& each : registry_.digest()) {
    ++counters_.digest_lines;
    registry_message line;
    line.digest.push_back(std::move(each));
    pieces.push_back(encode(line));
  }
  send_pieces(channel, to, pieces);
}

void registry_gossip::answer_digest(gossip_channel channel, const endpoint& to,
                                    std::span<const registry_digest_line> theirs) {
  std::vector<std::vector<std::byte>> pieces;
  for (auto& lacked : registry_.lacking(theirs, settings_.sync_bytes)) {
    for (auto& each : split(std::move(lacked), piece_bytes)) {
      ++counters_.deltas_lacked;
      registry_message delta;
      delta.deltas.push_back(std::move(each));
      pieces.push_back(encode(delta));
    }
  }
  for (auto& each : registry_.behind(theirs)) {
    ++counters_.digest_lines;
    // A node that nothing at all is known of: more than a lost rumor, so not everything may come at once.
    if (each.known == 0) compare_soon();
    registry_message line;
    line.digest.push_back(std::move(each));
    pieces.push_back(encode(line));
  }
  send_pieces(channel, to, pieces);
}

void registry_gossip::send_pieces(gossip_channel channel, const endpoint& to,
                                  const std::vector<std::vector<std::byte>>& pieces) {
  std::size_t all = 0;
  for (const auto& each : pieces)
    all += each.size();
  if (all == 0) return;
  if (all > settings_.packet_bytes) channel = gossip_channel::stream;
  std::vector<std::byte> message;
  for (const auto& each : pieces) {
    if (message.size() + each.size() > max_registry_message)
      send(channel, to, {}, std::exchange(message, {}));
    message.insert(message.end(), each.begin(), each.end());
  }
  send(channel, to, {}, std::move(message));
}

void registry_gossip::send(gossip_channel channel, const endpoint& to, std::string peer,
                           std::vector<std::byte> bytes) {
  ++counters_.packets_sent;
  counters_.bytes_sent += bytes.size();
  sends_.push_back({channel, to, std::move(peer), std::move(bytes)});
}

// -- input

status registry_gossip::on_message(monotonic_time now, const endpoint& from, gossip_channel channel,
                                   std::span<const std::byte> bytes) {
  enter(now);
  ++counters_.packets_received;
  auto got = decode_registry_message(bytes, settings_.limits);
  if (!got) {
    ++counters_.packets_refused;
    return got.error();
  }
  // Much at once is of somebody who was far behind all others: they know it already.
  const bool tell_on = bytes.size() <= settings_.packet_bytes;
  for (auto& each : got->deltas)
    hear(std::move(each), tell_on);
  if (!got->digest.empty()) answer_digest(channel, from, got->digest);
  if (got->fingerprint != 0 && got->fingerprint != registry_.fingerprint()) {
    ++counters_.differences;
    send_digest(channel, from);
    // In a large cluster some rumor is always on its way: there this would never end.
    if (peers_.size() < small_cluster) {
      compare_soon();
      // A datagram's answer may be lost, so the same is asked again. What needed a stream may have been hidden
      // from others too.
      if (channel == gossip_channel::datagram)
        again_with_ = from;
      else
        by_stream_ = true;
    }
  }
  return {};
}

void registry_gossip::tick(monotonic_time now) {
  enter(now);
  run_rumors();
  run_comparison();
}

monotonic_time registry_gossip::next_tick() const noexcept {
  if (peers_.empty()) return monotonic_time::max();
  const auto rumors = rumors_.empty() ? monotonic_time::max() : next_gossip_;
  return std::min({rumors, next_sync_, next_check_});
}

} // namespace troupe
