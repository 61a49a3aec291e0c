#include "runtime/link/envelope.hpp"
#include "runtime/link/envelope_flags.hpp"
#include "runtime/link/envelope_parts.hpp"

#include <limits>

namespace troupe {

using namespace wire;

namespace {

[[gnu::cold, gnu::noinline]] status broken(const char* frame, complaint what) {
  return invalid_argument("a broken {} frame: {}", frame, what);
}

// Ids leave one bit of a number to call keys.
bool read_id(reader& in, std::uint64_t& id) noexcept { return in.varint(id) && id >> 63 == 0; }

bool read_key(reader& in, call_key& call) noexcept {
  std::uint64_t number = 0;
  if (!in.varint(number)) return false;
  call = {.id = number >> 1, .ours = (number & 1) != 0};
  return true;
}

constexpr complaint bad_id = "the call's id is cut off or out of range";
constexpr complaint bad_flags = "flags that are cut off or of another version";
constexpr complaint too_long = "bytes after its end";

} // namespace

result<std::optional<frame_extent>> find_frame(byte_view bytes, std::size_t limit) {
  if (bytes.size() < frame_length_size) return std::optional<frame_extent>{};
  const std::size_t length = get_fixed<std::uint32_t>(bytes.data());
  if (length == 0) return invalid_argument("a frame without a kind");
  if (length > limit) return invalid_argument("a frame of {} bytes, where {} are the most", length, limit);
  if (bytes.size() - frame_length_size < length) return std::optional<frame_extent>{};
  return std::optional<frame_extent>{
    frame_extent{.kind = static_cast<envelope_kind>(bytes[frame_length_size]),
                 .body = bytes.subspan(frame_head_size, length - 1),
                 .size = frame_length_size + length}};
}

status decode_request(byte_view body, decoded_request& into) {
  constexpr auto* frame = "request";
  reader in{body};
  std::uint8_t flags = 0;
  std::uint64_t number = 0;
  if (!read_id(in, into.id)) return broken(frame, bad_id);
  if (!in.byte(flags) || (flags & ~all_of_request) != 0) return broken(frame, bad_flags);
  if (!in.varint(number) || number > std::numeric_limits<std::uint32_t>::max())
    return broken(frame, "the method's number is cut off or out of range");
  into.method = static_cast<std::uint32_t>(number);
  if (!in.varint(into.lane)) return broken(frame, "the lane is cut off or out of range");

  into.credit = 0;
  into.priority = 0;
  into.time_left.reset();
  into.shard_key = {};
  if (into.metadata != nullptr) {
    into.metadata = nullptr;
    into.owned_metadata = {};
  }
  if ((flags & request_has_credit) != 0) {
    if (!in.varint(number) || number > std::numeric_limits<std::uint32_t>::max())
      return broken(frame, "the credit is cut off or out of range");
    into.credit = static_cast<std::uint32_t>(number);
  }
  if ((flags & request_has_priority) != 0 && !in.byte(into.priority))
    return broken(frame, "the priority is cut off");
  if ((flags & request_has_time_left) != 0) {
    if (!in.varint(number) || number > static_cast<std::uint64_t>(std::numeric_limits<duration::rep>::max()))
      return broken(frame, "the time left is cut off or out of range");
    into.time_left = duration{static_cast<duration::rep>(number)};
  }
  if ((flags & request_has_shard_key) != 0 && !in.text(into.shard_key, max_text_bytes))
    return broken(frame, "the shard key is cut off or longer than 8 KiB");
  if ((flags & request_has_metadata) != 0) {
    into.metadata = &into.owned_metadata;
    if (const auto* wrong = read_metadata(in, into.owned_metadata)) return broken(frame, wrong);
  }
  into.has_payload = (flags & request_has_payload) != 0;
  if (!into.has_payload && !in.done()) return broken(frame, too_long);
  into.payload = in.rest();
  return {};
}

status decode_reply(byte_view body, decoded_reply& into) {
  constexpr auto* frame = "reply";
  reader in{body};
  std::uint8_t flags = 0;
  if (!read_id(in, into.id)) return broken(frame, bad_id);
  if (!in.byte(flags) || (flags & ~all_of_reply) != 0) return broken(frame, bad_flags);
  into.headers.clear();
  if ((flags & reply_has_headers) != 0) {
    if (const auto* wrong = read_headers(in, into.headers)) return broken(frame, wrong);
  }
  into.has_payload = (flags & reply_has_payload) != 0;
  if (!into.has_payload && !in.done()) return broken(frame, too_long);
  into.payload = in.rest();
  return {};
}

status decode_item(byte_view body, decoded_item& into) {
  constexpr auto* frame = "item";
  reader in{body};
  std::uint8_t flags = 0;
  if (!read_key(in, into.call)) return broken(frame, bad_id);
  if (!in.byte(flags) || (flags & ~item_has_headers) != 0) return broken(frame, bad_flags);
  into.headers.clear();
  if (flags != 0) {
    if (const auto* wrong = read_headers(in, into.headers)) return broken(frame, wrong);
  }
  into.payload = in.rest();
  return {};
}

status decode_failure(byte_view body, decoded_failure& into) {
  constexpr auto* frame = "failure";
  reader in{body};
  std::uint8_t flags = 0;
  if (!read_id(in, into.id)) return broken(frame, bad_id);
  if (!in.byte(flags) || (flags & ~failure_has_headers) != 0) return broken(frame, bad_flags);
  if (const auto* wrong = read_status(in, into.outcome, false)) return broken(frame, wrong);
  into.headers.clear();
  if (flags != 0) {
    if (const auto* wrong = read_headers(in, into.headers)) return broken(frame, wrong);
  }
  return in.done() ? status{} : broken(frame, too_long);
}

status decode_message(byte_view body, message_fields& into) {
  constexpr auto* frame = "message";
  reader in{body};
  std::uint8_t flags = 0;
  std::uint64_t number = 0;
  if (!in.byte(flags) || (flags & ~message_has_sender_node) != 0) return broken(frame, bad_flags);
  if (!in.varint(into.sender)) return broken(frame, "the sender is cut off or out of range");
  into.sender_node = {};
  if (flags != 0) {
    std::string_view node;
    if (!in.text(node, max_text_bytes)) return broken(frame, "the sender's node is cut off or too long");
    into.sender_node = std::as_bytes(std::span{node.data(), node.size()});
  }
  if (!in.varint(into.receiver)) return broken(frame, "the receiver is cut off or out of range");
  if (!in.varint(number)) return broken(frame, "the message id is cut off or out of range");
  into.message_id = std::rotr(number, message_id_rotation);
  into.payload = in.rest();
  return {};
}

status decode_credit(byte_view body, call_key& call, std::uint32_t& items, std::uint64_t& bytes) {
  constexpr auto* frame = "credit";
  reader in{body};
  std::uint64_t number = 0;
  if (!read_key(in, call)) return broken(frame, bad_id);
  if (!in.varint(number) || number > std::numeric_limits<std::uint32_t>::max())
    return broken(frame, "the items are cut off or out of range");
  items = static_cast<std::uint32_t>(number);
  if (!in.varint(bytes)) return broken(frame, "the bytes are cut off or out of range");
  return in.done() ? status{} : broken(frame, too_long);
}

status decode_cancel(byte_view body, std::uint64_t& id, status& reason) {
  constexpr auto* frame = "cancel";
  reader in{body};
  if (!read_id(in, id)) return broken(frame, bad_id);
  if (const auto* wrong = read_status(in, reason, false)) return broken(frame, wrong);
  return in.done() ? status{} : broken(frame, too_long);
}

status decode_ended(byte_view body, std::uint64_t& actor, byte_view& reason) {
  reader in{body};
  if (!in.varint(actor)) return broken("ended", "the actor's id is cut off or out of range");
  reason = in.rest();
  return {};
}

status decode_goodbye(byte_view body, status& reason) {
  constexpr auto* frame = "goodbye";
  reader in{body};
  if (const auto* wrong = read_status(in, reason, true)) return broken(frame, wrong);
  return in.done() ? status{} : broken(frame, too_long);
}

status decode_fragment(byte_view body, std::uint32_t& stream, bool& last, byte_view& piece) {
  reader in{body};
  std::uint64_t number = 0;
  if (!in.varint(number) || number >> 33 != 0)
    return broken("fragment", "the stream's number is cut off or out of range");
  stream = static_cast<std::uint32_t>(number >> 1);
  last = (number & 1) != 0;
  piece = in.rest();
  return {};
}

status decode_number(byte_view body, std::uint64_t& number) {
  reader in{body};
  if (!in.varint(number)) return invalid_argument("a broken frame: its number is cut off or out of range");
  if (!in.done()) return invalid_argument("a broken frame: {}", too_long);
  return {};
}

} // namespace troupe
