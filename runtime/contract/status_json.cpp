#include "runtime/contract/status_json.hpp"

#include "runtime/contract/json.hpp"
#include "runtime/contract/json_text.hpp"
#include "runtime/contract/text_values.hpp"
#include "runtime/core/http_reason.hpp"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>

#include <iterator>

namespace troupe {

namespace {

constexpr std::string_view type_prefix = "type.googleapis.com/";

// How much of a body that is no error of ours is kept as the message.
constexpr std::size_t max_foreign_text = 512;

void append_detail(const status_detail& detail, std::string& out) {
  google::protobuf::Any any;
  any.set_type_url(std::string{type_prefix} + detail.type);
  any.set_value(detail.value);
  const auto before = out.size();
  if (append_json(any, out).ok()) return;
  out.resize(before);
  out += "{\"@type\":";
  append_json_string(any.type_url(), out);
  out += ",\"value\":\"";
  append_base64(detail.value, out);
  out += "\"}";
}

void append_details(const status& outcome, std::string& out) {
  out += ",\"details\":[";
  bool first = true;
  for (const auto& detail : outcome.details()) {
    if (!first) out += ',';
    first = false;
    append_detail(detail, out);
  }
  out += ']';
}

using google::protobuf::Struct;
using google::protobuf::Value;

const Value* member(const Struct& object, const char* name) {
  const auto found = object.fields().find(name);
  return found == object.fields().end() ? nullptr : &found->second;
}

std::string text_member(const Struct& object, const char* name) {
  const auto* value = member(object, name);
  return value == nullptr ? std::string{} : value->string_value();
}

std::optional<status_code> code_member(const Struct& object) {
  const auto* value = member(object, "code");
  if (value == nullptr) return std::nullopt;
  if (value->has_number_value()) return status_code_from_number(static_cast<int>(value->number_value()));
  return status_code_from_name(value->string_value());
}

std::optional<status_detail> read_detail(const Value& value) {
  if (!value.has_struct_value()) return std::nullopt;
  const auto url = text_member(value.struct_value(), "@type");
  const auto type = url.substr(url.rfind('/') + 1);
  if (type.empty()) return std::nullopt;
  auto text = render_json(value);
  if (!text) return std::nullopt;
  google::protobuf::Any any;
  if (parse_json(*text, any).ok()) return status_detail{type, any.value()};
  if (auto bytes = decode_base64(text_member(value.struct_value(), "value"));
      bytes && value.struct_value().fields_size() == 2)
    return status_detail{type, std::move(*bytes)};
  // A peer of a newer version may know fields that this one does not.
  if (parse_json(*text, any, {.ignore_unknown_fields = true}).ok()) return status_detail{type, any.value()};
  return std::nullopt;
}

} // namespace

std::string problem_json(const status& outcome, std::string_view instance, int http_status) {
  if (http_status == 0) http_status = http_status_of(outcome.code());
  std::string out;
  fmt::format_to(std::back_inserter(out), R"({{"type":"about:blank","title":"{}","status":{},"detail":)",
                 http_reason(http_status), http_status);
  append_json_string(outcome.message(), out);
  if (!instance.empty()) {
    out += ",\"instance\":";
    append_json_string(instance, out);
  }
  fmt::format_to(std::back_inserter(out), ",\"code\":\"{}\"", to_string(outcome.code()));
  if (!outcome.details().empty()) append_details(outcome, out);
  out += '}';
  return out;
}

std::string status_json(const status& outcome) {
  std::string out = fmt::format("{{\"code\":{},\"message\":", static_cast<int>(outcome.code()));
  append_json_string(outcome.message(), out);
  append_details(outcome, out);
  out += '}';
  return out;
}

status status_from_json(std::string_view body, int http_status) {
  const auto by_http = [&](int number) {
    const auto code = status_code_from_http(number);
    return code == status_code::ok ? status_code::unknown : code;
  };
  Struct object;
  if (!parse_json(body, object).ok() || object.fields().empty()) {
    std::string text;
    append_json_string(body.substr(0, max_foreign_text), text); // what is not UTF-8 must not travel on
    return status{by_http(http_status), body.empty() ? fmt::format("HTTP status {}", http_status)
                                                     : fmt::format("HTTP status {}: {}", http_status, text)};
  }
  auto code = code_member(object);
  if (!code || *code == status_code::ok) {
    const auto* number = member(object, "status");
    code = by_http(number != nullptr && number->has_number_value() && http_status == 0
                     ? static_cast<int>(number->number_value())
                     : http_status);
  }
  auto message = text_member(object, "detail");
  if (message.empty()) message = text_member(object, "message");
  if (message.empty()) message = text_member(object, "title");
  status out{*code, std::move(message)};
  if (const auto* details = member(object, "details"); details != nullptr)
    for (const auto& value : details->list_value().values())
      if (auto detail = read_detail(value)) out = std::move(out).with_detail(std::move(*detail));
  return out;
}

} // namespace troupe
