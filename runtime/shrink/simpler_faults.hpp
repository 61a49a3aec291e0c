// Gentler and rounder forms of one fault of a plan, for shrink_list(). Pure.
#pragma once

#include "runtime/simulation/fault_plan.hpp"

#include <vector>

namespace troupe {

// Valid events that ask less of the program or say it more simply than `event`, the simplest first: a simpler
// kind, fewer nodes, a shorter span, a smaller chance or amount, a broader bandwidth, an earlier and rounder time. Each
// differs from `event` in one respect. Empty when there is nothing left to simplify; following candidates of
// candidates ends after some hundred steps.
std::vector<fault_event> simpler_faults(const fault_event& event);

} // namespace troupe
