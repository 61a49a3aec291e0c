// Query strings as HTML forms and OpenAPI clients write them: name=value pairs, "&" between them,
// percent-encoded,
// "+" for a space (https://url.spec.whatwg.org/#urlencoded-parsing).
#pragma once

#include "runtime/core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct query_parameter {
  std::string name;
  std::string value; // empty also where there is no "="
};

// Decodes a query string (without "?"), in its order; empty pieces ("a=1&&b=2") are skipped. INVALID_ARGUMENT
// for a malformed escape or decoded text that is not UTF-8, RESOURCE_EXHAUSTED for more than `limit`
// parameters.
result<std::vector<query_parameter>> parse_query_string(std::string_view query, std::size_t limit);

} // namespace troupe
