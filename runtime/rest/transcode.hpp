// From an HTTP request to a request message, and from a reply message to an HTTP body.
//
// Every failure is INVALID_ARGUMENT with a google.rpc.BadRequest detail that names the field, or
// RESOURCE_EXHAUSTED where a bound is exceeded. Nothing here allocates more than a small multiple of what it
// is given.
#pragma once

#include "runtime/contract/json.hpp"
#include "runtime/rest/rest_router.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

enum class body_format : std::uint8_t {
  json,     // application/json: the proto3 JSON mapping
  protobuf, // application/x-protobuf
};

struct request_limits {
  std::uint32_t json_depth = default_json_depth; // nested objects and arrays
  std::size_t query_parameters = 256;            // parameters in one query string
};

struct request_body {
  body_format format = body_format::json;
  std::string_view bytes; // the caller limits its size; decompressed
};

// Builds the request message of a match from the path's variables, the query string (after "?", without
// "#...") and the body.
//   - A body that the route does not take must be empty. An empty JSON body is an empty message, for the
//   route's
//     whole request or its body field alike.
//   - A query parameter that names no field, or a field that path or body bind, is refused by name. So is a
//   second
//     value for a field that is not repeated.
//   - Where the body repeats a field that the path binds, it must have the path's value.
// Enum parameters are names or numbers; bytes are base64 or base64url; wrappers, Timestamp, Duration and
// FieldMask are written as in JSON; `a.b=` addresses nested fields, by proto or JSON names.
result<std::shared_ptr<google::protobuf::Message>> build_request(const rest_match& match,
                                                                 std::string_view query,
                                                                 const request_body& body,
                                                                 const request_limits& limits = {});

// Renders a reply, or the field of it that is the route's response body, appended to `out`. With format
// protobuf a response field must be a message (INVALID_ARGUMENT otherwise). Fails where a message has no JSON
// form: a Timestamp out of range, an Any of a type that this program does not know (INTERNAL).
status render_reply(const rest_route& route, const google::protobuf::Message& reply, body_format format,
                    std::string& out, const json_render_options& options = {});

} // namespace troupe
