// What travels on a connection between two nodes, as bytes. README.md has the layout; the golden files under
// tests/runtime/link/golden fix it. Pure: no I/O, no allocation but into the buffers given.
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/core/result.hpp"
#include "runtime/environment/event_loop.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace troupe {

using byte_view = std::span<const std::byte>;

enum class envelope_kind : std::uint8_t {
  // A call, between its caller's node and its callee's. Ids are given by the caller's node.
  request = 1,
  item = 2,       // by either side
  half_close = 3, // caller
  credit = 4,     // by either side: items and bytes that the other one may send
  cancel = 5,     // caller
  reply = 6,      // callee: the answer of a call that went well
  failure = 7,    // callee: the answer of a call that did not
  // CAF messages between actors that hold each other's handles.
  message = 16,
  watch = 17,   // tell me when this actor of yours ends
  unwatch = 18, // no longer
  ended = 19,   // it has
  // The connection itself.
  fragment = 32,
  window = 33, // request bytes that the other side may send again
  ping = 34,
  pong = 35,
  drain = 36,   // send no new calls: this node is stopping
  goodbye = 37, // the last frame, with the reason
};

// What beside payloads a frame may hold. More is refused by the sender, and by a receiver as a broken frame.
inline constexpr std::size_t max_headers = 256;
inline constexpr std::size_t max_headers_bytes = 64u << 10; // names and values together
inline constexpr std::size_t max_text_bytes = 8u << 10; // identity, idempotency key, shard key, foreign node
inline constexpr std::size_t max_status_message_bytes = 16u << 10;
inline constexpr std::size_t max_status_bytes = 64u << 10; // with its details
inline constexpr std::size_t max_status_details = 64;
// No frame has more than this beside its payload.
inline constexpr std::size_t max_envelope_bytes = 256u << 10;

// Kinds that later versions may send without asking: who does not know them skips them.
constexpr bool may_be_skipped(envelope_kind kind) noexcept {
  return static_cast<std::uint8_t>(kind) >= 64 && static_cast<std::uint8_t>(kind) < 128;
}

// Whose call an id means: both sides number the calls that they make, below 2^63.
struct call_key {
  std::uint64_t id = 0;
  bool ours = false; // made by this node; on the wire the bit is set when it was made by the frame's receiver
  bool operator==(const call_key&) const = default;
};

// The fields of a request but its payload. Views point into whatever was decoded, or is to be encoded.
struct request_fields {
  std::uint64_t id = 0;
  std::uint32_t method = 0;          // index in the table that the callee's greeting announced
  std::uint64_t lane = 0;            // the caller's actor, so that replies to one actor keep their order
  std::uint32_t credit = 0;          // items that the callee may send at once
  std::uint8_t priority = 0;         // 0: as usual; higher ones are shed last
  std::optional<duration> time_left; // none: unlimited. Never negative
  const call_metadata* metadata = nullptr; // encoding: null means none
  std::string_view shard_key;
};
struct decoded_request : request_fields {
  call_metadata owned_metadata; // what `metadata` points at when there is any
  byte_view payload;
  bool has_payload = false; // methods whose client streams have none
};

struct reply_fields {
  std::uint64_t id = 0;
  const header_list* headers = nullptr; // null or empty: none
};
struct decoded_reply {
  std::uint64_t id = 0;
  header_list headers;
  byte_view payload;
  bool has_payload = false;
};
struct decoded_item {
  call_key call;       // `ours`: of a call that the receiver of this item made
  header_list headers; // of the reply, with its first item
  byte_view payload;
};
struct decoded_failure {
  std::uint64_t id = 0;
  status outcome;
  header_list headers;
};

// A message between two actors that are not services.
struct message_fields {
  std::uint64_t sender = 0;     // actor id on the sending node; 0: none
  byte_view sender_node;        // a third node's id when the sender is not on the sending node; else empty
  std::uint64_t receiver = 0;   // actor id on the receiving node
  std::uint64_t message_id = 0; // CAF's: request or response number and flags
  byte_view payload;            // decoding only
};

