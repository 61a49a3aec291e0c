#include "runtime/configuration/schema.hpp"
#include "runtime/configuration/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace troupe {
namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

[[noreturn]] void bad_preset(const std::string& name) {
  throw std::logic_error{fmt::format("setting '{}': its default is not allowed", name)};
}

// As a YAML scalar: bare when no reader takes it for anything but a text.
std::string yaml_text(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
  };
  const auto safe = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  constexpr std::string_view words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  const bool bare = !text.empty() && text.front() != '-' && text.front() != '.'
                    && std::all_of(text.begin(), text.end(), safe) && !parse_number<double>(text)
                    && std::find(std::begin(words), std::end(words), lower) == std::end(words);
  if (bare) return std::string{text};
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

} // namespace

setting::setting(std::string name, setting_type type, setting_value preset, std::string help)
  : name_(std::move(name)), type_(type), preset_(std::move(preset)), help_(std::move(help)) {}

setting setting::boolean(std::string name, bool preset, std::string help) {
  return {std::move(name), setting_type::boolean, preset, std::move(help)};
}

setting setting::integer(std::string name, std::int64_t preset, std::int64_t least, std::int64_t most,
                         std::string help) {
  if (preset < least || preset > most) bad_preset(name);
  setting out{std::move(name), setting_type::integer, preset, std::move(help)};
  out.least_ = least;
  out.most_ = most;
  return out;
}

setting setting::number(std::string name, double preset, double least, double most, std::string help) {
  if (!(preset >= least && preset <= most)) bad_preset(name);
  setting out{std::move(name), setting_type::number, preset, std::move(help)};
  out.least_ = least;
  out.most_ = most;
  return out;
}

setting setting::text(std::string name, std::string preset, std::string help) {
  if (preset.size() > max_setting_text) bad_preset(name);
  return {std::move(name), setting_type::text, std::move(preset), std::move(help)};
}

setting setting::choice(std::string name, std::string preset, std::vector<std::string> choices,
                        std::string help) {
  if (std::find(choices.begin(), choices.end(), preset) == choices.end()) bad_preset(name);
  setting out{std::move(name), setting_type::choice, std::move(preset), std::move(help)};
  out.choices_ = std::move(choices);
  return out;
}

setting setting::time(std::string name, duration preset, duration least, duration most, std::string help) {
  if (preset < least || preset > most) bad_preset(name);
  setting out{std::move(name), setting_type::time, preset, std::move(help)};
  out.least_ = static_cast<std::int64_t>(least.count());
  out.most_ = static_cast<std::int64_t>(most.count());
  return out;
}

setting setting::bytes(std::string name, std::uint64_t preset, std::uint64_t least, std::uint64_t most,
                       std::string help) {
  constexpr auto highest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (preset < least || preset > most || most > highest) bad_preset(name);
  setting out{std::move(name), setting_type::bytes, static_cast<std::int64_t>(preset), std::move(help)};
  out.least_ = static_cast<std::int64_t>(least);
  out.most_ = static_cast<std::int64_t>(most);
  return out;
}

setting setting::list(std::string name, text_list preset, std::string help) {
  return {std::move(name), setting_type::list, std::move(preset), std::move(help)};
}

setting setting::table(std::string name, text_table preset, std::vector<std::string> choices,
                       std::string help) {
  setting out{std::move(name), setting_type::table, std::move(preset), std::move(help)};
  out.choices_ = std::move(choices);
  for (const auto& [key, value] : std::get<text_table>(out.preset_)) {
    if (!out.check_element(value).ok()) bad_preset(out.name_);
  }
  return out;
}

setting setting::secret(std::string name, std::string help) {
  return {std::move(name), setting_type::secret, secret_text{}, std::move(help)};
}

setting setting::can_reload() && {
  reloadable_ = true;
  return std::move(*this);
}

setting setting::must_be_given() && {
  required_ = true;
  return std::move(*this);
}

