#include "runtime/telemetry/log_record.hpp"

#include "runtime/telemetry/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <iterator>

namespace troupe {
namespace {

constexpr std::array<std::string_view, 7> level_names = {"trace", "debug",    "info", "warning",
                                                         "error", "critical", "off"};
constexpr std::array<std::string_view, 7> level_labels = {"TRACE", "DEBUG",    "INFO", "WARNING",
                                                          "ERROR", "CRITICAL", "OFF"};
constexpr std::array<std::string_view, 7> level_colors = {"\x1b[2m",  "\x1b[36m",   "\x1b[32m", "\x1b[33m",
                                                          "\x1b[31m", "\x1b[1;31m", ""};
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";

// Appends with control characters escaped as JSON escapes them; `quoted` escapes quotes and backslashes as
// well.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    std::size_t size = 1;
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20 || c == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else if (quoted && (c == '"' || c == '\\')) {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (size = utf8_character_size(text); size == 0) {
      out += utf8_replacement;
      size = 1;
    } else if (size == 2 && c == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0) {
      // C1 controls: some terminals obey them.
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(text[1]));
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
}

// The beginning of a text that is too long, and how much was cut.
struct bounded_text {
  std::string_view text;
  std::size_t cut = 0;
};

bounded_text bound_to(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return {text, 0};
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end; // not inside a character
  return {text.substr(0, end), text.size() - end};
}

void append_bounded(std::string& out, std::string_view text, std::size_t limit, bool quoted) {
  const auto bounded = bound_to(text, limit);
  append_escaped(out, bounded.text, quoted);
  if (bounded.cut != 0) fmt::format_to(std::back_inserter(out), "... ({} bytes more)", bounded.cut);
}

// Whether a text value can stand without quotes.
bool is_bare(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u > 0x20 && u != 0x7F && u < 0x80 && c != '"' && c != '=' && c != '\\';
  });
}

void append_value(std::string& out, const log_value& value, const log_render_options& options) {
  const bool json = options.format == log_format::json;
  if (const auto* flag = std::get_if<bool>(&value.get())) {
    out += *flag ? "true" : "false";
  } else if (const auto* number = std::get_if<std::int64_t>(&value.get())) {
    fmt::format_to(std::back_inserter(out), "{}", *number);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value.get())) {
    fmt::format_to(std::back_inserter(out), "{}", *natural);
  } else if (const auto* real = std::get_if<double>(&value.get())) {
    // JSON has no infinities and no NaN.
    if (json && !std::isfinite(*real)) {
      fmt::format_to(std::back_inserter(out), "\"{}\"", *real);
    } else {
      fmt::format_to(std::back_inserter(out), "{}", *real);
    }
  } else {
    const auto text = std::get<std::string_view>(value.get());
    const bool quoted = json || !is_bare(text);
    if (quoted) out += '"';
    append_bounded(out, text, options.max_text, quoted);
    if (quoted) out += '"';
  }
}

bool is_fixed_key(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 7> fixed = {"time",    "level",    "component", "node",
                                                     "message", "trace_id", "span_id"};
  return std::find(fixed.begin(), fixed.end(), key) != fixed.end();
}

void append_field(std::string& out, std::string_view key, const log_value& value,
                  const log_render_options& options) {
  const std::string_view name = bound_to(key, options.max_text).text;
  if (options.format == log_format::json) {
    out += ",\"";
    append_escaped(out, name, true);
    out += is_fixed_key(name) ? "_\":" : "\":";
  } else {
    out += ' ';
    append_escaped(out, name, true);
    out += '=';
  }
  append_value(out, value, options);
}

void render_text(std::string& out, const log_record& record, const log_render_options& options) {
  const auto level = static_cast<std::size_t>(record.level);
  const auto paint = [&](std::string_view color) {
    if (options.color) out += color;
  };
  paint(dim);
  out += format_time(record.time);
  paint(plain);
  out += ' ';
  paint(level_colors[level]);
  fmt::format_to(std::back_inserter(out), "{:<8}", level_labels[level]);
  paint(plain);
  out += ' ';
  if (!record.node.empty()) {
    append_bounded(out, record.node, options.max_text, false);
    out += ' ';
  }
  append_bounded(out, record.component, options.max_text, false);
  out += ": ";
  append_bounded(out, record.message, options.max_text, false);
  paint(dim);
  out += record.bound;
  render_log_fields(out, record.fields, options);
  if (record.trace.valid()) {
    fmt::format_to(std::back_inserter(out), " trace_id={:016x}{:016x} span_id={:016x}",
                   record.trace.trace_high, record.trace.trace_low, record.trace.span);
  }
  paint(plain);
}

void render_json(std::string& out, const log_record& record, const log_render_options& options) {
  const auto text = [&](std::string_view key, std::string_view value) {
    out += key;
    append_bounded(out, value, options.max_text, true);
    out += '"';
  };
  text("{\"time\":\"", format_time(record.time));
  text(",\"level\":\"", to_string(record.level));
  text(",\"component\":\"", record.component);
  if (!record.node.empty()) text(",\"node\":\"", record.node);
  text(",\"message\":\"", record.message);
  out += record.bound;
  render_log_fields(out, record.fields, options);
  if (record.trace.valid()) {
    fmt::format_to(std::back_inserter(out), ",\"trace_id\":\"{:016x}{:016x}\",\"span_id\":\"{:016x}\"",
                   record.trace.trace_high, record.trace.trace_low, record.trace.span);
  }
  out += '}';
}

} // namespace

std::string_view to_string(log_level level) noexcept {
  const auto index = static_cast<std::size_t>(level);
  return index < level_names.size() ? level_names[index] : "off";
}

std::optional<log_level> log_level_from_name(std::string_view name) noexcept {
  const auto found = std::find(level_names.begin(), level_names.end(), name);
  if (found == level_names.end()) return std::nullopt;
  return static_cast<log_level>(found - level_names.begin());
}

void render_log_record(std::string& out, const log_record& record, const log_render_options& options) {
  if (options.format == log_format::json) {
    render_json(out, record, options);
  } else {
    render_text(out, record, options);
  }
}

void render_log_fields(std::string& out, std::span<const log_field> fields,
                       const log_render_options& options) {
  for (const log_field& field : fields.first(std::min(fields.size(), max_log_fields))) {
    append_field(out, field.key, field.value, options);
  }
  if (fields.size() > max_log_fields) {
    append_field(out, "fields_left_out", fields.size() - max_log_fields, options);
  }
}

std::string format_time(wall_time when) {
  using namespace std::chrono;
  const auto micros = floor<microseconds>(when);
  const auto day = floor<days>(micros);
  const year_month_day date{day};
  const hh_mm_ss time{micros - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text, true);
  out += '"';
}

} // namespace troupe
