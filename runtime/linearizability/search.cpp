// Depth first: from a point, try each operation that may come next in time, and go on from where the model
// takes us.
//
// A point is the set of operations that were placed, and the state they leave. Operations are ranked by their
// ends; in every point all ranks below `base_` are placed, and `base_` is not. Only what was called before
// the end of `base_` may come next, so of the ranks above it only those that overlap it can be placed: a
// point is written as base, state, and these few.
//
// What makes it fast enough, beyond remembering the points that were tried:
//  - A read that may come next and fits can always come next: moved to the front of any solution it changes
//    nothing for the others. Nothing else is tried in its place. (Not so a write of the value that is there
//    already: it may be needed later, when another one is.)
//  - Operations that were left open may be placed or not, at any time since their call. So they come last,
//  and
//    only if they change the state; the earliest call first among equals; and not when the next one would
//    have led to the same state without it.
//  - A model may say which operations take what others put. What is put is then tried in the order in which
//  it
//    is taken: a wrong order of two things shows only when the second comes out, after everything between was
//    tried.
#include "runtime/linearizability/search.hpp"

#include "runtime/linearizability/configuration_set.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

namespace troupe {

namespace {

constexpr std::size_t most_prefixes = 3;
// How far back an equal open operation is looked for. A pair that is not noticed costs time only.
constexpr std::uint32_t farthest_equal = 256;
constexpr std::uint32_t none = 0xffff'ffff;

class order_search {
public:
  order_search(checked_partition& part, const linearizability_limits& limits) : part_(part), limits_(limits) {
    rank_operations();
    link_operations();
  }

  search_result run() {
    search_result out;
    enter(part_.initial_state(), none, none);
    while (!exhausted_ && base_ != completed_ && !frames_.empty())
      advance();
    out.steps = steps_;
    if (base_ == completed_) {
      out.verdict = linearizability_verdict::linearizable;
      out.witness = positions(seen_.way_to(frames_.back().point));
      return out;
    }
    if (!exhausted_) out.verdict = linearizability_verdict::not_linearizable;
    out.blocked = position_of_[best_base_];
    explain(out);
    return out;
  }

private:
  struct choice {
    std::uint32_t rank;
    std::uint32_t state; // afterwards
  };

  // A point on the way from the start to here.
  struct frame {
    std::uint32_t point;
    std::uint32_t state;
    std::uint32_t entered_by;   // the rank that led here, none at the start
    std::uint32_t base_before;  // base_ before that
    std::uint32_t state_before; // the state before that
    std::size_t first_choice;
    std::size_t next_choice;
    bool complete; // all choices that there are have been listed
  };

  struct prefix {
    std::uint32_t point;
    std::uint32_t state;
    std::size_t length;
  };

  // -- operations

  bool open(std::uint32_t rank) const { return rank >= completed_; }

  void rank_operations() {
    const auto& all = part_.operations();
    position_of_.resize(all.size());
    std::iota(position_of_.begin(), position_of_.end(), 0U);
    std::stable_sort(position_of_.begin(), position_of_.end(),
                     [&](auto a, auto b) { return all[a].ended.event < all[b].ended.event; });
    completed_ = static_cast<std::uint32_t>(
      std::count_if(all.begin(), all.end(), [](const checked_operation& each) { return each.completed; }));
    placed_.resize(all.size());
    for (const auto position : position_of_)
      needed_by_.push_back(part_.needed_by(position).value_or(0));
    hints_ = !all.empty() && part_.needed_by(0).has_value();
    equal_before_.resize(all.size(), none);
    for (auto rank = completed_; rank < all.size(); ++rank) {
      const auto oldest = std::max(completed_, rank - std::min(rank, farthest_equal));
      for (auto earlier = rank; earlier-- > oldest;) {
        if (!part_.same_input(position_of_[earlier], position_of_[rank])) continue;
        equal_before_[rank] = earlier;
        break;
      }
    }
  }

  std::uint32_t called(std::uint32_t rank) const {
    return part_.operations()[position_of_[rank]].called.event;
  }
  std::uint32_t ended(std::uint32_t rank) const { return part_.operations()[position_of_[rank]].ended.event; }

