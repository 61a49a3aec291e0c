// Lets a plan of faults happen in a simulated world.
#pragma once

#include "runtime/core/status.hpp"
#include "runtime/simulation/fault_plan.hpp"
#include "runtime/simulation/world.hpp"

namespace troupe {

// From now on the events of `plan` happen at their times. Those of one plan that overlap add up, and the end
// of one does not end another: a node that two events switched off boots when the second of them is over. An
// event that names no nodes strikes those that there are when it begins.
//
// INVALID_ARGUMENT, with nothing begun: the plan is not valid, or names a node that the world does not have.
status run_faults(world& in, const fault_plan& plan);

} // namespace troupe
