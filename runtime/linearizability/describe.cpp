#include "runtime/linearizability/describe.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t longest_text = 32;
constexpr std::size_t shown_of_longer = 12; // at each end

bool plain(char each) {
  return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z')
         || each == '_' || each == '.' || each == '-' || each == ':' || each == '/';
}

bool continues_character(char each) { return (static_cast<unsigned char>(each) & 0xc0U) == 0x80U; }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if (each == '"' || each == '\\')
      out += {'\\', each};
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += each;
  }
  return out;
}

} // namespace

std::string describe_text(std::string_view text) {
  const bool word =
    !text.empty() && text != "nil" && text != "empty" && std::all_of(text.begin(), text.end(), plain);
  if (word && text.size() <= longest_text) return std::string{text};
  if (text.size() <= longest_text) return '"' + escaped(text) + '"';
  // The end tells appended texts apart. No character of UTF-8 is cut in two.
  auto head = shown_of_longer;
  auto tail = text.size() - shown_of_longer;
  while (head > 0 && continues_character(text[head]))
    --head;
  while (tail < text.size() && continues_character(text[tail]))
    ++tail;
  return fmt::format("\"{}\"..{}..\"{}\"", escaped(text.substr(0, head)), tail - head,
                     escaped(text.substr(tail)));
}

std::string describe_cell(const std::optional<std::string>& value) {
  return value ? describe_text(*value) : "nil";
}

std::string describe_answer(bool answer) { return answer ? " -> yes" : " -> no"; }

} // namespace troupe
