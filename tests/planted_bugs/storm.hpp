// One run: four nodes with the services, clients of every kind, faults, calm, and the audit of what remains.
#pragma once

#include "tests/planted_bugs/services.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace planted_bugs {

// What was found wrong in the run of this seed, with this defect switched on (empty: none).
std::optional<finding> weather_storm(std::uint64_t seed, const std::string& bug);

// The same for the register alone: reads and writes while the network trembles, judged by linearizability.
std::optional<finding> question_register(std::uint64_t seed, const std::string& bug);

} // namespace planted_bugs
