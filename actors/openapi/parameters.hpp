// The parameters of an operation: what path and query carry of the request message.
#pragma once

#include "actors/openapi/openapi_path.hpp"
#include "actors/openapi/schema.hpp"

#include <boost/json/array.hpp>

#include <set>
#include <string>

namespace troupe::openapi {

// The most query parameters that one operation documents, as many as one request may have.
inline constexpr std::size_t max_query_parameters = 256;

// Path parameters in the order of the path.
boost::json::array path_parameters(const openapi_path& path, const comment_index& comments,
                                   schema_builder& schemas);

// Query parameters: every field that neither path nor body binds, those of nested messages by their dotted
// names. Left out are what a query string cannot say: maps, repeated messages, and messages inside
// themselves.
boost::json::array query_parameters(const http_binding& binding, const comment_index& comments,
                                    schema_builder& schemas);

// Fields of the request itself, by proto name, that the path binds whole.
std::set<std::string> fields_in_path(const http_binding& binding);

} // namespace troupe::openapi
