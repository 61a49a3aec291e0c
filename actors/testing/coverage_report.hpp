// What the probes saw in all simulations of this program. Internal to testing.
#pragma once

#include "runtime/probe_book/probe_coverage.hpp"

namespace troupe::detail {

// Adds what one run saw. With `report`, standard error gets all of it when the program ends.
void add_coverage(const probe_coverage& run, bool report);

} // namespace troupe::detail
