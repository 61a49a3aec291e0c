// The registry on the wire: deltas and digests as bytes (proto/troupe/registry.proto). Pure.
#pragma once

#include "discovery/registry/registry_entry.hpp"
#include "runtime/core/result.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace troupe {

// What one node tells another. The bytes of several messages one behind the other are the message of all
// their deltas and lines.
struct registry_message {
  std::vector<registry_delta> deltas;
  std::vector<registry_digest_line> digest; // not empty: the sender asks for what it lacks
  // Of all that the sender knows; 0: not said. Whoever knows something else answers with a digest.
  std::uint64_t fingerprint = 0;

  bool operator==(const registry_message&) const = default;
};

// The largest message that is read; larger digests are told in several. An object that is parsed may take
// fifty times its bytes.
inline constexpr std::size_t max_registry_message = 256 * 1024;

// The same message always gives the same bytes. An entry takes at most size_of() of them.
std::vector<std::byte> encode(const registry_message& message);

// INVALID_ARGUMENT, saying what is wrong: too large, no message, a text that is not UTF-8, a delta that
// check() refuses, a digest with a line without a name. Fields that later versions add are left out; a health
// that they add reads as unhealthy, so that nobody calls what does not say clearly that it is ready.
result<registry_message> decode_registry_message(std::span<const std::byte> bytes,
                                                 const registry_limits& limits = {});

} // namespace troupe
