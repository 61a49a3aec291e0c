#include "discovery/membership/member_table.hpp"

#include <algorithm>

namespace troupe {

member_entry* member_table::find(std::string_view name) {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

const member_entry* member_table::find(std::string_view name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

member_entry& member_table::add(member_record record, monotonic_time now, random_source& random) {
  auto& entry = members_[record.name];
  entry.record = std::move(record);
  entry.since = now;
  entry.name_hash = table_fingerprint::hash_of(entry.record.name);
  enter_round(entry, random);
  return entry;
}

void member_table::set_state(member_entry& entry, member_state state, monotonic_time now,
                             random_source& random) {
  const bool lived = entry.living();
  entry.record.state = state;
  entry.since = now;
  if (state != member_state::suspect) entry.doubt.reset();
  if (lived && !entry.living()) leave_round(entry);
  if (!lived) std::erase(gone_, &entry);
  if (!entry.living()) gone_.push_back(&entry);
  if (!lived && entry.living()) enter_round(entry, random);
}

void member_table::enter_round(member_entry& entry, random_source& random) {
  const auto at = static_cast<std::size_t>(random.below(round_.size() + 1));
  round_.insert(round_.begin() + static_cast<std::ptrdiff_t>(at), &entry);
  if (at < next_) ++next_;
}

void member_table::leave_round(const member_entry& entry) {
  const auto found = std::find(round_.begin(), round_.end(), &entry);
  if (found == round_.end()) return;
  if (static_cast<std::size_t>(found - round_.begin()) < next_) --next_;
  round_.erase(found);
}

member_entry* member_table::next_to_probe(random_source& random) {
  if (round_.empty()) return nullptr;
  if (next_ >= round_.size()) {
    random.shuffle(round_);
    next_ = 0;
  }
  return round_[next_++];
}

std::vector<member_entry*> member_table::pick(std::size_t count, random_source& random,
                                              const std::function<bool(const member_entry&)>& fits) {
  std::vector<member_entry*> out;
  if (count == 0 || round_.empty()) return out;
  // A few draws find enough of many; only when they do not, all are looked at.
  for (std::size_t draws = 0; draws < 2 * count && out.size() < count && round_.size() > 4 * count; ++draws) {
    auto* one = round_[static_cast<std::size_t>(random.below(round_.size()))];
    if (fits(*one) && std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
  }
  if (out.size() == count) return out;
  auto rest = round_;
  random.shuffle(rest);
  for (auto* one : rest) {
    if (out.size() == count) break;
    if (fits(*one) && std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
  }
  return out;
}

void member_table::reclaim(monotonic_time now, duration after, std::size_t most_dead) {
  std::size_t dead = 0;
  for (const auto* entry : gone_)
    dead += entry->record.state == member_state::dead ? 1 : 0;
  std::size_t too_many = dead > most_dead ? dead - most_dead : 0;
  std::vector<std::string> forgotten;
  // The longest gone come first.
  std::erase_if(gone_, [&](const member_entry* entry) {
    const bool is_dead = entry->record.state == member_state::dead;
    if (is_dead ? too_many == 0 : now - entry->since <= after) return false;
    if (is_dead) --too_many;
    forgotten.push_back(entry->record.name);
    return true;
  });
  for (const auto& name : forgotten)
    members_.erase(name);
}

bool member_table::forget_who_left() {
  const auto longest = std::find_if(gone_.begin(), gone_.end(), [](const member_entry* entry) {
    return entry->record.state == member_state::left;
  });
  if (longest == gone_.end()) return false;
  const auto name = (*longest)->record.name;
  gone_.erase(longest);
  members_.erase(name);
  return true;
}

table_fingerprint member_table::fingerprint(const member_record& self) const {
  table_fingerprint out;
  out.add(table_fingerprint::hash_of(self.name), self.process, self.incarnation);
  for (const auto* entry : round_)
    out.add(entry->name_hash, entry->record.process, entry->record.incarnation);
  return out;
}

} // namespace troupe
