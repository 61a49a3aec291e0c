// Durations and sizes as people write them in configuration: "250ms", "1m30s", "64KiB". Pure.
#pragma once

#include "runtime/core/deadline.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

// One or more numbers with a unit each: ns, us, ms, s, m (minutes), h, d (24 hours); decimals are allowed
// ("1.5s"). "0" needs no unit. Nothing for any other text, a negative one or one beyond 292 years among them.
// Fractions of a nanosecond are cut.
std::optional<duration> parse_duration(std::string_view text) noexcept;

// The shortest exact form that parse_duration() reads: "1m30s", "1500us", "0s".
std::string format_duration(duration value);

// A whole number and a unit: none or B; KiB, MiB, GiB, TiB (powers of 1024); kB, KB, MB, GB, TB (powers of
// 1000). Nothing for any other text or a size of 2^63 bytes and more.
std::optional<std::uint64_t> parse_bytes(std::string_view text) noexcept;

// With the largest power of 1024 that is exact: "64KiB", "1000B".
std::string format_bytes(std::uint64_t bytes);

} // namespace troupe
