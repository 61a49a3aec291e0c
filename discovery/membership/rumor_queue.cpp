#include "discovery/membership/rumor_queue.hpp"

#include <iterator>
#include <vector>

namespace troupe {

namespace {

// No rumor is smaller than this: a packet with less room is full.
constexpr std::size_t smallest_rumor = 6;

} // namespace

std::size_t retransmit_limit(std::size_t lambda, std::size_t members) {
  std::size_t digits = 0; // ceil(log10(members + 1)), without a float
  for (std::size_t reach = 1; reach < members + 1; reach *= 10)
    ++digits;
  return lambda * digits;
}

bool packet_builder::add(const gossip_bytes& rumor) {
  if (rumor.size() > room()) return false;
  bytes_.insert(bytes_.end(), rumor.begin(), rumor.end());
  ++rumors_;
  return true;
}

void rumor_queue::put(const std::string& subject, gossip_bytes rumor) {
  drop(subject);
  const rank at{0, next_--};
  waiting_.emplace(at, entry{subject, std::move(rumor)});
  ranks_.emplace(subject, at);
  if (waiting_.size() > most_) drop(std::string{std::prev(waiting_.end())->second.subject});
}

void rumor_queue::drop(const std::string& subject) {
  const auto found = ranks_.find(subject);
  if (found == ranks_.end()) return;
  waiting_.erase(found->second);
  ranks_.erase(found);
}

void rumor_queue::fill(packet_builder& to, std::size_t limit) {
  std::vector<rank> told;
  for (const auto& [at, one] : waiting_) {
    if (to.room() < smallest_rumor) break;
    if (to.add(one.bytes)) told.push_back(at);
  }
  for (const auto& at : told) {
    auto node = waiting_.extract(at);
    if (at.first + 1 >= limit) {
      ranks_.erase(node.mapped().subject);
      continue;
    }
    ++node.key().first;
    ranks_.find(node.mapped().subject)->second = node.key();
    waiting_.insert(std::move(node));
  }
}

} // namespace troupe