result<setting_value> setting::parse(std::string_view text) const {
  const auto in_range = [&](auto value) {
    using number = decltype(value);
    return value >= std::get<number>(least_) && value <= std::get<number>(most_);
  };
  switch (type_) {
  case setting_type::boolean:
    if (text == "true") return setting_value{true};
    if (text == "false") return setting_value{false};
    break;
  case setting_type::integer:
    if (const auto value = parse_number<std::int64_t>(text); value && in_range(*value))
      return setting_value{*value};
    break;
  case setting_type::number:
    if (const auto value = parse_number<double>(text); value && in_range(*value))
      return setting_value{*value};
    break;
  case setting_type::time:
    if (const auto value = parse_duration(text); value && in_range(std::int64_t{value->count()})) {
      return setting_value{*value};
    }
    break;
  case setting_type::bytes:
    if (const auto value = parse_bytes(text); value && in_range(static_cast<std::int64_t>(*value))) {
      return setting_value{static_cast<std::int64_t>(*value)};
    }
    break;
  case setting_type::choice:
    if (std::find(choices_.begin(), choices_.end(), text) != choices_.end())
      return setting_value{std::string{text}};
    break;
  case setting_type::text:
    if (text.size() <= max_setting_text) return setting_value{std::string{text}};
    break;
  case setting_type::secret:
    if (text.size() <= max_setting_text) return setting_value{secret_text{std::string{text}}};
    break;
  case setting_type::list:
  case setting_type::table:
    break;
  }
  return invalid_argument("must be {}", expectation());
}

status setting::check_element(std::string_view text) const {
  if (text.size() > max_setting_text) return invalid_argument("must have at most {} bytes", max_setting_text);
  if (choices_.empty() || std::find(choices_.begin(), choices_.end(), text) != choices_.end()) return {};
  return invalid_argument("must be one of {}", fmt::join(choices_, ", "));
}

std::string setting::expectation() const {
  const auto from_to = [&](std::string_view what, auto shown) {
    return fmt::format("{} from {} to {}", what, shown(least_), shown(most_));
  };
  const auto integer = [](const auto& bound) { return std::get<std::int64_t>(bound); };
  switch (type_) {
  case setting_type::boolean:
    return "true or false";
  case setting_type::integer: {
    using limits = std::numeric_limits<std::int64_t>;
    if (integer(least_) == limits::min() && integer(most_) == limits::max()) return "an integer";
    if (integer(most_) == limits::max()) return fmt::format("an integer of at least {}", integer(least_));
    return from_to("an integer", integer);
  }
  case setting_type::number:
    return from_to("a number", [](const auto& bound) { return std::get<double>(bound); });
  case setting_type::text:
    return fmt::format("a text of at most {} bytes", max_setting_text);
  case setting_type::choice:
    return fmt::format("one of {}", fmt::join(choices_, ", "));
  case setting_type::time:
    return from_to("a duration", [&](const auto& bound) { return format_duration(duration{integer(bound)}); })
           + " (like 250ms, 5s, 1m30s)";
  case setting_type::bytes:
    return from_to(
             "a size",
             [&](const auto& bound) { return format_bytes(static_cast<std::uint64_t>(integer(bound))); })
           + " (like 512, 64KiB, 10MB)";
  case setting_type::list:
    return "a list";
  case setting_type::table:
    return "a mapping of names to values";
  case setting_type::secret:
    return fmt::format("a secret of at most {} bytes", max_setting_text);
  }
  return {};
}

std::string show(const setting& of, const setting_value& value) {
  switch (of.type()) {
  case setting_type::boolean:
    return std::get<bool>(value) ? "true" : "false";
  case setting_type::integer:
    return fmt::format("{}", std::get<std::int64_t>(value));
  case setting_type::number:
    return fmt::format("{}", std::get<double>(value));
  case setting_type::bytes:
    return format_bytes(static_cast<std::uint64_t>(std::get<std::int64_t>(value)));
  case setting_type::time:
    return format_duration(std::get<duration>(value));
  case setting_type::text:
  case setting_type::choice:
    return yaml_text(std::get<std::string>(value));
  case setting_type::secret:
    return std::get<secret_text>(value).empty() ? "\"\"" : "\"***\"";
  case setting_type::list: {
    std::vector<std::string> shown;
    for (const auto& element : std::get<text_list>(value))
      shown.push_back(yaml_text(element));
    return fmt::format("[{}]", fmt::join(shown, ", "));
  }
  case setting_type::table: {
    std::vector<std::string> shown;
    for (const auto& [key, element] : std::get<text_table>(value)) {
      shown.push_back(fmt::format("{}: {}", yaml_text(key), yaml_text(element)));
    }
    return fmt::format("{{{}}}", fmt::join(shown, ", "));
  }
  }
  return {};
}

} // namespace troupe