  // Two rings of what is not placed, in the order of the calls: one of completed operations, one of open
  // ones.
  void link_operations() {
    const auto total = static_cast<std::uint32_t>(position_of_.size());
    next_.resize(total + 2);
    previous_.resize(total + 2);
    std::vector<std::uint32_t> by_call(total);
    for (std::uint32_t rank = 0; rank < total; ++rank)
      by_call[position_of_[rank]] = rank;
    std::uint32_t last[2] = {completed_ring(), open_ring()};
    for (const auto rank : by_call) {
      auto& end = last[open(rank) ? 1 : 0];
      next_[end] = rank;
      previous_[rank] = end;
      end = rank;
    }
    for (const auto ring : {completed_ring(), open_ring()}) {
      const auto end = last[ring == completed_ring() ? 0 : 1];
      next_[end] = ring;
      previous_[ring] = end;
    }
  }
  std::uint32_t completed_ring() const { return static_cast<std::uint32_t>(position_of_.size()); }
  std::uint32_t open_ring() const { return completed_ring() + 1; }

  void place(std::uint32_t rank) {
    placed_[rank] = true;
    next_[previous_[rank]] = next_[rank];
    previous_[next_[rank]] = previous_[rank];
    if (rank != base_) {
      beyond_.insert(std::lower_bound(beyond_.begin(), beyond_.end(), rank), rank);
      return;
    }
    do
      ++base_;
    while (base_ < completed_ && placed_[base_]);
    beyond_.erase(beyond_.begin(), std::lower_bound(beyond_.begin(), beyond_.end(), base_));
  }

  // Undoes the last place().
  void take_back(std::uint32_t rank, std::uint32_t base_before) {
    if (rank == base_before) {
      std::vector<std::uint32_t>& back = scratch_;
      back.resize(base_ - rank - 1);
      std::iota(back.begin(), back.end(), rank + 1);
      beyond_.insert(beyond_.begin(), back.begin(), back.end());
      base_ = base_before;
    } else {
      beyond_.erase(std::lower_bound(beyond_.begin(), beyond_.end(), rank));
    }
    next_[previous_[rank]] = rank;
    previous_[next_[rank]] = rank;
    placed_[rank] = false;
  }

  // -- search

  std::optional<std::uint32_t> step(std::uint32_t state, std::uint32_t rank) {
    if (steps_ >= limits_.max_steps || part_.states() + seen_.size() >= limits_.max_remembered) {
      exhausted_ = true;
      return std::nullopt;
    }
    ++steps_;
    return part_.step(state, position_of_[rank]);
  }

  // Goes on from the current point, unless it was tried before.
  bool enter(std::uint32_t state, std::uint32_t entered_by, std::uint32_t base_before) {
    scratch_.assign({base_, state});
    scratch_.insert(scratch_.end(), beyond_.begin(), beyond_.end());
    const auto parent = frames_.empty() ? configuration_set::no_parent : frames_.back().point;
    const auto point = seen_.insert(scratch_, parent, entered_by);
    if (!point) return false;
    note_prefix({*point, state, base_ + beyond_.size()});
    const auto state_before = frames_.empty() ? state : frames_.back().state;
    frames_.push_back(
      {*point, state, entered_by, base_before, state_before, choices_.size(), choices_.size(), false});
    if (base_ != completed_) list_completed(frames_.back());
    return true;
  }

  void list_completed(frame& here) {
    const auto limit = ended(base_);
    const auto ring = completed_ring();
    for (auto rank = next_[ring]; rank != ring && called(rank) < limit; rank = next_[rank]) {
      const auto after = step(here.state, rank);
      if (!after) continue;
      if (part_.read_only(position_of_[rank])) {
        choices_.resize(here.first_choice);
        choices_.push_back({rank, *after});
        here.complete = true;
        return;
      }
      choices_.push_back({rank, *after});
    }
    if (hints_) list_needed(here);
  }

  // Adds the open operations that somebody needed, and brings all choices in the order of the needs.
  void list_needed(const frame& here) {
    const auto limit = ended(base_);
    const auto ring = open_ring();
    for (auto rank = next_[ring]; rank != ring && called(rank) < limit; rank = next_[rank]) {
      if (needed_by_[rank] >= checked_partition::not_needed || !may_place(rank)) continue;
      const auto after = step(here.state, rank);
      if (after && *after != here.state) choices_.push_back({rank, *after});
    }
    std::stable_sort(
      choices_.begin() + static_cast<std::ptrdiff_t>(here.first_choice), choices_.end(),
      [&](const choice& a, const choice& b) { return needed_by_[a.rank] < needed_by_[b.rank]; });
  }

  // Of open operations that ask the same the earliest goes first.
  bool may_place(std::uint32_t rank) const {
    return equal_before_[rank] == none || placed_[equal_before_[rank]];
  }

