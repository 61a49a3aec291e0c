#include "discovery/registry/registry.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe {

namespace {

using kind = registry_change::kind;

// Of one node; beyond that the next push-pull brings what is missing.
constexpr std::size_t most_ahead = 64;

// FNV-1a, which is the same everywhere.
class fingerprint_hash {
public:
  void add(std::uint64_t number) noexcept {
    for (int shift = 0; shift < 64; shift += 8)
      add_byte(static_cast<std::uint8_t>(number >> shift));
  }
  void add(std::string_view text) noexcept {
    add(text.size());
    for (const char each : text)
      add_byte(static_cast<std::uint8_t>(each));
  }
  std::uint64_t value() const noexcept { return value_; }

private:
  void add_byte(std::uint8_t byte) noexcept { value_ = (value_ ^ byte) * 1'099'511'628'211ULL; }
  std::uint64_t value_ = 14'695'981'039'346'656'037ULL;
};

} // namespace

registry::registry(std::string node, std::uint64_t incarnation, registry_limits limits)
  : node_(std::move(node)), limits_(limits) {
  members_[node_].incarnation = incarnation;
}

// -- what this node plays

result<std::optional<registry_delta>> registry::publish(service_entry entry) {
  if (auto outcome = check(entry, limits_); !outcome.ok()) return outcome;
  const auto& own = members_.find(node_)->second;
  const auto found = own.entries.find(entry.service);
  if (found == own.entries.end() && own.entries.size() >= limits_.services_per_node)
    return resource_exhausted("{} has {} services, which are as many as a node may play; {} is one more",
                              node_, own.entries.size(), entry.service);
  if (found != own.entries.end() && !found->second.withdrawn && found->second.entry == entry)
    return std::optional<registry_delta>{};
  return std::optional<registry_delta>{change_own({{std::move(entry), 0, false}})};
}

std::optional<registry_delta> registry::withdraw(std::string_view service) {
  const auto& own = members_.find(node_)->second;
  const auto found = own.entries.find(service);
  if (found == own.entries.end() || found->second.withdrawn) return std::nullopt;
  service_entry name;
  name.service = std::string{service};
  return change_own({{std::move(name), 0, true}});
}

std::optional<registry_delta> registry::set_health(service_health health) {
  std::vector<numbered_entry> changed;
  for (const auto& [service, each] : members_.find(node_)->second.entries) {
    if (each.withdrawn || each.entry.health == health) continue;
    changed.push_back(each);
    changed.back().entry.health = health;
  }
  if (changed.empty()) return std::nullopt;
  return change_own(std::move(changed));
}

registry_delta registry::change_own(std::vector<numbered_entry> entries) {
  auto& own = members_.find(node_)->second;
  registry_delta out{node_, own.incarnation, own.known, own.known + entries.size(), std::move(entries)};
  for (auto& each : out.entries) {
    each.change = ++own.known;
    store(node_, own, each);
  }
  return out;
}

// -- what the membership says

std::optional<registry_delta> registry::renumber(std::uint64_t incarnation) {
  auto& own = members_.find(node_)->second;
  if (incarnation <= own.incarnation) return std::nullopt;
  own.incarnation = incarnation;
  registry_delta out{node_, incarnation, 0, own.known, {}};
  for (const auto& [service, each] : own.entries) {
    out.entries.push_back(each);
    if (each.withdrawn) continue;
    outdated_.insert(service);
    changes_.push_back({kind::changed, {node_, incarnation, each.entry}});
  }
  if (out.entries.empty()) return std::nullopt;
  std::sort(out.entries.begin(), out.entries.end(),
            [](const auto& a, const auto& b) { return a.change < b.change; });
  return out;
}

void registry::member_up(std::string_view node, std::uint64_t incarnation) {
  if (node == node_) return;
  const auto name = std::string{node};
  auto& of = members_[name];
  if (of.incarnation >= incarnation) return;
  forget(name, of);
  of = member{};
  of.incarnation = incarnation;
}

void registry::member_down(std::string_view node, std::uint64_t incarnation) {
  const auto found = members_.find(node);
  if (found == members_.end() || node == node_ || found->second.incarnation > incarnation) return;
  forget(found->first, found->second);
  members_.erase(found);
}

void registry::forget(const std::string& node, member& of) {
  for (auto& [service, each] : of.entries) {
    if (each.withdrawn) continue;
    outdated_.insert(service);
    changes_.push_back({kind::vanished, {node, of.incarnation, std::move(each.entry)}});
  }
}

// -- what other nodes say

status registry::apply(const registry_delta& delta) {
  if (auto outcome = check(delta, limits_); !outcome.ok()) {
    ++figures_.malformed;
    return outcome;
  }
  if (delta.node == node_) {
    ++figures_.of_ourselves;
    return {};
  }
  const auto found = members_.find(delta.node);
  if (found == members_.end() || found->second.incarnation != delta.incarnation) {
    ++figures_.of_strangers;
    return {};
  }
  auto& of = found->second;
  if (has(of, delta)) return {};
  const auto added = std::count_if(delta.entries.begin(), delta.entries.end(), [&of](const auto& each) {
    return of.entries.count(each.entry.service) == 0;
  });
  if (of.entries.size() + static_cast<std::size_t>(added) > limits_.services_per_node) {
    ++figures_.malformed;
    return invalid_argument("{} says that it plays more than {} services", delta.node,
                            limits_.services_per_node);
  }
  for (const auto& each : delta.entries)
    store(delta.node, of, each);
  // Entries are used at once, gap or not: each is the truth about its service. But only what joins on to what
  // is known makes more known.
  if (delta.since <= of.known) {
    of.known = delta.until;
    join_up(of);
  } else {
    ++figures_.with_gap;
    if (of.ahead.size() < most_ahead) {
      auto& until = of.ahead[delta.since];
      until = std::max(until, delta.until);
    }
  }
  return {};
}

