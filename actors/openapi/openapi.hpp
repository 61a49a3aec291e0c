// The contracts of a node as one OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1.html).
#pragma once

#include "runtime/contract/service_info.hpp"
#include "runtime/core/result.hpp"
#include "runtime/rest/rest_router.hpp"

#include <span>
#include <string>
#include <vector>

namespace troupe {

// Where the described services are reached.
struct openapi_server {
  std::string url; // absolute, or relative to where the document is served
  std::string description;
};

struct openapi_options {
  std::string title = "Troupe services";
  std::string version = "0.0.0";  // of the services' interface, not of OpenAPI
  std::string description;        // Markdown; empty: none
  std::string license_name;       // empty: no license is stated
  std::string license_identifier; // of SPDX ("Apache-2.0"); only with a license_name

  // Empty: the host that serves the document.
  std::vector<openapi_server> servers;

  // Whether calls need an `Authorization: Bearer` token, and what the token is ("JWT"; empty: not said).
  bool bearer_tokens = false;
  std::string bearer_format = "JWT";

  // As the edge that serves the services was given: which methods have a path.
  rest_router_options routing;

  // Indented by two spaces, for people and for diffs; otherwise without any white space.
  bool pretty = false;
};

// Renders the document, UTF-8 JSON, from the descriptors alone: a path an HTTP rule (google/api/http.proto),
// a tag a service, a schema a message in the proto3 JSON mapping, with the contract's comments and with
// examples made from names and types. The order of `services` does not matter, and the same services give the
// same bytes.
//
// Services without HTTP rules appear in no path. The services must outlive the call only.
//
// Errors: INVALID_ARGUMENT when an HTTP rule is malformed or two rules collide, as rest_router::build reports
// them. Pure; safe to call from any thread. Takes milliseconds for hundreds of methods: render once, serve
// the bytes.
result<std::string> render_openapi(std::span<const service_info* const> services,
                                   const openapi_options& options);

} // namespace troupe
