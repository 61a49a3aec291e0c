#include "actors/http_edge/negotiation.hpp"

#include <algorithm>

namespace troupe {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Takes what stands before the first separator outside of quotes off the front of `text`.
std::string_view cut(std::string_view& text, char separator) noexcept {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      auto out = text.substr(0, at);
      text.remove_prefix(at + 1);
      return out;
    }
  }
  auto out = text;
  text = {};
  return out;
}

// A qvalue of RFC 9110, 12.4.2 in thousandths; nothing when it is none.
std::optional<int> quality_value(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int value = (text[0] - '0') * 1000;
  if (text.size() == 1) return value;
  if (text[1] != '.') return std::nullopt;
  int weight = 100;
  for (char c : text.substr(2)) {
    if (c < '0' || c > '9') return std::nullopt;
    value += (c - '0') * weight;
    weight /= 10;
  }
  return value <= 1000 ? std::optional{value} : std::nullopt;
}

struct weighted {
  std::string_view name;
  int quality = 1000;
};

// An element such as `text/html;level=1;q=0.4`. An element whose quality cannot be read counts as not
// acceptable.
weighted weighted_element(std::string_view element) noexcept {
  weighted out;
  out.name = trimmed(cut(element, ';'));
  while (!element.empty()) {
    auto parameter = trimmed(cut(element, ';'));
    auto name = trimmed(cut(parameter, '='));
    if (equal_ignoring_case(name, "q")) out.quality = quality_value(trimmed(parameter)).value_or(0);
  }
  return out;
}

// 0: does not match; 1: */*; 2: type/*; 3: the type itself.
int specificity(std::string_view range, std::string_view type) noexcept {
  if (range == "*/*") return 1;
  if (equal_ignoring_case(range, type)) return 3;
  if (range.size() > 2 && range.ends_with("/*")) {
    auto prefix = range.substr(0, range.size() - 1);
    if (equal_ignoring_case(type.substr(0, prefix.size()), prefix)) return 2;
  }
  return 0;
}

} // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size()
         && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) noexcept {
  auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<std::string_view> next_list_element(std::string_view& list) noexcept {
  if (list.empty()) return std::nullopt;
  return trimmed(cut(list, ','));
}

int media_type_quality(std::string_view accept, std::string_view type) {
  if (trimmed(accept).empty()) return 1000;
  int best = 0;
  int quality = 0;
  while (auto element = next_list_element(accept)) {
    auto range = weighted_element(*element);
    auto match = specificity(range.name, type);
    if (match > best || (match == best && match > 0 && range.quality > quality)) {
      best = match;
      quality = range.quality;
    }
  }
  return quality;
}

std::optional<std::size_t> negotiate_media_type(std::string_view accept,
                                                std::span<const std::string_view> offered) {
  std::optional<std::size_t> best;
  int best_quality = 0;
  for (std::size_t at = 0; at < offered.size(); ++at) {
    int quality = media_type_quality(accept, offered[at]);
    if (quality > best_quality) {
      best = at;
      best_quality = quality;
    }
  }
  return best;
}

bool prefers_coding(std::string_view accept_encoding, std::string_view coding) {
  std::optional<int> named, any, identity;
  while (auto element = next_list_element(accept_encoding)) {
    auto [name, quality] = weighted_element(*element);
    if (equal_ignoring_case(name, coding)) named = quality;
    if (equal_ignoring_case(name, "identity")) identity = quality;
    if (name == "*") any = quality;
  }
  int wanted = named ? *named : any.value_or(0);
  // Not naming identity says nothing against it; only a quality given to it competes.
  return wanted > 0 && wanted >= identity.value_or(0);
}

std::optional<media_type> parse_media_type(std::string_view content_type) {
  media_type out;
  out.type = trimmed(cut(content_type, ';'));
  auto slash = out.type.find('/');
  if (slash == 0 || slash == out.type.npos || slash + 1 == out.type.size()
      || out.type.find_first_of(" \t\",=") != out.type.npos)
    return std::nullopt;
  while (!content_type.empty()) {
    auto parameter = trimmed(cut(content_type, ';'));
    if (parameter.empty()) continue;
    auto name = trimmed(cut(parameter, '='));
    auto value = trimmed(parameter);
    if (name.empty() || value.empty()) return std::nullopt;
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (equal_ignoring_case(name, "charset")) out.charset = value;
  }
  return out;
}

} // namespace troupe
