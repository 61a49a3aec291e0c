// Structured logging: a component says what happened, with fields; a node's `logging` decides whether and how
// it is written.
//
//   logging log{options, clock};                      one a node: levels, format, queue, output
//   logger http = log.get("http");                    one a component
//   http.info("request done", {{"path", path}, {"status", 200}});
//   http.with(call.metadata()->trace).warning("slow");
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/clock.hpp"
#include "runtime/telemetry/log_record.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

class logging;

// Where a component's loggers find its level; owned by `logging`.
struct log_component {
  logging* owner = nullptr;
  std::string name;
  std::atomic<log_level> threshold{log_level::info};
};

// A component's handle for writing. Cheap to copy, thread-safe. The `logging` it comes from must outlive it;
// a logger made by its default constructor discards everything.
class logger {
public:
  logger() noexcept = default;

  // Whether a line of this level would be written: one relaxed load.
  bool enabled(log_level level) const noexcept {
    return component_ != nullptr && level >= component_->threshold.load(std::memory_order_relaxed);
  }

  // Writes a line when its level is enabled. May block when the queue is full and the overflow policy is
  // `block`.
  void log(log_level level, std::string_view message, std::initializer_list<log_field> fields = {}) const {
    if (enabled(level)) write(level, message, fields);
  }

  void trace(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    log(log_level::trace, message, fields);
  }
  void debug(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    log(log_level::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    log(log_level::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    log(log_level::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    log(log_level::error, message, fields);
  }
  void critical(std::string_view message, std::initializer_list<log_field> fields = {}) const {
    log(log_level::critical, message, fields);
  }

  // A logger whose every line carries the trace (in place of one it had).
  logger with(const trace_context& trace) const;

  // A logger whose every line carries the fields too, before those of the line itself.
  logger with(std::initializer_list<log_field> fields) const;

private:
  friend class logging;
  void write(log_level level, std::string_view message, std::initializer_list<log_field> fields) const;

  log_component* component_ = nullptr;
  trace_context trace_;
  std::shared_ptr<const std::string> bound_; // fields, rendered
};

enum class log_target : std::uint8_t { standard_error, standard_output, file, function };
enum class log_overflow : std::uint8_t {
  drop_oldest, // the writer never waits; lines that were lost are counted, and the loss is logged
  block,       // the writer waits for the output; nothing is lost
};
enum class log_color : std::uint8_t { automatic, always, never }; // automatic: on a terminal

struct logging_options {
  std::string node; // shown in every line; empty: not shown
  log_format format = log_format::text;
  log_color color = log_color::automatic;
  log_level level = log_level::info;       // of components that have none of their own
  std::map<std::string, log_level> levels; // by component
  std::size_t max_text = 4096;             // bytes of a message and of each text value
  log_target target = log_target::standard_error;
  std::string file;                          // target file: its path
  std::size_t file_bytes = 64 * 1024 * 1024; // target file: it is rotated at this size (file.1, file.2, ...)
  std::size_t file_count = 4;                // target file: how many old ones are kept
  std::function<void(std::string_view line)>
    function;                     // target function: gets each line, one at a time; must not log
  bool asynchronous = true;       // false: written by the calling thread, for simulations
  std::size_t queue_lines = 8192; // lines that wait for the output, when asynchronous; at least 1
  log_overflow overflow = log_overflow::drop_oldest;
};

// The log of one node. Thread-safe.
class logging {
public:
  // `time` must outlive the object. INVALID_ARGUMENT: a target file without a path, a target function without
  // one, a queue of no lines; PERMISSION_DENIED or another: the file cannot be opened, with the reason.
  static result<std::unique_ptr<logging>> start(logging_options options, const clock& time);

  // Writes what waits, then ends.
  ~logging();
  logging(const logging&) = delete;
  logging& operator=(const logging&) = delete;

  // The logger of a component ("http"). The same name gives the same component.
  logger get(std::string_view component);

  // The level of every component without one of its own.
  void set_level(log_level level);
  // The level of one component, which need not exist yet.
  void set_level(std::string_view component, log_level level);
  // Takes the component's own level away: it follows the common one again.
  void reset_level(std::string_view component);
  // The common level, and the level in force of each component that has a logger or a level of its own.
  log_level level() const;
  std::map<std::string, log_level> levels() const;

  // Waits until every line that was logged before this call is written (or was dropped).
  void flush();

  // Lines written, lines lost to a full queue, and lines the output refused (disk full), since the start.
  std::uint64_t written() const noexcept;
  std::uint64_t dropped() const noexcept;
  std::uint64_t failed() const noexcept;

private:
  friend class logger;
  struct state;
  explicit logging(std::unique_ptr<state> made);
  void write(const log_component& component, log_level level, std::string_view message,
             std::span<const log_field> fields, const logger& from);

  std::unique_ptr<state> state_;
};

} // namespace troupe
