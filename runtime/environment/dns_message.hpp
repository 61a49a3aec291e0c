// Reads the answer of a name server to a question for SRV records (RFC 1035 section 4, RFC 2782). Pure.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/network.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace troupe {

// The SRV records of the answer section, sorted as network::resolve_service() gives them, at most
// max_lookup_results. DATA_LOSS: not a well-formed answer; NOT_FOUND: no such name, or no such record (also
// the single target "." by which RFC 2782 says that a service is decidedly not available); UNAVAILABLE: the
// server reports a failure.
result<std::vector<service_record>> parse_service_answer(std::span<const std::byte> message);

} // namespace troupe
