// Path templates of google.api.http as OpenAPI writes them.
//
//   /v1/orders/{order_id}                    /v1/orders/{order_id}
//   /v1/{name=shelves/*/books/*}:archive     /v1/shelves/{shelves_id}/books/{books_id}:archive
//   /v1/files/{path=**}                      /v1/files/{path}, documented as taking several segments
//   /v1/*/status                             /v1/{segment}/status
#pragma once

#include "runtime/rest/http_binding.hpp"

#include <string>
#include <vector>

namespace troupe::openapi {

struct path_parameter {
  std::string name; // unique in its path

  // The field whose whole value the parameter is; null for a piece of a field or of no field.
  const google::protobuf::FieldDescriptor* field = nullptr;

  // Whether the value may have "/" in it, as "**" allows.
  bool several_segments = false;

  // What a reader must know beyond the field's own comment; Markdown, may be empty.
  std::string note;
};

struct openapi_path {
  std::string text; // "/v1/orders/{order_id}"
  std::vector<path_parameter> parameters;
};

// The path of a binding. `order_id` in the text is the proto name of the field, nested ones with dots.
openapi_path path_of(const http_binding& binding);

// The path without the names: two paths of one key are the same path to OpenAPI.
std::string path_key(const openapi_path& path);

// The same path with another one's parameter names. They must have the same key.
openapi_path renamed_like(openapi_path path, const openapi_path& other);

} // namespace troupe::openapi