bool registry::has(const member& of, const registry_delta& delta) {
  if (delta.until <= of.known) return true;
  const auto after = of.ahead.upper_bound(delta.since);
  return after != of.ahead.begin() && std::prev(after)->second >= delta.until;
}

void registry::join_up(member& of) {
  while (!of.ahead.empty() && of.ahead.begin()->first <= of.known) {
    of.known = std::max(of.known, of.ahead.begin()->second);
    of.ahead.erase(of.ahead.begin());
  }
}

bool registry::is_news(const registry_delta& delta) const {
  const auto found = members_.find(delta.node);
  return delta.node != node_ && found != members_.end() && found->second.incarnation == delta.incarnation
         && !has(found->second, delta);
}

void registry::store(const std::string& node, member& of, const numbered_entry& entry) {
  auto& place = of.entries[entry.entry.service];
  if (place.change >= entry.change) return;
  const bool was_there = place.change != 0 && !place.withdrawn;
  const auto before = std::exchange(place, entry);
  if (!was_there && entry.withdrawn) return;
  outdated_.insert(entry.entry.service);
  if (entry.withdrawn)
    changes_.push_back({kind::vanished, {node, of.incarnation, before.entry}});
  else
    changes_.push_back({was_there ? kind::changed : kind::appeared, {node, of.incarnation, entry.entry}});
}

std::vector<registry_digest_line> registry::digest() const {
  std::vector<registry_digest_line> out;
  out.reserve(members_.size());
  for (const auto& [name, each] : members_)
    out.push_back({name, each.incarnation, each.known});
  return out;
}

std::uint64_t registry::fingerprint() const {
  fingerprint_hash hash;
  for (const auto& [name, each] : members_) {
    hash.add(name);
    hash.add(each.incarnation);
    hash.add(each.known);
  }
  return std::max<std::uint64_t>(hash.value(), 1);
}

std::vector<registry_digest_line> registry::behind(std::span<const registry_digest_line> theirs) const {
  std::vector<registry_digest_line> out;
  for (const auto& each : theirs) {
    const auto found = members_.find(each.node);
    if (found == members_.end() || each.node == node_) continue;
    const auto& of = found->second;
    if (of.incarnation == each.incarnation && of.known < each.known)
      out.push_back({each.node, of.incarnation, of.known});
  }
  return out;
}

std::vector<registry_delta> registry::lacking(std::span<const registry_digest_line> theirs,
                                              std::size_t max_bytes) {
  std::map<std::string_view, const registry_digest_line*> known;
  for (const auto& each : theirs)
    known.emplace(each.node, &each);

  std::vector<registry_delta> out;
  std::size_t used = 0;
  auto at = members_.lower_bound(next_to_tell_);
  for (std::size_t i = 0; i < members_.size(); ++i, ++at) {
    if (at == members_.end()) at = members_.begin();
    const auto& [name, of] = *at;
    const auto line = known.find(name);
    // Of a process that they do not know as a member they would use nothing.
    if (line == known.end() || line->second->incarnation != of.incarnation) continue;
    const auto since = line->second->known;
    if (since >= of.known) continue;

    std::vector<const numbered_entry*> wanted;
    for (const auto& [service, each] : of.entries)
      if (each.change > since && each.change <= of.known) wanted.push_back(&each);
    std::sort(wanted.begin(), wanted.end(), [](auto* a, auto* b) { return a->change < b->change; });
    registry_delta delta{name, of.incarnation, since, of.known, {}};
    for (const auto* each : wanted) {
      const auto size = size_of(each->entry);
      if (used + size > max_bytes && used != 0) {
        // No room: what was taken so far is known up to its last change. The rest begins with this node.
        next_to_tell_ = name;
        if (delta.entries.empty()) return out;
        delta.until = delta.entries.back().change;
        out.push_back(std::move(delta));
        return out;
      }
      used += size;
      delta.entries.push_back(*each);
    }
    out.push_back(std::move(delta));
  }
  return out;
}

// -- readers

registry_snapshot_ptr registry::snapshot() {
  if (outdated_.empty()) return snapshot_;
  auto next = std::make_shared<registry_snapshot>(*snapshot_);
  for (const auto& service : outdated_) {
    auto places = std::make_shared<service_places>();
    for (const auto& [name, of] : members_) {
      const auto found = of.entries.find(service);
      if (found == of.entries.end() || found->second.withdrawn) continue;
      places->push_back({name, of.incarnation, found->second.entry});
    }
    if (places->empty())
      next->services_.erase(service);
    else
      next->services_[service] = std::move(places);
  }
  outdated_.clear();
  snapshot_ = std::move(next);
  return snapshot_;
}

std::vector<registry_change> registry::take_changes() { return std::exchange(changes_, {}); }

} // namespace troupe
