// One operation: a method of a service by one of its HTTP rules.
#pragma once

#include "actors/openapi/common_parts.hpp"
#include "actors/openapi/openapi_path.hpp"
#include "runtime/rest/rest_router.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace troupe::openapi {

// What the document knows about an operation besides its route.
struct operation_context {
  std::string id;            // unique in the document
  std::string tag;           // of its service
  bool path_has_get = false; // whether the same path can be read, which gives it an entity tag
  bool bearer_tokens = false;
};

// The parts of the document that operations read from and add to.
struct document_parts {
  const comment_index& comments;
  schema_builder& schemas;
  common_parts& common;
};

// The operation object (OpenAPI 3.1.1 section 4.8.10) of a route at a path.
boost::json::object operation_of(const rest_route& route, const openapi_path& path,
                                 const operation_context& context, const document_parts& parts);

} // namespace troupe::openapi
