// The simulated cluster of the storm.
#pragma once

#include "tests/planted_bugs/services.hpp"

#include <cstdint>
#include <string>

namespace planted_bugs {

inline constexpr std::uint32_t ledger_node = 0;
inline constexpr std::uint32_t relay_node = 1;
inline constexpr std::uint32_t depot_node = 2;
inline constexpr std::uint32_t desk_node = 3;

// Beyond its time-out a call may take no virtual time but that of the turns at its end.
inline constexpr troupe::duration slack = 20ms;

troupe::simulation_options cluster_options(std::uint64_t seed, const std::string& bug);
void install_services(troupe::simulation& sim, observer& seen);

} // namespace planted_bugs
