// Which fields of an event mean something for which kind of fault. Internal to the simulation.
#pragma once

#include "runtime/simulation/fault_plan.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace troupe {

struct fault_kind_info {
  fault_kind kind;
  std::string_view name;
  bool links = false; // uses others
  bool chance = false;
  bool amount = false; // at least 1 ns, except of clock_jump
  bool number = false;
  bool seed = false;
};

// In the order of the kinds.
std::span<const fault_kind_info> fault_kinds() noexcept;
const fault_kind_info& info_of(fault_kind kind) noexcept;
std::optional<fault_kind> fault_kind_from_name(std::string_view name) noexcept;

} // namespace troupe
