// How two nodes introduce themselves, before anything else: the same in every version of the protocol.
//
//   8 bytes   "TROUPE\r\n"          so that a browser or a port scanner is told from a node
//   2 bytes   lowest version        little endian, as all numbers of the link
//   2 bytes   highest version
//   4 bytes   size of the rest
//   rest      troupe.link.v1.Greeting, or, with versions 0 and 0, troupe.link.v1.Refusal
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/event_loop.hpp"
#include "runtime/link/envelope.hpp"
#include "runtime/link/link_limits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct announced_service {
  std::string name;                 // "shop.Orders"
  std::vector<std::string> methods; // "Place"; a method's number in requests counts on over all services
  bool operator==(const announced_service&) const = default;
};

struct greeting {
  std::uint16_t lowest_version = lowest_link_version;
  std::uint16_t highest_version = highest_link_version;
  std::string cluster;           // nodes of different clusters refuse each other
  std::string node;              // unique in the cluster
  std::uint64_t incarnation = 0; // larger for each start of the node of this name
  std::string actor_node;        // CAF's node id, serialized
  std::string application_version;
  std::vector<announced_service> services;
  std::uint64_t max_message_bytes = 0;
  std::uint64_t request_window_bytes = 0;
  std::uint64_t item_window_bytes = 0;
  std::uint64_t stream_window_bytes = 0;
  std::uint32_t max_open_calls = 0; // made by the other side
  bool operator==(const greeting&) const = default;
};

// What a greeting may hold.
inline constexpr std::size_t max_greeting_bytes = 1u << 20; // after its first 16 bytes
inline constexpr std::size_t max_announced_services = 4096;
inline constexpr std::size_t max_announced_methods = 65536;  // of all services together
inline constexpr std::size_t max_announced_name_bytes = 255; // of node, cluster and application version
// A refusal's reason is cut at so many bytes.
inline constexpr std::size_t max_refusal_bytes = 1024;

// Preconditions: within the limits above; texts are UTF-8, names without control characters.
byte_buffer encode_greeting(const greeting& what);
// Its message, with what is not printable ASCII replaced by "?"; an OK status is sent as UNKNOWN.
byte_buffer encode_refusal(const status& why);

struct read_greeting {
  greeting theirs;
  std::size_t size = 0; // bytes it took
};
// What the first bytes of a connection say: nothing yet; a greeting; or an error: the peer's refusal (its own
// words), or INVALID_ARGUMENT: these bytes are not a node's, or announce what cannot be (no node's name,
// control characters in names, windows outside 1 KiB to 4 GiB, messages outside 1 KiB to 1 GiB). Tells a
// stranger from his first wrong byte, and allocates nothing before all bytes are there.
result<std::optional<read_greeting>> decode_greeting(byte_view bytes);

// The highest version both speak; FAILED_PRECONDITION, naming both ranges, when there is none.
result<std::uint16_t> choose_version(const greeting& ours, const greeting& theirs);

} // namespace troupe
