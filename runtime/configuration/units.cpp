#include "runtime/configuration/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <limits>
#include <utility>

namespace troupe {
namespace {

constexpr std::int64_t maximum = std::numeric_limits<std::int64_t>::max();

struct unit {
  std::string_view name;
  std::int64_t size;
};

constexpr std::array<unit, 7> time_units = {{{"d", 86'400'000'000'000},
                                             {"h", 3'600'000'000'000},
                                             {"m", 60'000'000'000},
                                             {"s", 1'000'000'000},
                                             {"ms", 1'000'000},
                                             {"us", 1'000},
                                             {"ns", 1}}};

constexpr std::array<unit, 11> byte_units = {{{"TiB", std::int64_t{1} << 40},
                                              {"GiB", 1 << 30},
                                              {"MiB", 1 << 20},
                                              {"KiB", 1 << 10},
                                              {"TB", 1'000'000'000'000},
                                              {"GB", 1'000'000'000},
                                              {"MB", 1'000'000},
                                              {"KB", 1'000},
                                              {"kB", 1'000},
                                              {"B", 1},
                                              {"", 1}}};
constexpr std::size_t binary_units = 4; // those that format_bytes() chooses from come first

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

template <std::size_t Count>
std::optional<std::int64_t> size_of(const std::array<unit, Count>& units, std::string_view name) noexcept {
  for (const unit& each : units) {
    if (each.name == name) return each.size;
  }
  return std::nullopt;
}

// Takes the digits at the front; nothing when there are none or too many.
std::optional<std::int64_t> take_number(std::string_view& text) noexcept {
  std::int64_t out = 0;
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return out;
}

std::string_view take_letters(std::string_view& text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && !is_digit(text[size]) && text[size] != '.')
    ++size;
  return std::exchange(text, text.substr(size)).substr(0, size);
}

} // namespace

std::optional<duration> parse_duration(std::string_view text) noexcept {
  if (text == "0") return duration::zero();
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto whole = take_number(text);
    if (!whole) return std::nullopt;
    std::string_view fraction;
    if (!text.empty() && text.front() == '.') {
      text.remove_prefix(1);
      std::size_t digits = 0;
      while (digits < text.size() && is_digit(text[digits]))
        ++digits;
      if (digits == 0) return std::nullopt;
      fraction = text.substr(0, digits);
      text.remove_prefix(digits);
    }
    const auto size = size_of(time_units, take_letters(text));
    if (!size || *whole > (maximum - total) / *size) return std::nullopt;
    total += *whole * *size;
    std::int64_t part = *size;
    for (const char digit : fraction) {
      // Units are not powers of ten, so each digit is rounded down by itself; an error stays below 1 ns a
      // digit.
      part /= 10;
      const std::int64_t more = part * (digit - '0');
      if (more > maximum - total) return std::nullopt;
      total += more;
    }
  }
  return duration{total};
}

std::string format_duration(duration value) {
  std::int64_t left = value.count();
  if (left == 0) return "0s";
  if (left < 0) return fmt::format("{}ns", left);
  std::string out;
  for (const unit& each : time_units) {
    if (each.size < 1'000'000'000 && out.empty()) {
      // Below a second, one unit alone: "1500us", not "1ms500us".
      if (left % each.size == 0) return fmt::format("{}{}", left / each.size, each.name);
      continue;
    }
    if (const auto count = left / each.size; count > 0) out += fmt::format("{}{}", count, each.name);
    left %= each.size;
  }
  return out;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) noexcept {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  const auto size = size_of(byte_units, text);
  if (!size || *number > maximum / *size) return std::nullopt;
  return static_cast<std::uint64_t>(*number * *size);
}

std::string format_bytes(std::uint64_t bytes) {
  for (std::size_t i = 0; i < binary_units; ++i) {
    const auto size = static_cast<std::uint64_t>(byte_units[i].size);
    if (bytes >= size && bytes % size == 0) return fmt::format("{}{}", bytes / size, byte_units[i].name);
  }
  return fmt::format("{}B", bytes);
}

} // namespace troupe
