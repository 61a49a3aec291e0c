#include "actors/grpc_edge/wire_metadata.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace troupe::grpc_detail {

namespace {

std::string_view view(const grpc::string_ref& text) noexcept { return {text.data(), text.size()}; }

bool is_lower_hex(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool equal_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b);
  });
}

std::optional<std::uint64_t> hex(std::string_view digits) noexcept {
  // from_chars would take upper case and a sign, which the format forbids.
  if (!std::all_of(digits.begin(), digits.end(), is_lower_hex)) return {};
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {};
  return value;
}

constexpr std::string_view binary_suffix = "-bin";
constexpr std::string_view reserved_prefix = "grpc-";
constexpr std::string_view bearer_scheme = "bearer ";

} // namespace

call_metadata read_metadata(const wire_headers& headers, bool keep_authorization) {
  call_metadata out;
  out.headers.reserve(headers.size());
  for (const auto& [wire_name, wire_value] : headers) {
    auto name = view(wire_name);
    auto value = view(wire_value);
    if (name.starts_with(reserved_prefix) || name.starts_with(':')) continue;
    if (name == "authorization" && !keep_authorization) continue;
    if (name == "idempotency-key") {
      out.idempotency_key = value;
      continue;
    }
    if (name == "traceparent") {
      if (auto trace = parse_traceparent(value)) out.trace = *trace;
      continue;
    }
    out.headers.emplace_back(name, value);
  }
  return out;
}

std::size_t headers_size(const wire_headers& headers) noexcept {
  constexpr std::size_t overhead = 32;
  std::size_t out = 0;
  for (const auto& [name, value] : headers)
    out += name.size() + value.size() + overhead;
  return out;
}

std::string_view bearer_token(const wire_headers& headers) {
  auto found = headers.find("authorization");
  if (found == headers.end()) return {};
  auto value = view(found->second);
  if (value.size() < bearer_scheme.size()
      || !equal_ignoring_case(value.substr(0, bearer_scheme.size()), bearer_scheme))
    return {};
  value.remove_prefix(bearer_scheme.size());
  while (value.starts_with(' '))
    value.remove_prefix(1);
  while (value.ends_with(' '))
    value.remove_suffix(1);
  return value;
}

bool sendable_header(std::string_view name, std::string_view value) noexcept {
  if (name.empty() || name.starts_with(reserved_prefix)) return false;
  auto legal_in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  };
  if (!std::all_of(name.begin(), name.end(), legal_in_name)) return false;
  // What HTTP/2 connections must not have (RFC 9113 section 8.2.2), and what gRPC sets itself.
  for (auto taken : {"connection", "content-type", "te", "transfer-encoding", "upgrade", "keep-alive",
                     "content-length", "proxy-connection", "host"})
    if (name == taken) return false;
  if (name.ends_with(binary_suffix)) return true;
  auto printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
  return std::all_of(value.begin(), value.end(), printable);
}

std::optional<trace_context> parse_traceparent(std::string_view header) noexcept {
  // version "-" trace-id "-" parent-id "-" flags, of 2, 32, 16 and 2 digits.
  constexpr std::size_t length = 55;
  if (header.size() < length || header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
  auto version = hex(header.substr(0, 2));
  auto high = hex(header.substr(3, 16));
  auto low = hex(header.substr(19, 16));
  auto span = hex(header.substr(36, 16));
  auto flags = hex(header.substr(53, 2));
  if (!version || !high || !low || !span || !flags || *version == 0xFF) return {};
  // Version 0 has nothing further; later versions may, after a dash.
  if (header.size() > length && (*version == 0 || header[length] != '-')) return {};
  trace_context out{.trace_high = *high, .trace_low = *low, .span = *span, .sampled = (*flags & 1) != 0};
  if (!out.valid()) return {};
  return out;
}

} // namespace troupe::grpc_detail
