#include "runtime/contract/text_values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace troupe {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The parts of a number as RFC 8259 section 6 names them.
struct number_parts {
  bool negative = false;
  std::string_view integer;
  std::string_view fraction;
  std::string_view exponent; // digits only
  bool exponent_negative = false;
};

bool split_number(std::string_view text, number_parts& out) noexcept {
  std::size_t at = 0;
  const auto digits = [&] {
    const auto start = at;
    while (at < text.size() && is_digit(text[at]))
      ++at;
    return text.substr(start, at - start);
  };
  if (at < text.size() && text[at] == '-') out.negative = true, ++at;
  out.integer = digits();
  if (out.integer.empty() || (out.integer.size() > 1 && out.integer.front() == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    out.fraction = digits();
    if (out.fraction.empty()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) out.exponent_negative = text[at++] == '-';
    out.exponent = digits();
    if (out.exponent.empty()) return false;
  }
  return at == text.size();
}

// Writes an integral number that is spelled with a fraction or an exponent as plain digits, exactly.
number_error plain_digits(const number_parts& parts, char (&buffer)[32], std::string_view& out) noexcept {
  // The digits without leading and trailing zeros, and the power of ten that they are multiplied with.
  const auto total = parts.integer.size() + parts.fraction.size();
  const auto digit = [&](std::size_t i) {
    return i < parts.integer.size() ? parts.integer[i] : parts.fraction[i - parts.integer.size()];
  };
  std::size_t first = 0;
  std::size_t end = total;
  while (first < end && digit(first) == '0')
    ++first;
  while (end > first && digit(end - 1) == '0')
    --end;
  if (first == end) {
    out = "0";
    return number_error::none;
  }
  // An exponent of more digits than this is out of range whatever the digits are: input is far shorter than
  // 10^9.
  std::int64_t exponent = 0;
  for (const char c : parts.exponent)
    exponent = std::min<std::int64_t>(exponent * 10 + (c - '0'), 1'000'000'000'000);
  if (parts.exponent_negative) exponent = -exponent;
  exponent += static_cast<std::int64_t>(parts.integer.size()) - static_cast<std::int64_t>(end);
  if (exponent < 0) return number_error::not_integral;
  const auto length = static_cast<std::int64_t>(end - first) + exponent;
  if (length > 20) return number_error::out_of_range; // 2^64 has 20 digits
  std::size_t size = 0;
  if (parts.negative) buffer[size++] = '-';
  for (auto i = first; i < end; ++i)
    buffer[size++] = digit(i);
  for (std::int64_t i = 0; i < exponent; ++i)
    buffer[size++] = '0';
  out = {buffer, size};
  return number_error::none;
}

template <class T>
number_error parse_integer(std::string_view text, T& out) noexcept {
  number_parts parts;
  if (!split_number(text, parts)) return number_error::malformed;
  char buffer[32];
  if (!parts.fraction.empty() || !parts.exponent.empty())
    if (const auto error = plain_digits(parts, buffer, text); error != number_error::none) return error;
  if (text == "-0") text = "0"; // from_chars takes no sign for unsigned types
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Whole numbers are well-formed here, so a negative one for an unsigned type is what stops from_chars
  // early.
  if (error != std::errc{} || end != text.data() + text.size()) return number_error::out_of_range;
  out = value;
  return number_error::none;
}

template <class T>
T to_floating(const char* text) noexcept {
  if constexpr (std::is_same_v<T, float>)
    return std::strtof(text, nullptr);
  else
    return std::strtod(text, nullptr);
}

template <class T>
number_error parse_floating(std::string_view text, T& out, bool names) noexcept {
  if (names) {
    if (text == "NaN") return out = std::numeric_limits<T>::quiet_NaN(), number_error::none;
    if (text == "Infinity") return out = std::numeric_limits<T>::infinity(), number_error::none;
    if (text == "-Infinity") return out = -std::numeric_limits<T>::infinity(), number_error::none;
  }
  number_parts parts;
  if (!split_number(text, parts)) return number_error::malformed;
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too large and too small look the same; a number too small is rounded to what is nearest.
    value = to_floating<T>(std::string{text}.c_str());
    if (std::isinf(value)) return number_error::out_of_range;
  }
  out = value;
  return number_error::none;
}

template <class T>
void append_floating(T value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
  } else {
    char buffer[64];
    // Whole numbers that a double holds exactly are written plainly, as JavaScript does: 100000, not 1e+05.
    const bool plain = std::fabs(value) < T{1e15} && value == std::trunc(value);
    const auto end = plain
                       ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr
                       : std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    out.append(buffer, end);
    if (value == 0 && std::signbit(value)) out += ".0"; // readers take "-0" for an integer, which has no sign
  }
}

} // namespace

bool is_number(std::string_view text) noexcept {
  number_parts ignored;
  return split_number(text, ignored);
}

number_error parse_number(std::string_view text, std::int32_t& out) noexcept {
  return parse_integer(text, out);
}
number_error parse_number(std::string_view text, std::uint32_t& out) noexcept {
  return parse_integer(text, out);
}
number_error parse_number(std::string_view text, std::int64_t& out) noexcept {
  return parse_integer(text, out);
}
number_error parse_number(std::string_view text, std::uint64_t& out) noexcept {
  return parse_integer(text, out);
}

number_error parse_number(std::string_view text, double& out, bool names) noexcept {
  return parse_floating(text, out, names);
}
number_error parse_number(std::string_view text, float& out, bool names) noexcept {
  return parse_floating(text, out, names);
}

void append_number(double value, std::string& out) { append_floating(value, out); }
void append_number(float value, std::string& out) { append_floating(value, out); }

} // namespace troupe
