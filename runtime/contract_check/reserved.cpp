#include "runtime/contract_check/reserved.hpp"

#include <algorithm>

namespace troupe::detail {

std::vector<number_range> uncovered(number_range range, std::vector<number_range> others) {
  std::ranges::sort(others);
  std::vector<number_range> out;
  auto [from, to] = range;
  for (const auto& [first, last] : others) {
    if (last < from) continue;
    if (first > to) break;
    if (first > from) out.emplace_back(from, first - 1);
    from = last + 1;
  }
  if (from <= to) out.emplace_back(from, to);
  return out;
}

std::string to_string(number_range range) {
  return range.first == range.second ? std::to_string(range.first)
                                     : fmt::format("{} to {}", range.first, range.second);
}

void check_reservations(const std::vector<number_range>& before, std::vector<number_range> reserved_or_used,
                        const source_position& where, const std::string& full_name,
                        contract_versions& versions) {
  for (const auto& range : before)
    for (const auto& free : uncovered(range, reserved_or_used))
      versions.add("reservation_removed", break_kind::wire, where,
                   fmt::format("{}: the reserved number {} is free again", full_name, to_string(free)),
                   fmt::format("put `reserved {};` back", to_string(free)));
}

void check_reserved_name(const std::string& name, const source_position& where, const std::string& full_name,
                         contract_versions& versions) {
  versions.add("reservation_removed", break_kind::json, where,
               fmt::format("{}: the reserved name \"{}\" is free again", full_name, name),
               fmt::format("put `reserved \"{}\";` back", name));
}

} // namespace troupe::detail
