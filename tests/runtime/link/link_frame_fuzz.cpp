// Any bytes as frames: what is decoded and encoded again decodes to the same.
#include "runtime/link/envelope.hpp"

#include <cstring>

using namespace troupe;

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void copy(std::byte* to, byte_view from) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

// Encodes what a body says, if it says anything.
bool encode_again(envelope_kind kind, byte_view body, byte_buffer& out) {
  std::uint64_t number = 0;
  switch (kind) {
  case envelope_kind::request: {
    decoded_request what;
    if (!decode_request(body, what).ok()) return false;
    if (what.metadata != nullptr) require(check_metadata(*what.metadata).ok());
    copy(append_request(out, what, what.has_payload, what.payload.size()), what.payload);
    return true;
  }
  case envelope_kind::reply: {
    decoded_reply what;
    if (!decode_reply(body, what).ok()) return false;
    require(check_headers(what.headers).ok());
    copy(append_reply(out, {.id = what.id, .headers = &what.headers}, what.has_payload, what.payload.size()),
         what.payload);
    return true;
  }
  case envelope_kind::item: {
    decoded_item what;
    if (!decode_item(body, what).ok()) return false;
    require(check_headers(what.headers).ok());
    what.call.ours = !what.call.ours;
    copy(append_item(out, what.call, &what.headers, what.payload.size()), what.payload);
    return true;
  }
  case envelope_kind::failure: {
    decoded_failure what;
    if (!decode_failure(body, what).ok()) return false;
    require(!what.outcome.ok());
    append_failure(out, what.id, what.outcome, &what.headers);
    return true;
  }
  case envelope_kind::message: {
    message_fields what;
    if (!decode_message(body, what).ok()) return false;
    copy(append_message(out, what, what.payload.size()), what.payload);
    return true;
  }
  case envelope_kind::credit: {
    call_key call;
    std::uint32_t items = 0;
    if (!decode_credit(body, call, items, number).ok()) return false;
    call.ours = !call.ours;
    append_credit(out, call, items, number);
    return true;
  }
  case envelope_kind::cancel: {
    status reason;
    if (!decode_cancel(body, number, reason).ok()) return false;
    append_cancel(out, number, reason);
    return true;
  }
  case envelope_kind::ended: {
    byte_view reason;
    if (!decode_ended(body, number, reason).ok()) return false;
    append_ended(out, number, reason);
    return true;
  }
  case envelope_kind::goodbye: {
    status reason;
    if (!decode_goodbye(body, reason).ok()) return false;
    append_goodbye(out, reason);
    return true;
  }
  case envelope_kind::fragment: {
    std::uint32_t stream = 0;
    bool last = false;
    byte_view piece;
    if (!decode_fragment(body, stream, last, piece).ok()) return false;
    append_fragment(out, stream, last, piece);
    return true;
  }
  default:
    if (!decode_number(body, number).ok()) return false;
    append_window(out, number);
    out[4] = static_cast<std::byte>(kind);
    return true;
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = std::as_bytes(std::span{data, size});
  for (;;) {
    const auto found = find_frame(bytes, 1u << 20);
    if (!found || !*found) return 0;
    require((*found)->size <= bytes.size());
    byte_buffer once;
    if (encode_again((*found)->kind, (*found)->body, once)) {
      const auto again = find_frame(once, 1u << 20);
      require(again.has_value() && again->has_value() && (*again)->size == once.size());
      byte_buffer twice;
      require(encode_again((*again)->kind, (*again)->body, twice));
      require(once == twice);
      // The shortest form is ours.
      require(once.size() <= (*found)->size);
    }
    bytes = bytes.subspan((*found)->size);
  }
}
