#include "runtime/link/envelope_parts.hpp"

#include "runtime/link/envelope.hpp"

#include <algorithm>
#include <array>

namespace troupe::wire {

namespace {

constexpr std::uint8_t has_identity = 1;
constexpr std::uint8_t has_idempotency_key = 2;
constexpr std::uint8_t has_trace = 4;
constexpr std::uint8_t trace_is_sampled = 8;
constexpr std::uint8_t has_headers = 16;
constexpr std::uint8_t all_of_metadata = 31;

// The characters of a token (RFC 9110, section 5.6.2), upper case left out.
constexpr auto name_characters = [] {
  std::array<bool, 256> out{};
  for (unsigned char c = 'a'; c <= 'z'; ++c)
    out[c] = true;
  for (unsigned char c = '0'; c <= '9'; ++c)
    out[c] = true;
  for (const unsigned char c : std::string_view{"!#$%&'*+-.^_`|~"})
    out[c] = true;
  return out;
}();

complaint check_name(std::string_view name) noexcept {
  if (name.empty()) return "a header without a name";
  const bool good = std::all_of(name.begin(), name.end(),
                                [](char c) { return name_characters[static_cast<unsigned char>(c)]; });
  return good ? nullptr : "a header's name that is not a lower-case token";
}

complaint check_value(std::string_view name, std::string_view value) noexcept {
  if (name.ends_with("-bin")) return nullptr;
  const bool bad =
    std::any_of(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return bad ? "a header's value with a line break or a zero byte" : nullptr;
}

complaint check(const header_list& headers) noexcept {
  if (headers.size() > max_headers) return "more than 256 headers";
  std::size_t total = 0;
  for (const auto& [name, value] : headers) {
    total += name.size() + value.size();
    if (total > max_headers_bytes) return "more than 64 KiB of headers";
    if (const auto* wrong = check_name(name)) return wrong;
    if (const auto* wrong = check_value(name, value)) return wrong;
  }
  return nullptr;
}

} // namespace

std::size_t headers_size(const header_list& headers) noexcept {
  std::size_t out = varint_size(headers.size());
  for (const auto& [name, value] : headers)
    out += text_size(name.size()) + text_size(value.size());
  return out;
}

std::byte* put_headers(std::byte* at, const header_list& headers) noexcept {
  at = put_varint(at, headers.size());
  for (const auto& [name, value] : headers)
    at = put_text(put_text(at, name), value);
  return at;
}

complaint read_headers(reader& in, header_list& into) {
  std::uint64_t count = 0;
  if (!in.varint(count)) return "the number of headers is cut off";
  if (count > max_headers) return "more than 256 headers";
  into.reserve(static_cast<std::size_t>(count));
  std::size_t total = 0;
  for (; count > 0; --count) {
    std::string_view name;
    std::string_view value;
    if (!in.text(name, max_headers_bytes) || !in.text(value, max_headers_bytes))
      return "a header is cut off or too long";
    total += name.size() + value.size();
    if (total > max_headers_bytes) return "more than 64 KiB of headers";
    if (const auto* wrong = check_name(name)) return wrong;
    if (const auto* wrong = check_value(name, value)) return wrong;
    into.emplace_back(name, value);
  }
  return nullptr;
}

bool has_content(const call_metadata& metadata) noexcept {
  return !metadata.identity.empty() || !metadata.idempotency_key.empty() || !metadata.headers.empty()
         || metadata.trace != trace_context{};
}

std::size_t metadata_size(const call_metadata& metadata) noexcept {
  std::size_t out = 1;
  if (!metadata.identity.empty()) out += text_size(metadata.identity.size());
  if (!metadata.idempotency_key.empty()) out += text_size(metadata.idempotency_key.size());
  if (metadata.trace != trace_context{}) out += 3 * sizeof(std::uint64_t);
  if (!metadata.headers.empty()) out += headers_size(metadata.headers);
  return out;
}

std::byte* put_metadata(std::byte* at, const call_metadata& metadata) noexcept {
  const bool traced = metadata.trace != trace_context{};
  std::uint8_t flags = 0;
  if (!metadata.identity.empty()) flags |= has_identity;
  if (!metadata.idempotency_key.empty()) flags |= has_idempotency_key;
  if (traced) flags |= has_trace;
  if (metadata.trace.sampled) flags |= trace_is_sampled;
  if (!metadata.headers.empty()) flags |= has_headers;
  at = put_byte(at, flags);
  if (!metadata.identity.empty()) at = put_text(at, metadata.identity);
  if (!metadata.idempotency_key.empty()) at = put_text(at, metadata.idempotency_key);
  if (traced) {
    // Random numbers: as varints they would be longer.
    at = put_fixed(at, metadata.trace.trace_high);
    at = put_fixed(at, metadata.trace.trace_low);
    at = put_fixed(at, metadata.trace.span);
  }
  if (!metadata.headers.empty()) at = put_headers(at, metadata.headers);
  return at;
}

complaint read_metadata(reader& in, call_metadata& into) {
  std::uint8_t flags = 0;
  if (!in.byte(flags)) return "the metadata's flags are cut off";
  if ((flags & ~all_of_metadata) != 0) return "metadata's flags of another version";
  if ((flags & trace_is_sampled) != 0 && (flags & has_trace) == 0)
    return "a sampled trace without its numbers";
  std::string_view text;
  if ((flags & has_identity) != 0) {
    if (!in.text(text, max_text_bytes)) return "the identity is cut off or longer than 8 KiB";
    into.identity = text;
  }
  if ((flags & has_idempotency_key) != 0) {
    if (!in.text(text, max_text_bytes)) return "the idempotency key is cut off or longer than 8 KiB";
    into.idempotency_key = text;
  }
  if ((flags & has_trace) != 0) {
    if (!in.fixed(into.trace.trace_high) || !in.fixed(into.trace.trace_low) || !in.fixed(into.trace.span))
      return "the trace is cut off";
    into.trace.sampled = (flags & trace_is_sampled) != 0;
  }
  if ((flags & has_headers) != 0) return read_headers(in, into.headers);
  return nullptr;
}

status_part::status_part(const status& from, status_code instead_of_ok) noexcept
  : from_(from), code_(from.ok() ? instead_of_ok : from.code()), message_(from.message()) {
  constexpr std::size_t longest_message = max_status_message_bytes;
  if (message_.size() > longest_message) {
    auto end = longest_message;
    // Not in the middle of a character (UTF-8's continuation bytes are 10xxxxxx).
    while (end > longest_message - 4 && (static_cast<unsigned char>(message_[end]) & 0xC0) == 0x80)
      --end;
    message_ = message_.substr(0, end);
  }
  const auto& details = from_.details();
  // The count of details takes one byte, whatever it is.
  static_assert(varint_size(max_status_details) == 1);
  size_ = 1 + text_size(message_.size()) + 1;
  for (; details_ < std::min(details.size(), max_status_details); ++details_) {
    const auto& detail = details[details_];
    const auto more = text_size(detail.type.size()) + text_size(detail.value.size());
    if (size_ + more > max_status_bytes) break;
    size_ += more;
  }
}

std::byte* status_part::put(std::byte* at) const noexcept {
  at = put_byte(at, static_cast<std::uint8_t>(code_));
  at = put_text(at, message_);
  at = put_varint(at, details_);
  for (std::size_t i = 0; i < details_; ++i) {
    const auto& detail = from_.details()[i];
    at = put_text(put_text(at, detail.type), detail.value);
  }
  return at;
}

complaint read_status(reader& in, status& into, bool may_be_ok) {
  std::uint8_t code = 0;
  std::string_view message;
  std::uint64_t details = 0;
  if (!in.byte(code)) return "the status code is cut off";
  if (code == 0 && !may_be_ok) return "a failure that says OK";
  if (!in.text(message, max_status_message_bytes))
    return "the status message is cut off or longer than 16 KiB";
  if (!in.varint(details) || details > max_status_details) return "more than 64 details of a status";
  status out{status_code_from_number(code).value_or(status_code::unknown), std::string{message}};
  std::size_t total = 1 + text_size(message.size()) + 1;
  for (; details > 0; --details) {
    std::string_view type;
    std::string_view value;
    if (!in.text(type, max_status_bytes) || !in.text(value, max_status_bytes))
      return "a detail of a status is cut off or longer than 64 KiB";
    total += text_size(type.size()) + text_size(value.size());
    if (total > max_status_bytes) return "a status of more than 64 KiB";
    out = std::move(out).with_detail({std::string{type}, std::string{value}});
  }
  into = std::move(out);
  return nullptr;
}

} // namespace troupe::wire

namespace troupe {

status check_headers(const header_list& headers) {
  if (const auto* wrong = wire::check(headers)) return invalid_argument("{}", wrong);
  return {};
}

status check_metadata(const call_metadata& metadata) {
  if (metadata.identity.size() > max_text_bytes) return invalid_argument("an identity of more than 8 KiB");
  if (metadata.idempotency_key.size() > max_text_bytes)
    return invalid_argument("an idempotency key of more than 8 KiB");
  return check_headers(metadata.headers);
}

} // namespace troupe
