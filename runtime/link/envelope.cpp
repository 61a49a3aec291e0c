#include "runtime/link/envelope.hpp"

#include "runtime/link/envelope_flags.hpp"
#include "runtime/link/envelope_parts.hpp"

#include <algorithm>

namespace troupe {

using namespace wire;

namespace {

// Appends the beginning of a frame and room for its body; gives where the body begins.
std::byte* begin_frame(byte_buffer& to, envelope_kind kind, std::size_t body_size) {
  const auto at = to.size();
  to.resize(at + frame_head_size + body_size);
  auto* out = put_fixed(to.data() + at, static_cast<std::uint32_t>(1 + body_size));
  return put_byte(out, static_cast<std::uint8_t>(kind));
}

void append_number(byte_buffer& to, envelope_kind kind, std::uint64_t number) {
  put_varint(begin_frame(to, kind, varint_size(number)), number);
}

constexpr std::uint64_t key_number(call_key call) noexcept { return call.id << 1 | (call.ours ? 0 : 1); }

bool any(const header_list* headers) noexcept { return headers != nullptr && !headers->empty(); }

} // namespace

std::byte* append_request(byte_buffer& to, const request_fields& fields, bool has_payload,
                          std::size_t payload_size) {
  const bool with_metadata = fields.metadata != nullptr && has_content(*fields.metadata);
  if (!has_payload) payload_size = 0;
  std::uint64_t time_left = 0;
  std::uint8_t flags = has_payload ? request_has_payload : 0;
  std::size_t size = varint_size(fields.id) + 1 + varint_size(fields.method) + varint_size(fields.lane);
  if (fields.credit != 0) {
    flags |= request_has_credit;
    size += varint_size(fields.credit);
  }
  if (fields.priority != 0) {
    flags |= request_has_priority;
    size += 1;
  }
  if (fields.time_left) {
    flags |= request_has_time_left;
    time_left = static_cast<std::uint64_t>(std::max(fields.time_left->count(), duration::rep{0}));
    size += varint_size(time_left);
  }
  if (!fields.shard_key.empty()) {
    flags |= request_has_shard_key;
    size += text_size(fields.shard_key.size());
  }
  if (with_metadata) {
    flags |= request_has_metadata;
    size += metadata_size(*fields.metadata);
  }

  auto* at = begin_frame(to, envelope_kind::request, size + payload_size);
  at = put_varint(at, fields.id);
  at = put_byte(at, flags);
  at = put_varint(at, fields.method);
  at = put_varint(at, fields.lane);
  if (fields.credit != 0) at = put_varint(at, fields.credit);
  if (fields.priority != 0) at = put_byte(at, fields.priority);
  if (fields.time_left) at = put_varint(at, time_left);
  if (!fields.shard_key.empty()) at = put_text(at, fields.shard_key);
  if (with_metadata) at = put_metadata(at, *fields.metadata);
  return at;
}

std::byte* append_reply(byte_buffer& to, const reply_fields& fields, bool has_payload,
                        std::size_t payload_size) {
  if (!has_payload) payload_size = 0;
  std::uint8_t flags = has_payload ? reply_has_payload : 0;
  std::size_t size = varint_size(fields.id) + 1;
  if (any(fields.headers)) {
    flags |= reply_has_headers;
    size += headers_size(*fields.headers);
  }
  auto* at = begin_frame(to, envelope_kind::reply, size + payload_size);
  at = put_byte(put_varint(at, fields.id), flags);
  return any(fields.headers) ? put_headers(at, *fields.headers) : at;
}

std::byte* append_item(byte_buffer& to, call_key call, const header_list* headers, std::size_t payload_size) {
  const auto key = key_number(call);
  const auto size = varint_size(key) + 1;
  if (!any(headers)) {
    auto* at = begin_frame(to, envelope_kind::item, size + payload_size);
    return put_byte(put_varint(at, key), 0);
  }
  auto* at = begin_frame(to, envelope_kind::item, size + headers_size(*headers) + payload_size);
  return put_headers(put_byte(put_varint(at, key), item_has_headers), *headers);
}

std::byte* append_message(byte_buffer& to, const message_fields& fields, std::size_t payload_size) {
  const auto number = std::rotl(fields.message_id, message_id_rotation);
  const bool foreign = !fields.sender_node.empty();
  auto size = 1 + varint_size(fields.sender) + varint_size(fields.receiver) + varint_size(number);
  if (foreign) size += text_size(fields.sender_node.size());
  auto* at = begin_frame(to, envelope_kind::message, size + payload_size);
  at = put_byte(at, foreign ? message_has_sender_node : 0);
  at = put_varint(at, fields.sender);
  if (foreign) {
    at = put_varint(at, fields.sender_node.size());
    at = put_bytes(at, fields.sender_node.data(), fields.sender_node.size());
  }
  return put_varint(put_varint(at, fields.receiver), number);
}

void append_failure(byte_buffer& to, std::uint64_t id, const status& outcome, const header_list* headers) {
  const status_part part{outcome, status_code::unknown};
  const auto size = varint_size(id) + 1 + part.size() + (any(headers) ? headers_size(*headers) : 0);
  auto* at = put_varint(begin_frame(to, envelope_kind::failure, size), id);
  at = part.put(put_byte(at, any(headers) ? failure_has_headers : 0));
  if (any(headers)) put_headers(at, *headers);
}

void append_half_close(byte_buffer& to, std::uint64_t id) {
  append_number(to, envelope_kind::half_close, id);
}

void append_credit(byte_buffer& to, call_key call, std::uint32_t items, std::uint64_t bytes) {
  const auto key = key_number(call);
  auto* at =
    begin_frame(to, envelope_kind::credit, varint_size(key) + varint_size(items) + varint_size(bytes));
  put_varint(put_varint(put_varint(at, key), items), bytes);
}

void append_cancel(byte_buffer& to, std::uint64_t id, const status& reason) {
  const status_part part{reason, status_code::cancelled};
  part.put(put_varint(begin_frame(to, envelope_kind::cancel, varint_size(id) + part.size()), id));
}

void append_watch(byte_buffer& to, std::uint64_t actor) { append_number(to, envelope_kind::watch, actor); }
void append_unwatch(byte_buffer& to, std::uint64_t actor) {
  append_number(to, envelope_kind::unwatch, actor);
}

void append_ended(byte_buffer& to, std::uint64_t actor, byte_view reason) {
  auto* at = begin_frame(to, envelope_kind::ended, varint_size(actor) + reason.size());
  put_bytes(put_varint(at, actor), reason.data(), reason.size());
}

void append_window(byte_buffer& to, std::uint64_t bytes) { append_number(to, envelope_kind::window, bytes); }
void append_ping(byte_buffer& to, std::uint64_t nonce) { append_number(to, envelope_kind::ping, nonce); }
void append_pong(byte_buffer& to, std::uint64_t nonce) { append_number(to, envelope_kind::pong, nonce); }
void append_drain(byte_buffer& to) { begin_frame(to, envelope_kind::drain, 0); }

void append_goodbye(byte_buffer& to, const status& reason) {
  const status_part part{reason, status_code::ok};
  part.put(begin_frame(to, envelope_kind::goodbye, part.size()));
}

void append_fragment(byte_buffer& to, std::uint32_t stream, bool last, byte_view piece) {
  const auto number = std::uint64_t{stream} << 1 | (last ? 1 : 0);
  auto* at = begin_frame(to, envelope_kind::fragment, varint_size(number) + piece.size());
  put_bytes(put_varint(at, number), piece.data(), piece.size());
}

} // namespace troupe
