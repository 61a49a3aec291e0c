// Lifeguard's local health multiplier (arXiv 1707.00788, section IV-A): how far a member doubts itself. Pure.
#pragma once

#include "runtime/core/deadline.hpp"

#include <algorithm>
#include <cstddef>

namespace troupe {

class local_health {
public:
  explicit local_health(std::size_t most) noexcept : most_(most) {}

  // A probe was answered.
  void improve() noexcept { score_ -= score_ > 0 ? 1 : 0; }
  // A probe failed; nacks stayed away; a suspicion of this member had to be refuted.
  void worsen() noexcept { score_ = std::min(score_ + 1, most_); }

  // 0: healthy.
  std::size_t score() const noexcept { return score_; }
  // Probe intervals and time-outs grow with the doubt.
  duration scale(duration base) const noexcept { return base * static_cast<duration::rep>(score_ + 1); }

private:
  std::size_t most_;
  std::size_t score_ = 0;
};

} // namespace troupe