// Whether a peer would take these: INVALID_ARGUMENT says what is wrong (too many, too long, a name that is
// not a lower-case token of RFC 9110, a line break or zero byte in a value whose name does not end in
// "-bin").
status check_headers(const header_list& headers);
status check_metadata(const call_metadata& metadata);

// -- encoding: each appends one frame, length prefix included. Those with a payload leave room for
// `payload_size` bytes at the end of the frame and give where it begins, for the caller to fill at once;
// never null. Preconditions: check_metadata() and check_headers() are content; texts have at most
// max_text_bytes; the payload at most 1 GiB. A status that is too large is sent with a shorter message and
// fewer details; an OK one as UNKNOWN where it is a failure and as CANCELLED where it is the reason of a
// cancel.

std::byte* append_request(byte_buffer& to, const request_fields& fields, bool has_payload,
                          std::size_t payload_size);
std::byte* append_reply(byte_buffer& to, const reply_fields& fields, bool has_payload,
                        std::size_t payload_size);
std::byte* append_item(byte_buffer& to, call_key call, const header_list* headers, std::size_t payload_size);
std::byte* append_message(byte_buffer& to, const message_fields& fields, std::size_t payload_size);
void append_failure(byte_buffer& to, std::uint64_t id, const status& outcome, const header_list* headers);
void append_half_close(byte_buffer& to, std::uint64_t id);
void append_credit(byte_buffer& to, call_key call, std::uint32_t items, std::uint64_t bytes);
void append_cancel(byte_buffer& to, std::uint64_t id, const status& reason);
void append_watch(byte_buffer& to, std::uint64_t actor);
void append_unwatch(byte_buffer& to, std::uint64_t actor);
void append_ended(byte_buffer& to, std::uint64_t actor, byte_view reason);
void append_window(byte_buffer& to, std::uint64_t bytes);
void append_ping(byte_buffer& to, std::uint64_t nonce);
void append_pong(byte_buffer& to, std::uint64_t nonce);
void append_drain(byte_buffer& to);
void append_goodbye(byte_buffer& to, const status& reason);
// A piece of the frame (kind and body, without its length) that `stream` numbers. A last piece that is empty
// gives the frame up: what came of it is thrown away.
void append_fragment(byte_buffer& to, std::uint32_t stream, bool last, byte_view piece);

// -- decoding

// A frame's extent at the beginning of `bytes`: nothing yet when they do not hold all of it.
// INVALID_ARGUMENT: its length (kind and body) is 0 or more than `limit`. The kind may be one that has no
// name.
struct frame_extent {
  envelope_kind kind = envelope_kind::ping;
  byte_view body;
  std::size_t size = 0; // of the whole frame
};
result<std::optional<frame_extent>> find_frame(byte_view bytes, std::size_t limit);

// Each takes a frame's body, and overwrites all of `into`. Views point into `body`. Each refuses with
// INVALID_ARGUMENT, saying which field is wrong: a body that ends too early or too late, a number out of
// range, a flag that this version does not know, a header name with characters it cannot have, more than 256
// headers. After a refusal `into` holds anything.
status decode_request(byte_view body, decoded_request& into);
status decode_reply(byte_view body, decoded_reply& into);
status decode_item(byte_view body, decoded_item& into);
status decode_failure(byte_view body, decoded_failure& into);
status decode_message(byte_view body, message_fields& into);
status decode_credit(byte_view body, call_key& call, std::uint32_t& items, std::uint64_t& bytes);
status decode_cancel(byte_view body, std::uint64_t& id, status& reason);
status decode_ended(byte_view body, std::uint64_t& actor, byte_view& reason);
status decode_goodbye(byte_view body, status& reason);
status decode_fragment(byte_view body, std::uint32_t& stream, bool& last, byte_view& piece);
// half_close, window, ping, pong, watch, unwatch.
status decode_number(byte_view body, std::uint64_t& number);

} // namespace troupe
