#include "runtime/contract/text_values.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace troupe {

namespace {

constexpr std::int64_t min_timestamp = -62'135'596'800; // 0001-01-01T00:00:00Z
constexpr std::int64_t max_timestamp = 253'402'300'799; // 9999-12-31T23:59:59Z
constexpr std::int64_t max_duration = 315'576'000'000;  // 10,000 years
constexpr std::int32_t nanos_per_second = 1'000'000'000;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Takes fixed parts off the front of a text.
class text_taker {
public:
  explicit text_taker(std::string_view text) : left_(text) {}

  bool character(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }

  // Exactly `count` digits, between `low` and `high`.
  bool digits(std::size_t count, int low, int high, int& out) {
    if (left_.size() < count) return false;
    out = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(left_[i])) return false;
      out = out * 10 + (left_[i] - '0');
    }
    left_.remove_prefix(count);
    return out >= low && out <= high;
  }

  // One to nine digits as a fraction of a second.
  bool fraction(std::int32_t& nanos) {
    nanos = 0;
    std::size_t count = 0;
    for (; !left_.empty() && is_digit(left_.front()); ++count) {
      if (count == 9) return false;
      nanos = nanos * 10 + (left_.front() - '0');
      left_.remove_prefix(1);
    }
    if (count == 0) return false;
    for (; count < 9; ++count)
      nanos *= 10;
    return true;
  }

  bool done() const { return left_.empty(); }

private:
  std::string_view left_;
};

void append_two_digits(unsigned value, std::string& out) {
  out += static_cast<char>('0' + value / 10);
  out += static_cast<char>('0' + value % 10);
}

// ".5", ".500000" or nothing: as many groups of three digits as it takes.
void append_fraction(std::int32_t nanos, std::string& out) {
  if (nanos == 0) return;
  if (nanos % 1'000'000 == 0)
    fmt::format_to(std::back_inserter(out), ".{:03}", nanos / 1'000'000);
  else if (nanos % 1'000 == 0)
    fmt::format_to(std::back_inserter(out), ".{:06}", nanos / 1'000);
  else
    fmt::format_to(std::back_inserter(out), ".{:09}", nanos);
}

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '.';
}

} // namespace

