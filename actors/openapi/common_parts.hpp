// The parts of the document that no contract says and every operation shares: the error body, headers,
// tokens.
#pragma once

#include "actors/openapi/schema.hpp"

#include <boost/json/object.hpp>

#include <set>
#include <string>
#include <string_view>

namespace troupe {
struct openapi_options;
}

namespace troupe::openapi {

// Collects what operations refer to, so that the document has nothing unused.
class common_parts {
public:
  explicit common_parts(schema_builder& schemas) : schemas_(&schemas) {}

  // References into components, by the part's own name.
  boost::json::object parameter(std::string_view name); // "IdempotencyKey", "IfMatch", ...
  boost::json::object header(std::string_view name);    // "ETag", "Traceparent", "RetryAfter"

  // A failure with a description of its own; the body is the error model in both of its forms.
  boost::json::object failure(std::string_view description);

  // The answer without a body to a GET with If-None-Match.
  boost::json::object not_modified();

  // The components but the schemas, without empty sections.
  boost::json::object components(const openapi_options& options) const;

private:
  schema_builder* schemas_;
  std::set<std::string, std::less<>> parameters_;
  std::set<std::string, std::less<>> headers_;
  std::set<std::string, std::less<>> responses_;
};

} // namespace troupe::openapi
