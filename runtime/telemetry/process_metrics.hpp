// What the operating system knows of the process, under the names that Prometheus's own clients use, so that
// ready-made dashboards work: process_cpu_seconds_total, process_resident_memory_bytes,
// process_virtual_memory_bytes, process_threads, process_open_fds, process_max_fds,
// process_start_time_seconds.
#pragma once

#include "runtime/environment/disk.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe {

// The fields of /proc/PID/stat that are used here (proc(5)).
struct process_facts {
  std::uint64_t cpu_ticks = 0; // user and system
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0; // since the machine's start
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
// Nothing for a text of another form. Pure.
std::optional<process_facts> parse_process_stat(std::string_view text) noexcept;

// Reads /proc through the disk at each rendering, as long as the result is held; what cannot be read is left
// out, so in a simulation nothing is shown. One process needs it once, not each of its nodes.
std::vector<metrics_callback> observe_process(metrics& all, disk& from);

} // namespace troupe
