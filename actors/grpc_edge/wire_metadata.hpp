// The headers of a gRPC request as a call's metadata, and which headers a reply may carry. Pure.
#pragma once

#include "runtime/call/call.hpp"

#include <grpcpp/support/string_ref.h>

#include <map>
#include <optional>
#include <string_view>

namespace troupe::grpc_detail {

using wire_headers = std::multimap<grpc::string_ref, grpc::string_ref>;

// Everything but the identity. Names arrive in lower case and "-bin" values decoded, as gRPC gives them.
// Headers of the transport ("grpc-...") are left out; "idempotency-key" and "traceparent" become fields and
// are left out too; "authorization" stays only with `keep_authorization`.
call_metadata read_metadata(const wire_headers& headers, bool keep_authorization);

// As HTTP/2 counts them (RFC 9113 section 10.5.1). gRPC itself enforces its limit only on clients that
// acknowledge it.
std::size_t headers_size(const wire_headers& headers) noexcept;

// The token of "authorization: Bearer TOKEN" (RFC 6750 section 2.1; the scheme in any case); empty: none.
std::string_view bearer_token(const wire_headers& headers);

// Whether gRPC takes a header (PROTOCOL-HTTP2.md, "Custom-Metadata"); it ends the process over one that it
// does not.
bool sendable_header(std::string_view name, std::string_view value) noexcept;

// Nothing unless the header is valid (https://www.w3.org/TR/trace-context/#traceparent-header).
std::optional<trace_context> parse_traceparent(std::string_view header) noexcept;

} // namespace troupe::grpc_detail
