// Where rendered lines go: a bounded queue and a thread of spdlog, then a terminal, a file or a function.
// Internal to this component; keeps spdlog out of log.hpp.
#pragma once

#include "runtime/telemetry/log.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace troupe {

class log_output {
public:
  static result<std::unique_ptr<log_output>> open(const logging_options& options);
  ~log_output();

  // Thread-safe.
  void write(std::string_view line);
  void flush();

  std::uint64_t written() const noexcept;
  std::uint64_t dropped() const noexcept;
  std::uint64_t failed() const noexcept;

  // Whether lines should be coloured: asked for, or automatic and the target is a terminal.
  static bool wants_color(const logging_options& options) noexcept;

private:
  struct state;
  explicit log_output(std::unique_ptr<state> made);
  std::unique_ptr<state> state_;
};

} // namespace troupe
