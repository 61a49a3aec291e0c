#include "runtime/telemetry/trace.hpp"

#include <fmt/format.h>

namespace troupe {
namespace {

constexpr std::size_t version_00_size = 55; // 2 + 1 + 32 + 1 + 16 + 1 + 2

// The value of lower-case hexadecimal digits, at most 16 of them.
std::optional<std::uint64_t> parse_hex(std::string_view digits) noexcept {
  std::uint64_t out = 0;
  for (const char c : digits) {
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && !(c >= 'a' && c <= 'f')) return std::nullopt;
    out = out << 4 | static_cast<std::uint64_t>(decimal ? c - '0' : c - 'a' + 10);
  }
  return out;
}

std::uint64_t not_zero(random_source& random) noexcept {
  while (true) {
    if (const auto id = random.next(); id != 0) return id;
  }
}

} // namespace

std::optional<trace_context> parse_traceparent(std::string_view header) noexcept {
  if (header.size() < version_00_size) return std::nullopt;
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  const auto version = parse_hex(header.substr(0, 2));
  if (!version || *version == 0xFF) return std::nullopt;
  if (header.size() > version_00_size && (*version == 0 || header[version_00_size] != '-'))
    return std::nullopt;
  const auto high = parse_hex(header.substr(3, 16));
  const auto low = parse_hex(header.substr(19, 16));
  const auto span = parse_hex(header.substr(36, 16));
  const auto flags = parse_hex(header.substr(53, 2));
  if (!high || !low || !span || !flags) return std::nullopt;
  const trace_context out{*high, *low, *span, (*flags & 1) != 0};
  if (!out.valid()) return std::nullopt;
  return out;
}

std::string format_traceparent(const trace_context& context) {
  if (!context.valid()) return {};
  return fmt::format("00-{:016x}{:016x}-{:016x}-{:02x}", context.trace_high, context.trace_low, context.span,
                     context.sampled ? 1 : 0);
}

trace_context new_trace(random_source& random, bool sampled) noexcept {
  const auto high = random.next();
  return {high, not_zero(random), not_zero(random), sampled};
}

trace_context child_of(const trace_context& parent, random_source& random) noexcept {
  if (!parent.valid()) return new_trace(random, false);
  trace_context out = parent;
  out.span = not_zero(random);
  return out;
}

std::string trace_id_text(const trace_context& context) {
  return fmt::format("{:016x}{:016x}", context.trace_high, context.trace_low);
}

std::string span_id_text(const trace_context& context) { return fmt::format("{:016x}", context.span); }

} // namespace troupe
