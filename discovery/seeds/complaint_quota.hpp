// How often one thing may be complained about. Pure. Internal to this component.
#pragma once

#include "runtime/core/deadline.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

class complaint_quota {
public:
  // One complaint about one subject in each `period`; at most `subjects` are known at a time, and complaints
  // about others are withheld until some are forgotten.
  complaint_quota(duration period, std::size_t subjects) noexcept : period_(period), subjects_(subjects) {}

  // Nothing: not now. Otherwise the complaint may be made; the number is that of those withheld about this
  // subject since the last one.
  std::optional<std::uint64_t> take(std::string_view subject, monotonic_time now) {
    auto found = known_.find(subject);
    if (found == known_.end()) {
      if (known_.size() >= subjects_)
        std::erase_if(known_, [&](const auto& each) { return now - each.second.said >= period_; });
      if (known_.size() >= subjects_) return std::nullopt;
      known_.emplace(std::string{subject}, state{now, 0});
      return 0;
    }
    if (now - found->second.said < period_) {
      ++found->second.withheld;
      return std::nullopt;
    }
    found->second.said = now;
    return std::exchange(found->second.withheld, 0);
  }

private:
  struct state {
    monotonic_time said;
    std::uint64_t withheld;
  };
  duration period_;
  std::size_t subjects_;
  std::map<std::string, state, std::less<>> known_;
};

} // namespace troupe
