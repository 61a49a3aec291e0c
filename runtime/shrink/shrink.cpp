#include "runtime/shrink/shrink.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <optional>

namespace troupe {

namespace {

class reduction {
public:
  reduction(std::size_t count, const indices_test& test, const shrink_limits& limits)
    : test_(test), most_runs_(limits.runs) {
    out_.kept.resize(count);
    std::iota(out_.kept.begin(), out_.kept.end(), std::size_t{0});
  }

  shrink_outcome run() {
    out_.reproduced = fails(out_.kept);
    if (!out_.reproduced) return std::move(out_);
    if (out_.kept.empty() || fails({})) {
      out_.kept.clear();
      out_.minimal = true;
      return std::move(out_);
    }
    reduce();
    // The bound may come exactly with the last answer that was needed.
    out_.minimal = !stopped_;
    return std::move(out_);
  }

private:
  // The paper's ddmin2: with n parts, to a part; else to the complement of a part; else with finer parts.
  void reduce() {
    std::size_t parts = 2;
    while (out_.kept.size() >= 2 && !stopped_) {
      if (to_subset(parts)) {
        parts = 2;
      } else if (to_complement(parts)) {
        parts = std::max<std::size_t>(parts - 1, 2);
      } else {
        if (parts >= out_.kept.size()) return;
        parts = std::min(out_.kept.size(), parts * 2);
      }
    }
  }

  std::pair<std::ptrdiff_t, std::ptrdiff_t> part(std::size_t which, std::size_t parts) const noexcept {
    const auto size = out_.kept.size();
    return {static_cast<std::ptrdiff_t>(size * which / parts),
            static_cast<std::ptrdiff_t>(size * (which + 1) / parts)};
  }

  bool to_subset(std::size_t parts) {
    for (std::size_t i = 0; i < parts; ++i) {
      const auto [begin, end] = part(i, parts);
      if (keep_if_fails({out_.kept.begin() + begin, out_.kept.begin() + end})) return true;
    }
    return false;
  }

  bool to_complement(std::size_t parts) {
    // Of two parts, each is the complement of the other.
    if (parts == 2) return false;
    for (std::size_t i = 0; i < parts; ++i) {
      const auto [begin, end] = part(i, parts);
      kept_indices rest{out_.kept.begin(), out_.kept.begin() + begin};
      rest.insert(rest.end(), out_.kept.begin() + end, out_.kept.end());
      if (keep_if_fails(std::move(rest))) return true;
    }
    return false;
  }

  bool keep_if_fails(kept_indices some) {
    if (!fails(some)) return false;
    out_.kept = std::move(some);
    return true;
  }

  bool fails(const kept_indices& some) {
    if (const auto known = known_.find(some); known != known_.end())
      return known->second == shrink_verdict::fails;
    if (out_.runs >= most_runs_) {
      stopped_ = true;
      return false;
    }
    ++out_.runs;
    const auto verdict = test_(some);
    known_.emplace(some, verdict);
    return verdict == shrink_verdict::fails;
  }

  const indices_test& test_;
  const std::size_t most_runs_;
  shrink_outcome out_;
  std::map<kept_indices, shrink_verdict> known_;
  bool stopped_ = false;
};

} // namespace

shrink_outcome shrink_indices(std::size_t count, const indices_test& test, const shrink_limits& limits) {
  return reduction{count, test, limits}.run();
}

} // namespace troupe
