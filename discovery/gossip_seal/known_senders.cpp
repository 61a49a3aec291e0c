#include "discovery/gossip_seal/known_senders.hpp"

#include <algorithm>
#include <vector>

namespace troupe {

known_sender* known_senders::find(const sender_instance& sender) {
  const auto found = senders_.find(sender);
  return found == senders_.end() ? nullptr : &found->second;
}

bool known_senders::is_stale(const known_sender* sender, std::uint64_t time, std::uint64_t ours,
                             monotonic_time now) const noexcept {
  auto expected = ours;
  if (sender == nullptr) {
    if (time <= floor_) return true;
  } else {
    if (time < sender->earliest_time) return true;
    const auto silent = std::max(now - sender->heard_at, duration::zero());
    const auto passed = std::chrono::floor<std::chrono::milliseconds>(silent).count();
    expected = std::min(expected, sender->newest_time + static_cast<std::uint64_t>(passed));
  }
  return time + limits_.freshness < expected;
}

known_sender& known_senders::accept(const sender_instance& sender, std::uint64_t time, std::uint64_t sequence,
                                    std::uint64_t ours, monotonic_time now) {
  auto* known = find(sender);
  if (known == nullptr) {
    if (!forgot_at_ || now - *forgot_at_ >= limits_.forget_after || senders_.size() >= limits_.senders)
      forget(ours, now);
    const auto oldest_fresh = ours > limits_.freshness ? ours - limits_.freshness : 0;
    const auto earliest = std::max(oldest_fresh, floor_ + 1);
    if (senders_.size() >= limits_.senders) make_room();
    known = &senders_[sender];
    known->earliest_time = earliest;
  }
  known->seen.mark(sequence);
  if (time >= known->newest_time) {
    known->newest_time = time;
    known->heard_at = now;
  }
  return *known;
}

void known_senders::forget(std::uint64_t ours, monotonic_time now) {
  forgot_at_ = now;
  std::erase_if(senders_, [&](const auto& entry) {
    const auto& sender = entry.second;
    return now - sender.heard_at >= limits_.forget_after && sender.newest_time + limits_.freshness < ours;
  });
}

// One in sixteen at a time, so that a full table is not searched for each stranger.
void known_senders::make_room() {
  std::vector<std::uint64_t> times;
  times.reserve(senders_.size());
  for (const auto& [sender, known] : senders_)
    times.push_back(known.newest_time);
  const auto last = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 16);
  std::nth_element(times.begin(), last, times.end());
  floor_ = std::max(floor_, *last);
  evicted_ += std::erase_if(senders_, [&](const auto& entry) { return entry.second.newest_time <= floor_; });
}

void known_senders::drop_keys(const key_fingerprint& of) {
  for (auto& [sender, known] : senders_) {
    if (known.key_of != of) continue;
    known.key_of.reset();
    known.key = {};
  }
}

} // namespace troupe
