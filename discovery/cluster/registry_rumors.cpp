#include "discovery/cluster/registry_rumors.hpp"

#include "discovery/registry/registry_codec.hpp"

#include <algorithm>
#include <set>

namespace troupe {

namespace {

// Tags, lengths and the three numbers of a delta.
constexpr std::size_t around_delta = 48;
// No delta is smaller on the wire.
constexpr std::size_t smallest_delta = 12;

std::vector<std::byte> bytes_of(const registry_delta& delta) {
  registry_message out;
  out.deltas.push_back(delta);
  return encode(out);
}

} // namespace

std::size_t size_of(const registry_delta& delta) noexcept {
  std::size_t out = around_delta + delta.node.size();
  for (const auto& each : delta.entries)
    out += size_of(each.entry);
  return out;
}

std::vector<registry_delta> split(registry_delta delta, std::size_t most_bytes) {
  std::vector<registry_delta> out;
  registry_delta part{delta.node, delta.incarnation, delta.since, delta.until, {}};
  std::size_t used = size_of(part);
  const auto empty = used;
  for (auto& each : delta.entries) {
    const auto size = size_of(each.entry);
    if (!part.entries.empty() && used + size > most_bytes) {
      const auto reached = part.entries.back().change;
      part.until = reached;
      out.push_back(std::move(part));
      part = registry_delta{delta.node, delta.incarnation, reached, delta.until, {}};
      used = empty;
    }
    used += size;
    part.entries.push_back(std::move(each));
  }
  out.push_back(std::move(part));
  return out;
}

void registry_rumors::put(registry_delta delta) {
  auto& of = nodes_[delta.node];
  if (!of.empty()) {
    const auto known = of.begin()->second.delta.incarnation;
    if (known > delta.incarnation) return;
    if (known < delta.incarnation) {
      for (const auto& [until, old] : of)
        order_.erase(old.at);
      of.clear();
    }
  }
  std::set<std::string_view> overwritten;
  for (const auto& each : delta.entries)
    overwritten.insert(each.entry.service);
  for (auto& [until, old] : of) {
    if (until >= delta.until) break;
    if (std::erase_if(old.delta.entries,
                      [&](const auto& each) { return overwritten.contains(each.entry.service); })
        != 0)
      old.bytes = bytes_of(old.delta);
  }
  if (const auto same = of.find(delta.until); same != of.end()) {
    order_.erase(same->second.at);
    of.erase(same);
  }
  const rank at{0, next_--};
  const auto until = delta.until;
  order_.emplace(at, std::pair{delta.node, until});
  auto bytes = bytes_of(delta);
  of.emplace(until, rumor{std::move(delta), std::move(bytes), at});
  if (order_.size() > most_) erase(std::prev(order_.end())->first);
}

void registry_rumors::erase(const rank& at) {
  const auto found = order_.find(at);
  const auto of = nodes_.find(found->second.first);
  of->second.erase(found->second.second);
  if (of->second.empty()) nodes_.erase(of);
  order_.erase(found);
}

void registry_rumors::drop(std::string_view node, std::uint64_t incarnation) {
  const auto of = nodes_.find(node);
  if (of == nodes_.end() || of->second.begin()->second.delta.incarnation > incarnation) return;
  for (const auto& [until, old] : of->second)
    order_.erase(old.at);
  nodes_.erase(of);
}

std::vector<std::byte> registry_rumors::fill(std::size_t room, std::size_t limit) {
  std::vector<std::byte> out;
  std::vector<rank> told;
  for (const auto& [at, key] : order_) {
    if (out.size() + smallest_delta > room) break;
    const auto& bytes = nodes_.find(key.first)->second.find(key.second)->second.bytes;
    if (out.size() + bytes.size() > room) continue;
    out.insert(out.end(), bytes.begin(), bytes.end());
    told.push_back(at);
  }
  for (const auto& at : told) {
    if (at.first + 1 >= limit) {
      erase(at);
      continue;
    }
    auto node = order_.extract(at);
    ++node.key().first;
    nodes_.find(node.mapped().first)->second.find(node.mapped().second)->second.at = node.key();
    order_.insert(std::move(node));
  }
  return out;
}

} // namespace troupe
