// What the environment variables of simulate() say. Internal to testing.
#pragma once

#include "runtime/telemetry/log_record.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::detail {

struct simulate_settings {
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> seeds;
  std::uint64_t first_seed = 1;
  std::uint64_t shard = 1; // from 1
  std::uint64_t shards = 1;
  bool once = false;
  std::string trace_file;
  std::string plan_file;
  std::string plan_out_file;
  std::optional<log_level> level;
  std::vector<std::string> planted_bugs;
  bool coverage = false;
  // Of each run; 0: none.
  std::chrono::seconds cpu_limit{60};

  // The seeds to run of `count`: all of them, or the shard's part of them.
  std::vector<std::uint64_t> chosen(std::uint64_t count) const;
};

// `variable` gives the value of an environment variable, or null. Throws std::invalid_argument naming the
// variable.
simulate_settings read_simulate_settings(const std::function<const char*(const char*)>& variable);

} // namespace troupe::detail
