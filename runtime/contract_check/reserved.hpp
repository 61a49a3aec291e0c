// Reserved numbers and names of messages and enums, compared alike. Internal to contract_check.
#pragma once

#include "runtime/contract_check/contract_versions.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

// Inclusive.
using number_range = std::pair<std::int64_t, std::int64_t>;

// What of `range` none of `others` covers.
std::vector<number_range> uncovered(number_range range, std::vector<number_range> others);

std::string to_string(number_range range);

// Whether a removed element (field or enum value) may come back as something else, as the kinds that this
// breaks: its number on the wire, its name in JSON. Nothing when both are reserved.
template <class Container>
break_kinds reuse_risk(const Container& after, int number, const std::string& name) {
  break_kinds kinds;
  if (!after.IsReservedNumber(number)) kinds = kinds | break_kind::wire;
  if (!after.IsReservedName(name)) kinds = kinds | break_kind::json;
  return kinds;
}

// Reports a new element that takes a number or a name which the old version had reserved.
template <class Container, class Element>
void check_reuse(const Container& before, const Element& fresh, contract_versions& versions) {
  break_kinds kinds;
  if (before.IsReservedNumber(fresh.number())) kinds = kinds | break_kind::wire;
  if (before.IsReservedName(fresh.name())) kinds = kinds | break_kind::json;
  if (kinds.empty()) return;
  versions.add(
    "reserved_reused", kinds, position_of(fresh),
    fmt::format("{}.{}: it takes {}, which {} had reserved", before.full_name(), fresh.name(),
                kinds.has(break_kind::wire) ? fmt::format("the number {}", fresh.number()) : "a name",
                before.full_name()),
    "take a number and a name that were never used");
}

// Reports numbers and names that were reserved and are neither reserved nor used any more.
void check_reservations(const std::vector<number_range>& before, std::vector<number_range> reserved_or_used,
                        const source_position& where, const std::string& full_name,
                        contract_versions& versions);
void check_reserved_name(const std::string& name, const source_position& where, const std::string& full_name,
                         contract_versions& versions);

} // namespace troupe::detail