std::optional<seconds_and_nanos> parse_timestamp(std::string_view text) {
  namespace chrono = std::chrono;
  text_taker in{text};
  int year, month, day, hour, minute, second;
  if (!in.digits(4, 1, 9999, year) || !in.character('-') || !in.digits(2, 1, 12, month) || !in.character('-')
      || !in.digits(2, 1, 31, day) || !(in.character('T') || in.character('t')) || !in.digits(2, 0, 23, hour)
      || !in.character(':') || !in.digits(2, 0, 59, minute) || !in.character(':')
      || !in.digits(2, 0, 59, second))
    return std::nullopt;
  seconds_and_nanos out;
  if (in.character('.') && !in.fraction(out.nanos)) return std::nullopt;
  int offset = 0; // minutes east of Greenwich
  if (!in.character('Z') && !in.character('z')) {
    const bool east = in.character('+');
    int hours, minutes;
    if ((!east && !in.character('-')) || !in.digits(2, 0, 23, hours) || !in.character(':')
        || !in.digits(2, 0, 59, minutes))
      return std::nullopt;
    offset = (hours * 60 + minutes) * (east ? 1 : -1);
  }
  const chrono::year_month_day date{chrono::year{year}, chrono::month{static_cast<unsigned>(month)},
                                    chrono::day{static_cast<unsigned>(day)}};
  if (!in.done() || !date.ok()) return std::nullopt;
  out.seconds = chrono::sys_days{date}.time_since_epoch().count() * std::int64_t{86'400}
                + (hour * 60 + minute - offset) * std::int64_t{60} + second;
  if (out.seconds < min_timestamp || out.seconds > max_timestamp) return std::nullopt;
  return out;
}

bool append_timestamp(seconds_and_nanos value, std::string& out) {
  namespace chrono = std::chrono;
  if (value.seconds < min_timestamp || value.seconds > max_timestamp || value.nanos < 0
      || value.nanos >= nanos_per_second)
    return false;
  const chrono::sys_seconds moment{chrono::seconds{value.seconds}};
  const auto days = chrono::floor<chrono::days>(moment);
  const chrono::year_month_day date{days};
  const chrono::hh_mm_ss time{moment - days};
  // Written by hand: times are frequent, and a format string costs several times as much.
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  append_two_digits(year / 100, out);
  append_two_digits(year % 100, out);
  out += '-';
  append_two_digits(static_cast<unsigned>(date.month()), out);
  out += '-';
  append_two_digits(static_cast<unsigned>(date.day()), out);
  out += 'T';
  append_two_digits(static_cast<unsigned>(time.hours().count()), out);
  out += ':';
  append_two_digits(static_cast<unsigned>(time.minutes().count()), out);
  out += ':';
  append_two_digits(static_cast<unsigned>(time.seconds().count()), out);
  append_fraction(value.nanos, out);
  out += 'Z';
  return true;
}

std::optional<seconds_and_nanos> parse_json_duration(std::string_view text) {
  if (text.empty() || text.back() != 's') return std::nullopt;
  text.remove_suffix(1);
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  seconds_and_nanos out;
  const auto whole = text.substr(0, text.find('.'));
  if (whole.empty() || whole.size() > 12) return std::nullopt;
  for (const char c : whole) {
    if (!is_digit(c)) return std::nullopt;
    out.seconds = out.seconds * 10 + (c - '0');
  }
  text_taker fraction{text.substr(whole.size())};
  if (fraction.character('.') && !fraction.fraction(out.nanos)) return std::nullopt;
  if (!fraction.done() || out.seconds > max_duration || (out.seconds == max_duration && out.nanos > 0))
    return std::nullopt;
  if (negative) out = {-out.seconds, -out.nanos};
  return out;
}

bool append_duration(seconds_and_nanos value, std::string& out) {
  if (value.seconds < -max_duration || value.seconds > max_duration || value.nanos <= -nanos_per_second
      || value.nanos >= nanos_per_second || (value.seconds < 0 && value.nanos > 0)
      || (value.seconds > 0 && value.nanos < 0))
    return false;
  if (value.seconds < 0 || value.nanos < 0) out += '-';
  fmt::format_to(std::back_inserter(out), "{}", value.seconds < 0 ? -value.seconds : value.seconds);
  append_fraction(value.nanos < 0 ? -value.nanos : value.nanos, out);
  out += 's';
  return true;
}

std::optional<std::vector<std::string>> parse_field_mask(std::string_view text) {
  std::vector<std::string> out;
  if (text.empty()) return out;
  std::string path;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == ',') {
      if (path.empty()) return std::nullopt;
      out.push_back(std::move(path));
      path.clear();
    } else if (!is_name_character(text[i]) || text[i] == '_') {
      return std::nullopt;
    } else if (text[i] >= 'A' && text[i] <= 'Z') {
      path += {'_', static_cast<char>(text[i] - 'A' + 'a')};
    } else {
      path += text[i];
    }
  }
  return out;
}

bool append_field_mask_path(std::string_view path, std::string& out) {
  const auto start = out.size();
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    bool reads_back = is_name_character(c) && !(c >= 'A' && c <= 'Z');
    if (c == '_') {
      // Only "_x" has a form of its own in camel case.
      reads_back = i + 1 < path.size() && path[i + 1] >= 'a' && path[i + 1] <= 'z';
      if (reads_back) out += static_cast<char>(path[++i] - 'a' + 'A');
    } else {
      out += c;
    }
    if (!reads_back) {
      out.resize(start);
      return false;
    }
  }
  return !path.empty();
}

} // namespace troupe
