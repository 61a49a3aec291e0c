#include "actors/rest_edge/entity_tag.hpp"

#include "actors/http_edge/negotiation.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

namespace troupe {

namespace {

constexpr std::string_view coded_suffix = "-gzip";

// Multiplies to 128 bits and folds: each bit of either input reaches every bit of the result.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  auto product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* from, std::size_t size) noexcept {
  std::uint64_t out = 0;
  std::memcpy(&out, from, size);
  return out;
}

// Odd constants with well spread bits (digits of pi).
constexpr std::uint64_t pi[4] = {0x243f6a8885a308d3, 0x13198a2e03707345, 0xa4093822299f31d1,
                                 0x082efa98ec4e6c89};

// Takes one tag or "*" off the front; false for nonsense.
bool parse_tag(std::string_view text, entity_tag_condition& into) {
  into = {};
  if (text == "*") {
    into.any = true;
    return true;
  }
  if (text.starts_with("W/")) {
    into.weak = true;
    text.remove_prefix(2);
  }
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  if (text.find('"') != text.npos) return false;
  // The same representation with gzip applied has the same version.
  if (text.size() > coded_suffix.size() && text.ends_with(coded_suffix))
    text.remove_suffix(coded_suffix.size());
  into.opaque = text;
  return true;
}

template <class Predicate>
bool any_tag(std::string_view field, Predicate matches) {
  while (auto element = next_list_element(field)) {
    entity_tag_condition tag;
    if (parse_tag(*element, tag) && matches(tag)) return true;
  }
  return false;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

} // namespace

std::string entity_tag_of(std::string_view representation) {
  std::uint64_t high = pi[0], low = pi[1] ^ representation.size();
  auto take = [&](std::uint64_t a, std::uint64_t b) {
    high = mix(high ^ a, pi[2] ^ b);
    low = mix(low ^ b, pi[3] ^ a) + high;
  };
  const char* at = representation.data();
  std::size_t left = representation.size();
  for (; left >= 16; at += 16, left -= 16)
    take(load(at, 8), load(at + 8, 8));
  if (left >= 8)
    take(load(at, 8), load(at + 8, left - 8) | (std::uint64_t{left} << 56));
  else
    take(load(at, left), std::uint64_t{left} << 56);
  high = mix(high ^ low, pi[0]);
  low = mix(low ^ pi[3], pi[2] ^ high);
  return fmt::format("\"{:016x}{:016x}\"", high, low);
}

std::string entity_tag_of_version(std::string_view version) {
  std::string out = "\"";
  for (char c : version) {
    auto byte = static_cast<unsigned char>(c);
    // etagc of RFC 9110, 8.8.3 without obs-text; '%' because it begins an escape,
    // '\\' because some readers of lists take it for one.
    if (byte > 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '%')
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  // A version that happens to end like the mark of a coded representation must survive its removal.
  if (std::string_view{out}.ends_with(coded_suffix)) out.replace(out.size() - coded_suffix.size(), 1, "%2D");
  return out + '"';
}

std::string opaque_version(std::string_view opaque) {
  std::string out;
  for (std::size_t at = 0; at < opaque.size(); ++at) {
    if (opaque[at] == '%' && at + 2 < opaque.size() && hex_value(opaque[at + 1]) >= 0
        && hex_value(opaque[at + 2]) >= 0) {
      out += static_cast<char>(hex_value(opaque[at + 1]) * 16 + hex_value(opaque[at + 2]));
      at += 2;
    } else {
      out += opaque[at];
    }
  }
  return out;
}

std::optional<entity_tag_condition> single_condition(std::string_view field) {
  auto element = next_list_element(field);
  entity_tag_condition out;
  if (!element || !trimmed(field).empty() || !parse_tag(*element, out)) return std::nullopt;
  return out;
}

bool if_match_holds(std::string_view field, std::string_view current) {
  entity_tag_condition now;
  if (current.empty() || !parse_tag(current, now) || now.weak) return false;
  return any_tag(field, [&](const auto& tag) { return tag.any || (!tag.weak && tag.opaque == now.opaque); });
}

bool if_none_match_hits(std::string_view field, std::string_view current) {
  entity_tag_condition now;
  if (current.empty() || !parse_tag(current, now)) return false;
  return any_tag(field, [&](const auto& tag) { return tag.any || tag.opaque == now.opaque; });
}

} // namespace troupe
