#include "runtime/trace_diagram/traced_event.hpp"

#include "runtime/configuration/units.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <array>
#include <sstream>
#include <utility>

namespace troupe {

namespace {

constexpr std::size_t longest_detail = 4096;

constexpr std::array<std::pair<std::string_view, traced_kind>, 12> kinds{{
  {"deliver", traced_kind::deliver},
  {"run", traced_kind::run},
  {"timer", traced_kind::timer},
  {"send", traced_kind::send},
  {"receive", traced_kind::receive},
  {"drop", traced_kind::drop},
  {"boot", traced_kind::boot},
  {"crash", traced_kind::crash},
  {"pause", traced_kind::pause},
  {"resume", traced_kind::resume},
  {"fault", traced_kind::fault},
  {"log", traced_kind::log},
}};

traced_kind kind_of(std::string_view name) noexcept {
  for (const auto& [text, kind] : kinds)
    if (text == name) return kind;
  return traced_kind::other;
}

// Cut between characters, so that what is left is UTF-8 still.
std::string cut(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return std::string{text};
  auto end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return std::string{text.substr(0, end)} + "...";
}

std::string text_at(const boost::json::object& line, std::string_view key) {
  const auto* found = line.if_contains(key);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? cut({text->data(), text->size()}, longest_detail) : std::string{};
}

std::uint64_t number_at(const boost::json::object& line, std::string_view key) noexcept {
  const auto* found = line.if_contains(key);
  if (!found) return 0;
  if (const auto* number = found->if_uint64()) return *number;
  const auto* number = found->if_int64();
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

} // namespace

bool traced_event::of_network() const noexcept {
  return kind == traced_kind::send || kind == traced_kind::receive || kind == traced_kind::drop;
}

result<traced_event> parse_traced_event(std::string_view line) {
  if (line.size() > longest_traced_line)
    return invalid_argument("a line of {} bytes; at most {} are read", line.size(), longest_traced_line);
  boost::system::error_code wrong;
  const auto value = boost::json::parse({line.data(), line.size()}, wrong);
  if (wrong) return invalid_argument("not JSON: {}", wrong.message());
  const auto* object = value.if_object();
  if (!object) return invalid_argument("not a JSON object");
  const auto* at = object->if_contains("at");
  const auto* nanoseconds = at ? at->if_int64() : nullptr;
  if (!nanoseconds || *nanoseconds < 0)
    return invalid_argument("\"at\", the virtual time in nanoseconds, is missing or no such number");
  traced_event out;
  out.at = duration{*nanoseconds};
  out.kind_name = text_at(*object, "kind");
  if (out.kind_name.empty()) return invalid_argument("\"kind\" is missing");
  out.kind = kind_of(out.kind_name);
  out.node = text_at(*object, "node");
  out.from = text_at(*object, "from");
  out.to = text_at(*object, "to");
  out.id = number_at(*object, "id");
  out.bytes = number_at(*object, "bytes");
  out.name = text_at(*object, "name");
  out.detail = text_at(*object, "detail");
  return out;
}

std::optional<duration> end_of_fault(const traced_event& event) {
  if (event.kind != traced_kind::fault) return std::nullopt;
  std::istringstream words{event.detail};
  for (std::string word, before; words >> word; before = word)
    if (before == "for") {
      const auto span = parse_duration(word);
      // A sum beyond the clock's range has no end either.
      if (!span || *span > duration::max() - event.at) return std::nullopt;
      return event.at + *span;
    }
  return std::nullopt;
}

std::string_view node_of_place(std::string_view place) noexcept {
  const auto end = place.find_last_of(":/");
  return end == std::string_view::npos ? std::string_view{} : place.substr(0, end);
}

std::string virtual_time_text(duration at) {
  auto out = fmt::format("{}.{:09}", at.count() / 1'000'000'000, at.count() % 1'000'000'000);
  const auto least = out.size() - 3;
  while (out.size() > least && out.back() == '0')
    out.pop_back();
  return out + "s";
}

} // namespace troupe
