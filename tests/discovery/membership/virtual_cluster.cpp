#include "virtual_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace troupe::membership_test {

virtual_cluster::virtual_cluster(network_options options)
  : options_(options), random_(options.seed), weather_(random_.split("weather")) {}

std::string virtual_cluster::name_of(std::size_t index) { return fmt::format("n{:03}", index); }

endpoint virtual_cluster::endpoint_of(std::size_t index) {
  return {
    ip_address::v4(10, 0, static_cast<std::uint8_t>(index / 250), static_cast<std::uint8_t>(1 + index % 250)),
    7946};
}

std::size_t virtual_cluster::add(std::string name, std::uint64_t process) {
  const auto index = nodes_.size();
  nodes_.emplace_back();
  nodes_.back().name = std::move(name);
  nodes_.back().process = process;
  start(index);
  return index;
}

void virtual_cluster::restart(std::size_t index) {
  ++nodes_[index].process;
  start(index);
}

void virtual_cluster::start(std::size_t index) {
  auto& one = nodes_[index];
  one.core = std::make_unique<membership>(options_.settings, random_.split(name_of(index), one.process));
  one.wake = monotonic_time::max();
  one.still_until = monotonic_time::min();
  member_record self;
  self.name = one.name;
  self.process = one.process;
  self.gossip = endpoint_of(index);
  std::vector<endpoint> seeds;
  for (std::size_t i = 0; i < options_.seeds; ++i)
    seeds.push_back(endpoint_of(i));
  if (auto started = one.core->start(now_, self, std::move(seeds)); !started.ok()) {
    throw std::logic_error{started.to_string()};
  }
  settle(index);
}

void virtual_cluster::leave(std::size_t index) {
  core(index).leave(now_);
  settle(index);
}

void virtual_cluster::settle(std::size_t index) {
  auto& one = nodes_[index];
  auto effects = one.core->take_effects();
  for (auto& event : effects.events) {
    hash_.add(static_cast<std::uint64_t>(now().count()));
    hash_.add(index << 8 | static_cast<std::uint64_t>(event.kind));
    hash_.add(event.record.name);
    events_.push_back({now(), index, event.kind, event.record.name});
  }
  for (auto& what : effects.sends)
    transmit(index, what);
  const auto next = one.core->next_tick();
  if (next == monotonic_time::max() || next >= one.wake) return;
  one.wake = std::max(next, now_);
  push({one.wake, 0, index, one.process, true});
}

void virtual_cluster::transmit(std::size_t from, gossip_send& what) {
  hash_.add(std::span<const std::byte>{what.bytes});
  const auto& bytes = what.to.address.bytes();
  const auto to = static_cast<std::size_t>(bytes[14]) * 250 + bytes[15] - 1;
  const auto delay =
    duration{weather_.between(options_.shortest_delay.count(), options_.longest_delay.count())};
  const bool lost = weather_.chance(options_.loss);
  if (to >= nodes_.size() || (is_cut_ && is_cut_(from, to))) return;
  const bool datagram = what.channel == gossip_channel::datagram;
  if (datagram && (lost || datagrams_blocked_)) return;
  const auto leaves = std::max(now_, nodes_[from].held_until);
  push({leaves + (datagram ? delay : 3 * delay), 0, to, 0, false, from, what.channel, std::move(what.bytes)});
}

void virtual_cluster::run(step what) {
  auto& one = nodes_[what.to];
  if (!one.core || (what.wake && what.process != one.process)) return;
  if (now_ < one.still_until) {
    what.when = one.still_until;
    return push(std::move(what));
  }
  if (now_ < one.held_until && !what.wake) {
    what.when = one.held_until;
    return push(std::move(what));
  }
  if (what.wake) {
    if (what.when < one.wake) return;
    one.wake = monotonic_time::max();
    if (one.core->next_tick() <= now_) one.core->tick(now_);
  } else {
    (void)one.core->on_message(now_, endpoint_of(what.from), what.channel, what.bytes);
  }
  settle(what.to);
}

void virtual_cluster::run_for(duration how_long) {
  const auto end = now_ + how_long;
  while (!steps_.empty() && steps_.front().when <= end) {
    std::pop_heap(steps_.begin(), steps_.end(), std::greater<>{});
    auto next = std::move(steps_.back());
    steps_.pop_back();
    now_ = std::max(now_, next.when);
    run(std::move(next));
  }
  now_ = end;
}

duration virtual_cluster::run_until(const std::function<bool()>& is_so, duration most, duration step) {
  const auto begin = now_;
  while (now_ - begin < most && !is_so())
    run_for(step);
  return now_ - begin;
}

bool virtual_cluster::agree() const {
  std::vector<std::pair<std::string_view, std::uint64_t>> alive;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (running(i)) alive.emplace_back(nodes_[i].name, nodes_[i].core->self().process);
  }
  std::sort(alive.begin(), alive.end());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!running(i)) continue;
    if (nodes_[i].core->living() != alive.size()) return false;
    // As many, and each of them is one of the running.
    bool same = true;
    nodes_[i].core->visit([&](const member_record& record) {
      if (!same || record.state == member_state::dead || record.state == member_state::left) return;
      same = record.state == member_state::alive
             && std::binary_search(alive.begin(), alive.end(),
                                   std::pair<std::string_view, std::uint64_t>{record.name, record.process});
    });
    if (!same) return false;
  }
  return true;
}

member_state virtual_cluster::state(std::size_t observer, std::size_t subject) const {
  const auto* record = nodes_[observer].core->find(nodes_[subject].name);
  if (record == nullptr) throw std::logic_error{"not known: " + nodes_[subject].name};
  return record->state;
}

std::size_t virtual_cluster::count(member_event_kind kind) const {
  return static_cast<std::size_t>(
    std::count_if(events_.begin(), events_.end(), [kind](const auto& one) { return one.kind == kind; }));
}

std::size_t virtual_cluster::count(member_event_kind kind, const std::string& name) const {
  return static_cast<std::size_t>(std::count_if(
    events_.begin(), events_.end(), [&](const auto& one) { return one.kind == kind && one.name == name; }));
}

} // namespace troupe::membership_test
