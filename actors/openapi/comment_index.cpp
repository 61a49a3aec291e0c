#include "actors/openapi/comment_index.hpp"

#include <algorithm>
#include <cctype>

namespace troupe::openapi {

namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

} // namespace

comment_index::comment_index(std::span<const service_info* const> services) {
  for (const auto* service : services)
    for (const auto& comment : service->comments)
      texts_.emplace(comment.full_name, comment.text);
}

std::string comment_index::description(std::string_view full_name) const {
  const auto found = texts_.find(full_name);
  if (found == texts_.end()) return {};
  std::string out;
  std::string_view rest = found->second;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    // Only the one space of "// text": deeper indentation is the author's (lists, code).
    if (line.starts_with(' ')) line.remove_prefix(1);
    while (!line.empty() && is_space(line.back()))
      line.remove_suffix(1);
    out.append(line).push_back('\n');
  }
  return std::string{trim(out)};
}

std::string first_sentence(std::string_view text) {
  text = trim(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool last = i + 1 == text.size();
    if (c == '\n' && (last || text[i + 1] == '\n')) break;
    // "e.g. this" and "1.5" go on; a sentence ends before white space and a capital letter, or at the end.
    if (c == '.'
        && (last
            || (is_space(text[i + 1])
                && (i + 2 == text.size() || is_upper(text[i + 2]) || text[i + 1] == '\n'))))
      break;
    if (is_space(c)) {
      if (!out.empty() && out.back() != ' ') out.push_back(' ');
    } else {
      out.push_back(c);
    }
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == ':' || out.back() == '.'))
    out.pop_back();
  return out;
}

std::string words_of_camel_case(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool starts_word = i > 0 && is_upper(name[i])
                             && (!is_upper(name[i - 1]) || (i + 1 < name.size() && !is_upper(name[i + 1])));
    if (name[i] == '_') {
      out.push_back(' ');
    } else if (starts_word) {
      // An acronym keeps its letters: "GetURL" reads "Get URL".
      const bool acronym = i + 1 == name.size() || is_upper(name[i + 1]);
      out.push_back(' ');
      out.push_back(acronym && i + 1 < name.size() ? name[i] : lower(name[i]));
    } else {
      out.push_back(name[i]);
    }
  }
  return out;
}

} // namespace troupe::openapi
