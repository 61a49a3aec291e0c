// What the simulated part of this benchmark consists of.
#pragma once

#include <cstdint>

namespace troupe::bench {

// SWIM beside SWIM with Lifeguard under slow members: whom it holds for dead, what that costs, how long it
// takes. The whole grid of the paper takes an hour.
void run_accuracy(bool whole_grid, std::uint64_t repetitions);
void run_latency(bool whole_grid, std::uint64_t repetitions);

// What a member sends, and how long a word takes to reach all, by the size of the cluster. Points of the
// plots are printed as "plot NAME X Y".
void run_scale();

// A thousand members: an hour of loss, ten crashes at once.
void run_thousand();

} // namespace troupe::bench
