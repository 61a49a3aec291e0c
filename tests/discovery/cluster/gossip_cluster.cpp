#include "tests/discovery/cluster/gossip_cluster.hpp"

#include <algorithm>
#include <stdexcept>

namespace troupe::cluster_test {

namespace {

constexpr std::uint64_t process = 5;

} // namespace

gossip_cluster::gossip_cluster(gossip_options options)
  : options_(std::move(options)), random_(options_.seed) {
  if (!options_.settings.check().ok()) throw std::invalid_argument{"settings"};
  for (std::size_t i = 0; i < options_.members; ++i) {
    auto& one = nodes_.emplace_back();
    one.entries = std::make_unique<registry>(name_of(i), process, options_.settings.limits);
    one.gossip = std::make_unique<registry_gossip>(options_.settings, *one.entries,
                                                   random_source{options_.seed}.split("node", i));
  }
}

void gossip_cluster::introduce(std::size_t whom, std::size_t to) {
  nodes_[to].gossip->member_up(now_, name_of(whom), process, endpoint_of(whom));
}

void gossip_cluster::introduce_all() {
  for (std::size_t i = 0; i < size(); ++i)
    for (std::size_t j = 0; j < size(); ++j)
      if (i != j) introduce(i, j);
}

void gossip_cluster::publish(std::size_t index, const std::string& service, std::uint32_t instances) {
  service_entry entry;
  entry.service = service;
  entry.instances = instances;
  entry.health = service_health::ready;
  if (auto delta = nodes_[index].entries->publish(std::move(entry)).value())
    nodes_[index].gossip->spread(now_, std::move(*delta));
}

void gossip_cluster::collect(std::size_t from) {
  for (auto& each : nodes_[from].gossip->take_sends()) {
    const bool stream = each.channel == gossip_channel::stream;
    ++(stream ? messages : datagrams);
    bytes += each.bytes.size();
    largest = std::max(largest, each.bytes.size());
    if (on_send && !on_send(from, each)) continue;
    if (!stream && random_.chance(options_.loss)) continue;
    const auto delay = duration{random_.between(duration{200us}.count(), duration{5ms}.count())};
    const auto& parts = each.to.address.bytes();
    packets_.push({now_ + delay, order_++, from, static_cast<std::size_t>(parts[14]) << 8 | parts[15],
                   each.channel, std::move(each.bytes)});
  }
}

void gossip_cluster::run_for(duration how_long) {
  const auto end = now_ + how_long;
  while (now_ < end) {
    while (!packets_.empty() && packets_.top().when <= now_) {
      const auto next = packets_.top();
      packets_.pop();
      if (!nodes_[next.to].gossip->on_message(now_, endpoint_of(next.from), next.channel, next.content).ok())
        throw std::logic_error{"a packet was refused"};
      collect(next.to);
    }
    for (std::size_t i = 0; i < size(); ++i) {
      if (nodes_[i].gossip->next_tick() <= now_) nodes_[i].gossip->tick(now_);
      collect(i);
    }
    now_ += 1ms;
  }
}

duration gossip_cluster::run_until(const std::function<bool()>& is_so, duration most) {
  const auto began = now_;
  while (!is_so() && now_ - began < most)
    run_for(10ms);
  return now_ - began;
}

bool gossip_cluster::agree() {
  const auto first = entries(0).fingerprint();
  for (std::size_t i = 1; i < size(); ++i)
    if (entries(i).fingerprint() != first || *entries(i).snapshot() != *entries(0).snapshot()) return false;
  return true;
}

} // namespace troupe::cluster_test
