// When to decide who stays: once the view of the cluster has not changed for a while, so that both sides
// judge the same. Pure: it is driven by views and the time.
#pragma once

#include "discovery/split_brain/split_brain_strategy.hpp"
#include "runtime/core/deadline.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct split_brain_settings {
  split_brain_rules rules;
  // A view that stayed the same for so long, with somebody unreachable, is judged. Longer than a death takes
  // to be known everywhere; whoever takes over from a lost side must wait as long again, for that side
  // decides as late.
  duration stable_after = std::chrono::seconds{20};
  // When somebody has been unreachable for so much longer than that and the view never held still, nobody
  // stays: neither side can know what the other one sees. Zero: never. Longer than the deaths of a lost side
  // are apart, which half a cluster's are by half a minute.
  duration unstable_limit = std::chrono::seconds{40};
  split_brain_loss loss = split_brain_loss::leave;
};

// INVALID_ARGUMENT: the rules are incomplete, or a time is out of range.
status check(const split_brain_settings& settings);

struct split_brain_decision {
  bool stays = false;
  std::vector<std::string> lost; // stays: whom to regard as gone for good, sorted
  std::string reason;

  bool operator==(const split_brain_decision&) const = default;
};

class split_brain_resolver {
public:
  // The settings are those that check() accepts.
  explicit split_brain_resolver(split_brain_settings settings) : settings_(std::move(settings)) {}

  // The members as this node sees them now, itself included, without those that left in good order. What does
  // not change who is there and who is reachable does not begin the time anew. `now` does not go back.
  //
  // As long as somebody is doubted, nothing is decided: the deaths of a lost side become known one after the
  // other, and a small side that judged each for itself could believe in a majority each time. When the limit
  // of an unstable view is reached all the same, those count as unreachable.
  void on_view(monotonic_time now, std::vector<split_brain_member> members);

  // When decide() may have an answer; nothing when nobody is unreachable, or all is decided.
  std::optional<monotonic_time> due() const noexcept;

  // The decision, once: whoever was lost is to be taken from later views. A node that does not stay gets no
  // other decision.
  std::optional<split_brain_decision> decide(monotonic_time now);

  bool has_lost() const noexcept { return lost_; }

private:
  split_brain_settings settings_;
  bool doubts() const noexcept;

  std::vector<split_brain_member> members_; // sorted by name
  monotonic_time changed_{};
  std::optional<monotonic_time> torn_since_; // somebody has been unreachable since then
  bool decided_ = false;                     // about this view
  bool lost_ = false;
};

} // namespace troupe
