// Whether a contract means something: what protobuf itself accepts, but no service could keep. The code
// generator refuses such contracts; `troupe contract lint` shows them. Pure: descriptors in, problems out.
#pragma once

#include "runtime/contract_check/contract_problem.hpp"

#include <span>
#include <vector>

namespace troupe {

// Everything that is wrong with the files, sorted by position. Files that they import are trusted, but for
// routes and names that collide only among `files`. Errors:
//   - google.api.http: malformed templates; variables, body and response_body that name no fitting field;
//   bodies where
//     HTTP has none; rules of RPCs whose client streams; two RPCs on one route; reading methods on writing
//     verbs
//   - troupe.entity: no key; a request without it, or with one that is not a singular string or integer
//   - troupe.service, troupe.method, troupe.event, troupe.field: values out of range, on the wrong kind of
//   element, or
//     contradicting each other
//   - names that collide in C++: RPCs in snake_case, OrdersHandler and OrdersClient with other types
//   - file options that generated code cannot work with (LITE_RUNTIME, cc_generic_services)
// Warnings: what works but is most likely not meant (see the fixes they propose).
std::vector<contract_problem>
validate_contract(std::span<const google::protobuf::FileDescriptor* const> files);

bool has_errors(std::span<const contract_problem> problems) noexcept;

} // namespace troupe
