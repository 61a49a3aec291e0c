// One number for the whole of a simulated disk, for hashes of traces. Pure. Internal to this component.
#pragma once

#include "runtime/simulation_disk/durable_names.hpp"

#include <cstdint>

namespace troupe {

// Over every path with its kind and bytes, as programs see them and as they are synced. Not for secrets.
std::uint64_t digest_of(const durable_names& names);

} // namespace troupe
