// Which side of a partition goes on with what must be unique, when each side sees only itself. Pure.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/core/status.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Who stays. Whatever is chosen, all nodes of a cluster must be configured alike.
enum class split_brain_strategy : std::uint8_t {
  keep_majority, // the side with more than half of the members; of two halves, the one with the first name
  keep_oldest,   // the side of the member that has run longest
  keep_referee,  // the side of one named member
  static_quorum, // the side with at least so many members
  down_all,      // nobody: all nodes stop, and whoever watches over processes starts them anew
};

// What a node that does not stay does.
enum class split_brain_loss : std::uint8_t {
  leave,     // its process ends in good order
  restart,   // all of its modules are started anew, once it is together with the others again
  read_only, // it goes on, but gives up all that must be unique
};

// keep-majority, keep-oldest, keep-referee, static-quorum, down-all; leave, restart, read-only.
std::string_view to_string(split_brain_strategy strategy) noexcept;
std::string_view to_string(split_brain_loss loss) noexcept;

// The reverse. INVALID_ARGUMENT, with all that there are.
result<split_brain_strategy> parse_split_brain_strategy(std::string_view text);
result<split_brain_loss> parse_split_brain_loss(std::string_view text);

struct split_brain_rules {
  split_brain_strategy strategy = split_brain_strategy::keep_majority;
  // Only members with this role count; empty: all do. A node without it goes with the side that it sees.
  std::string role;
  // keep_oldest: a side that is the oldest member alone does not stay, but all others do. So the crash of one
  // node's network does not stop all others.
  bool oldest_alone_loses = true;
  // keep_referee: its name.
  std::string referee;
  // static_quorum: so many members; more than half of all that there will ever be.
  std::size_t quorum = 0;
};

// INVALID_ARGUMENT: a strategy without what it needs.
status check(const split_brain_rules& rules);

// A member as one node sees it.
struct split_brain_member {
  std::string name;
  std::uint64_t incarnation = 0; // of its process: the date of its start, so the smallest is the oldest
  std::set<std::string> roles;
  bool reachable = true;
  // Reachable as far as is known, but that is in question: somebody suspects it. judge() does not look at it.
  bool doubted = false;

  bool operator==(const split_brain_member&) const = default;
};

// Whether the side that sees these members stays.
struct split_brain_verdict {
  bool stays = false;
  std::string reason; // for the log: which rule, and what was counted

  bool operator==(const split_brain_verdict&) const = default;
};

// Judges a view, in which at least the node itself is reachable. Given the same members and rules, of the
// sides of a partition, into however many, at most one stays; with static_quorum, if there are at most 2 *
// quorum - 1 members that count: with more of them, nobody stays, for two sides could have the quorum.
split_brain_verdict judge(const split_brain_rules& rules, std::span<const split_brain_member> members);

} // namespace troupe
