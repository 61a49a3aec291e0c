// A status as a JSON body of an HTTP answer, in either of the two forms that clients ask for:
//
//   application/problem+json (RFC 9457)                  application/json (google.rpc.Status)
//   {"type":"about:blank","title":"Not Found",           {"code":5,"message":"no order 42","details":[...]}
//    "status":404,"detail":"no order 42",
//    "code":"NOT_FOUND","details":[...]}
//
// A detail of a known type is an object with "@type" as an Any has in JSON; one of a type that is not linked
// in, or that does not parse, is {"@type": "type.googleapis.com/NAME", "value": "<base64 of its bytes>"}:
// nothing is lost, and no detail can break the answer.
#pragma once

#include "runtime/core/result.hpp"

#include <string>
#include <string_view>

namespace troupe {

// RFC 9457. `instance` is a URI reference of this occurrence, such as the trace id as a URN; empty: none.
// `http_status` replaces the one of the status's code when it is not 0.
std::string problem_json(const status& outcome, std::string_view instance = {}, int http_status = 0);

// The proto3 JSON form of google.rpc.Status.
std::string status_json(const status& outcome);

// Reads either form (a client's side). Without a "code" the HTTP status decides (`http_status`, or the body's
// "status"). Bodies that are neither give a status of the HTTP status's code with the start of the text as
// its message. Never fails.
status status_from_json(std::string_view body, int http_status);

} // namespace troupe
