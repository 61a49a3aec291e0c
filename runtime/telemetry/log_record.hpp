// One line of a log before it is text: level, message, fields, trace; and how it is rendered. Pure.
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/environment/clock.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace troupe {

enum class log_level : std::uint8_t { trace, debug, info, warning, error, critical, off };

// "trace", "debug", "info", "warning", "error", "critical", "off".
std::string_view to_string(log_level level) noexcept;
std::optional<log_level> log_level_from_name(std::string_view name) noexcept;

// A field's value. Text is referred to, not copied: it must live until the log call returns.
class log_value {
public:
  template <std::signed_integral T>
  log_value(T value) noexcept : value_(static_cast<std::int64_t>(value)) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) log_value(T value)
  noexcept : value_(static_cast<std::uint64_t>(value)) {}
  template <std::same_as<bool> T>
  log_value(T value) noexcept : value_(value) {}
  template <std::floating_point T>
  log_value(T value) noexcept : value_(static_cast<double>(value)) {}
  log_value(std::string_view value) noexcept : value_(value) {}
  log_value(const std::string& value) noexcept : value_(std::string_view{value}) {}
  log_value(const char* value) noexcept : value_(std::string_view{value}) {}

  using variant = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;
  const variant& get() const noexcept { return value_; }

private:
  variant value_;
};

struct log_field {
  std::string_view key;
  log_value value;
};

struct log_record {
  wall_time time;
  log_level level = log_level::info;
  std::string_view component;
  std::string_view node; // empty: not shown
  std::string_view message;
  std::string_view bound; // fields rendered before by render_fields() in the same format
  std::span<const log_field> fields;
  trace_context trace; // invalid: not shown
};

enum class log_format : std::uint8_t {
  text, // 2026-11-23T18:20:02.123456Z INFO     orders: order placed order=42 by="a b"
  json, // {"time":"2026-11-23T18:20:02.123456Z","level":"info","component":"orders","message":"order
        // placed",...}
};

struct log_render_options {
  log_format format = log_format::text;
  bool color = false;          // text only: ANSI colours
  std::size_t max_text = 4096; // bytes of the message and of each text value; the rest is cut and counted
};

// Fields of one line; the rest is left out and counted in the field "fields_left_out".
inline constexpr std::size_t max_log_fields = 32;

// Appends one line, without the final line break. Whatever the content, it is one line of valid UTF-8:
// control characters are escaped and bytes that are not UTF-8 become U+FFFD, so that no caller can forge a
// line. In JSON a field whose key is one of the fixed ones (time, level, component, node, message, trace_id,
// span_id) gets "_" behind it.
void render_log_record(std::string& out, const log_record& record, const log_render_options& options);

// Appends fields alone, for log_record::bound.
void render_log_fields(std::string& out, std::span<const log_field> fields,
                       const log_render_options& options);

// RFC 3339 in UTC with microseconds: "2026-11-23T18:20:02.123456Z".
std::string format_time(wall_time when);

// Appends `text` as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

} // namespace troupe
