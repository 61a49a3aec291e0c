#include "actors/grpc_edge/wire_status.hpp"

#include "runtime/contract/status_proto.hpp"

namespace troupe::grpc_detail {

namespace {

// Bytes outside printable ASCII, and '%', are sent as %XX (PROTOCOL-HTTP2.md, "Percent-Encoded").
std::size_t encoded_length(char c) noexcept { return c >= 0x20 && c <= 0x7E && c != '%' ? 1 : 3; }

std::size_t base64_length(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

std::size_t encoded_length(std::string_view text) noexcept {
  std::size_t out = 0;
  for (auto c : text)
    out += encoded_length(c);
  return out;
}

// The longest prefix within the budget that does not cut a UTF-8 character in two.
std::string_view shortened(std::string_view text, std::size_t budget) noexcept {
  std::size_t used = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    used += encoded_length(text[end]);
    if (used > budget) break;
  }
  if (end == text.size()) return text;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return text.substr(0, end);
}

} // namespace

grpc::Status to_wire(const status& outcome) {
  if (outcome.ok()) return {};
  auto code = static_cast<grpc::StatusCode>(outcome.code());
  std::string message{shortened(outcome.message(), status_budget)};
  if (outcome.details().empty()) return {code, message};
  auto details = serialize_status(outcome);
  if (encoded_length(message) + base64_length(details.size()) > status_budget) return {code, message};
  return {code, message, details};
}

} // namespace troupe::grpc_detail
