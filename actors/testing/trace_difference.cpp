#include "actors/testing/trace_difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace troupe::detail {

namespace {

constexpr std::size_t lines_before = 5;

std::string_view take_line(std::string_view& from) {
  const auto end = std::min(from.find('\n'), from.size());
  const auto line = from.substr(0, end);
  from.remove_prefix(std::min(end + 1, from.size()));
  return line;
}

} // namespace

std::optional<std::string> first_difference(std::string_view a, std::string_view b) {
  std::vector<std::string_view> common;
  for (std::size_t number = 1; !a.empty() || !b.empty(); ++number) {
    const bool a_ended = a.empty();
    const bool b_ended = b.empty();
    const auto left = take_line(a);
    const auto right = take_line(b);
    if (left == right && a_ended == b_ended) {
      common.push_back(left);
      continue;
    }
    auto out = fmt::format("the first event that differs is number {}, after\n", number);
    const auto shown = std::min(lines_before, common.size());
    for (auto each = common.end() - static_cast<std::ptrdiff_t>(shown); each != common.end(); ++each)
      out += fmt::format("  {}\n", *each);
    out += fmt::format("one run:   {}\n", a_ended ? "(has ended)" : left);
    out += fmt::format("the other: {}\n", b_ended ? "(has ended)" : right);
    return out;
  }
  return std::nullopt;
}

} // namespace troupe::detail
