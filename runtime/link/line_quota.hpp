// How many lines of the log others may cause: a peer that tries again and again must not fill it. Pure.
// Internal to this component.
#pragma once

#include "runtime/core/deadline.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

class line_quota {
public:
  // In each `period`: `each` lines about one subject, and `all` lines together, which also bounds the memory.
  line_quota(std::uint32_t each, std::uint32_t all, duration period) noexcept
    : each_(each), all_(all), period_(period) {}

  // Whether a line about this may be written now.
  bool take(std::string_view subject, monotonic_time now) {
    if (now - began_ >= period_) {
      taken_.clear();
      taken_in_all_ = 0;
      began_ = now;
    }
    auto found = taken_.find(subject);
    if (taken_in_all_ >= all_ || (found != taken_.end() && found->second >= each_)) {
      ++withheld_;
      return false;
    }
    if (found == taken_.end()) found = taken_.emplace(subject, 0).first;
    ++found->second;
    ++taken_in_all_;
    return true;
  }

  // Lines that were refused since the last call, to be told in the next one that is written.
  std::uint64_t withheld() noexcept { return std::exchange(withheld_, 0); }

private:
  std::uint32_t each_;
  std::uint32_t all_;
  duration period_;
  std::map<std::string, std::uint32_t, std::less<>> taken_;
  std::uint32_t taken_in_all_ = 0;
  std::uint64_t withheld_ = 0;
  monotonic_time began_{};
};

} // namespace troupe
