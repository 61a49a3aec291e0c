// The members that one member knows, and the order in which it probes them. Pure.
#pragma once

#include "discovery/membership/member_record.hpp"
#include "discovery/membership/suspicion.hpp"
#include "discovery/membership/table_fingerprint.hpp"
#include "runtime/environment/random_source.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct member_entry {
  member_record record; // its state among them; change that with member_table::set_state only
  monotonic_time since; // of the state
  monotonic_time heard = monotonic_time::min(); // the last message of its own
  std::uint64_t name_hash = 0;
  // Up to this incarnation it stands accused; only a higher one clears it.
  std::uint64_t accused = 0;
  std::optional<suspicion> doubt; // when suspect
  // A younger process of the name that is gone, so that the older has it again: nothing of that one, or of
  // those between, is believed any more; 0: none.
  std::uint64_t banned = 0;
  // The younger process that an older one objected to, and that older one: such an objection is passed on
  // once.
  std::uint64_t claimed_against = 0;
  std::uint64_t claimed_by = 0;
  // When dead: the next try, and the pause after it.
  monotonic_time next_try;
  duration pause{};

  bool living() const noexcept { return record.state <= member_state::suspect; }
};

// Entries keep their place in memory until they are removed.
class member_table {
public:
  member_entry* find(std::string_view name);
  const member_entry* find(std::string_view name) const;

  // Precondition: the name is new and the state alive. It joins the round of probes at a random place
  // (SWIM 4.3).
  member_entry& add(member_record record, monotonic_time now, random_source& random);
  // Into the round when it lives again, out of it when it does not.
  void set_state(member_entry& entry, member_state state, monotonic_time now, random_source& random);

  // Each once in a random order, then in a new random order (SWIM 4.3); null when none lives.
  member_entry* next_to_probe(random_source& random);
  // Up to `count` different living members that fit, at random.
  std::vector<member_entry*> pick(std::size_t count, random_source& random,
                                  const std::function<bool(const member_entry&)>& fits);

  // Forgets who left longer ago than `after`, and the longest dead beyond `most_dead`.
  void reclaim(monotonic_time now, duration after, std::size_t most_dead);

  // Forgets whoever left longest ago. False: nobody has left.
  bool forget_who_left();

  // The dead and those who left, in the order in which they became so.
  const std::vector<member_entry*>& gone() const noexcept { return gone_; }
  // The living and this record of the member itself.
  table_fingerprint fingerprint(const member_record& self) const;

  // Alive or suspect.
  std::size_t living() const noexcept { return round_.size(); }
  std::size_t size() const noexcept { return members_.size(); }
  // By name.
  const std::map<std::string, member_entry, std::less<>>& all() const noexcept { return members_; }
  std::map<std::string, member_entry, std::less<>>& all() noexcept { return members_; }

private:
  void enter_round(member_entry& entry, random_source& random);
  void leave_round(const member_entry& entry);

  std::map<std::string, member_entry, std::less<>> members_;
  std::vector<member_entry*> round_; // the living
  std::vector<member_entry*> gone_;
  std::size_t next_ = 0; // of the round, to be probed
};

} // namespace troupe
