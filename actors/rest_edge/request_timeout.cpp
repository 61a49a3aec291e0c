#include "actors/rest_edge/request_timeout.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

namespace troupe {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_whole_digits = 9;
constexpr std::size_t most_grpc_digits = 8;

std::size_t digits_at(std::string_view text) noexcept {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9')
    ++count;
  return count;
}

std::int64_t number_of(std::string_view digits) noexcept {
  std::int64_t out = 0;
  for (char c : digits)
    out = out * 10 + (c - '0');
  return out;
}

template <std::size_t N>
std::optional<duration> unit_of(std::string_view name,
                                const std::array<std::pair<std::string_view, duration>, N>& units) {
  for (const auto& [unit, length] : units)
    if (unit == name) return length;
  return std::nullopt;
}

} // namespace

result<duration> parse_request_timeout(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, duration>, 6> units{
    {{"", 1s}, {"s", 1s}, {"ms", 1ms}, {"us", 1us}, {"m", 1min}, {"h", 1h}}};
  auto refuse = [&] {
    return invalid_argument(
      "'{}' is no time-out; write seconds (2.5) or a number with a unit (250ms, 5s, 1m)", text.substr(0, 64));
  };
  auto left = text;
  auto whole = left.substr(0, digits_at(left));
  left.remove_prefix(whole.size());
  std::string_view fraction;
  if (left.starts_with('.')) {
    left.remove_prefix(1);
    fraction = left.substr(0, digits_at(left));
    left.remove_prefix(fraction.size());
    if (fraction.empty()) return refuse();
  }
  auto unit = unit_of(left, units);
  if (whole.empty() || whole.size() > most_whole_digits || fraction.size() > most_whole_digits || !unit)
    return refuse();
  // Nine digits of hours do not fit into nanoseconds; a time-out that long is no time-out.
  auto count = number_of(whole);
  auto out = count > duration::max() / *unit - 1 ? duration::max() : *unit * count;
  auto part = *unit;
  for (char c : fraction) {
    part /= 10;
    if (out != duration::max()) out += part * (c - '0');
  }
  if (out <= duration::zero()) return refuse();
  return out;
}

result<duration> parse_grpc_timeout(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, duration>, 6> units{
    {{"H", 1h}, {"M", 1min}, {"S", 1s}, {"m", 1ms}, {"u", 1us}, {"n", 1ns}}};
  auto digits = text.substr(0, digits_at(text));
  auto unit = unit_of(text.substr(digits.size()), units);
  if (digits.empty() || digits.size() > most_grpc_digits || !unit)
    return invalid_argument("'{}' is no grpc-timeout; write at most eight digits and a unit (250m, 5S)",
                            text.substr(0, 64));
  auto count = number_of(digits);
  return count > duration::max() / *unit ? duration::max() : *unit * count;
}

} // namespace troupe
