#include "actors/testing/cluster_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace troupe::detail {

void cluster_log::add(duration at, std::string_view node, std::string_view line) {
  while (line.ends_with('\n'))
    line.remove_suffix(1);
  if (limit_ == 0) return;
  if (lines_.size() == limit_) lines_.pop_front();
  lines_.push_back(fmt::format("{:>14} {:<8} {}", seconds_text(at), node, line));
}

std::vector<std::string> cluster_log::last(std::size_t count) const {
  const auto kept = std::min(count, lines_.size());
  return {lines_.end() - static_cast<std::ptrdiff_t>(kept), lines_.end()};
}

std::string seconds_text(duration at) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(at).count();
  return fmt::format("{}.{:06} s", micros / 1'000'000, micros % 1'000'000);
}

} // namespace troupe::detail
