#include "runtime/rest/query_string.hpp"

#include "runtime/contract/status_details.hpp"
#include "runtime/contract/text_values.hpp"
#include "runtime/rest/percent_encoding.hpp"

namespace troupe {

namespace {

status malformed(std::string_view piece, std::string_view what) {
  // What is not UTF-8 must not get into a status.
  auto shown = percent_encode(piece.substr(0, 64));
  return with_field_violation(invalid_argument("query parameter \"{}\": {}", shown, what), shown,
                              std::string{what});
}

} // namespace

result<std::vector<query_parameter>> parse_query_string(std::string_view query, std::size_t limit) {
  std::vector<query_parameter> out;
  while (!query.empty()) {
    const auto piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), piece.size() + 1));
    if (piece.empty()) continue;
    if (out.size() == limit) return resource_exhausted("more than {} query parameters", limit);
    const auto equals = piece.find('=');
    const auto raw_name = piece.substr(0, equals);
    auto name = percent_decode_query(raw_name);
    auto value =
      percent_decode_query(equals == std::string_view::npos ? std::string_view{} : piece.substr(equals + 1));
    if (!name || !value) return malformed(raw_name, "a \"%\" is not followed by two hexadecimal digits");
    if (!is_utf8(*name) || !is_utf8(*value)) return malformed(raw_name, "it is not valid UTF-8");
    out.push_back({std::move(*name), std::move(*value)});
  }
  return out;
}

} // namespace troupe