  // First those after which an answer fits that does not fit now.
  void list_open(frame& here) {
    here.complete = true;
    const auto limit = ended(base_);
    const auto ring = open_ring();
    auto helpful = choices_.size();
    for (auto rank = next_[ring]; rank != ring && called(rank) < limit; rank = next_[rank]) {
      if (!may_place(rank)) continue;
      const auto after = step(here.state, rank);
      if (!after || *after == here.state) continue;
      choices_.push_back({rank, *after});
      if (helps(*after, here.state)) std::swap(choices_[helpful++], choices_.back());
    }
  }

  bool helps(std::uint32_t after, std::uint32_t before) {
    const auto limit = ended(base_);
    const auto ring = completed_ring();
    for (auto rank = next_[ring]; rank != ring && called(rank) < limit; rank = next_[rank]) {
      const auto then = step(after, rank);
      if (then && then != step(before, rank)) return true;
    }
    return false;
  }

  // One choice, or one step back.
  void advance() {
    auto& here = frames_.back();
    if (here.next_choice == choices_.size()) {
      if (!here.complete) return list_open(here);
      return leave();
    }
    const auto chosen = choices_[here.next_choice++];
    if (here.entered_by != none && open(here.entered_by)
        && step(here.state_before, chosen.rank) == chosen.state)
      return;
    const auto base_before = base_;
    place(chosen.rank);
    if (!enter(chosen.state, chosen.rank, base_before)) take_back(chosen.rank, base_before);
  }

  void leave() {
    const auto last = frames_.back();
    frames_.pop_back();
    choices_.resize(last.first_choice);
    if (last.entered_by != none) take_back(last.entered_by, last.base_before);
  }

  // -- what to tell

  void note_prefix(const prefix& one) {
    if (base_ < best_base_) return;
    if (base_ > best_base_) best_.clear();
    best_base_ = base_;
    const auto same =
      std::find_if(best_.begin(), best_.end(), [&](const prefix& p) { return p.state == one.state; });
    if (same != best_.end()) {
      if (same->length < one.length) *same = one;
    } else if (best_.size() < most_prefixes) {
      best_.push_back(one);
    } else {
      const auto shortest = std::min_element(
        best_.begin(), best_.end(), [](const prefix& a, const prefix& b) { return a.length < b.length; });
      if (shortest->length < one.length) *shortest = one;
    }
  }

  std::vector<std::uint32_t> positions(const std::vector<std::uint32_t>& ranks) const {
    std::vector<std::uint32_t> out;
    out.reserve(ranks.size());
    for (const auto rank : ranks)
      out.push_back(position_of_[rank]);
    return out;
  }

  void explain(search_result& out) {
    std::stable_sort(best_.begin(), best_.end(),
                     [](const prefix& a, const prefix& b) { return a.length > b.length; });
    for (const auto& each : best_) {
      search_prefix told{positions(seen_.way_to(each.point)), each.state, {}};
      std::vector<bool> used(position_of_.size());
      for (const auto position : told.order)
        used[position] = true;
      const auto limit = ended(best_base_);
      for (std::uint32_t position = 0; position < used.size(); ++position) {
        const auto& one = part_.operations()[position];
        if (used[position] || !one.completed || one.called.event >= limit) continue;
        if (!part_.step(each.state, position)) told.refused.push_back(position);
      }
      out.prefixes.push_back(std::move(told));
    }
  }

  checked_partition& part_;
  const linearizability_limits& limits_;

  std::vector<std::uint32_t> position_of_;  // of a rank
  std::uint32_t completed_ = 0;             // ranks below are of completed operations
  std::vector<std::uint32_t> equal_before_; // the last open operation before, that asks the same
  std::vector<std::uint64_t> needed_by_;    // when the model gives hints
  bool hints_ = false;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> previous_;

  std::vector<bool> placed_;
  std::uint32_t base_ = 0;
  std::vector<std::uint32_t> beyond_; // placed ranks above base_, ascending
  std::vector<frame> frames_;
  std::vector<choice> choices_; // of all frames, those of the last one at the end
  configuration_set seen_;
  std::vector<std::uint32_t> scratch_;

  std::uint32_t best_base_ = 0;
  std::vector<prefix> best_;

  std::uint64_t steps_ = 0;
  bool exhausted_ = false;
};

} // namespace

search_result search_order(checked_partition& part, const linearizability_limits& limits) {
  return order_search{part, limits}.run();
}

} // namespace troupe
