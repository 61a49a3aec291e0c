#include "actors/rest_edge/rest_plan.hpp"

#include "troupe/options.pb.h"

#include <google/protobuf/message.h>

#include <charconv>

namespace troupe {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* version_field(const Descriptor& message) {
  for (int at = 0; at < message.field_count(); ++at) {
    const auto* field = message.field(at);
    if (!field->is_repeated() && field->options().GetExtension(troupe::field).etag()
        && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      return field;
  }
  return nullptr;
}

std::string text_of(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
  case FieldDescriptor::CPPTYPE_STRING:
    return reflection.GetString(message, &field);
  case FieldDescriptor::CPPTYPE_INT32:
    return std::to_string(reflection.GetInt32(message, &field));
  case FieldDescriptor::CPPTYPE_INT64:
    return std::to_string(reflection.GetInt64(message, &field));
  case FieldDescriptor::CPPTYPE_UINT32:
    return std::to_string(reflection.GetUInt32(message, &field));
  case FieldDescriptor::CPPTYPE_UINT64:
    return std::to_string(reflection.GetUInt64(message, &field));
  default:
    return {};
  }
}

template <class T>
bool read_number(std::string_view text, T& into) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

bool write_text(Message& message, const FieldDescriptor& field, std::string_view text) {
  const auto& reflection = *message.GetReflection();
  auto number = [&]<class T>(T value, auto set) {
    if (!read_number(text, value)) return false;
    (reflection.*set)(&message, &field, value);
    return true;
  };
  using google::protobuf::Reflection;
  switch (field.cpp_type()) {
  case FieldDescriptor::CPPTYPE_STRING:
    reflection.SetString(&message, &field, std::string{text});
    return true;
  case FieldDescriptor::CPPTYPE_INT32:
    return number(std::int32_t{}, &Reflection::SetInt32);
  case FieldDescriptor::CPPTYPE_INT64:
    return number(std::int64_t{}, &Reflection::SetInt64);
  case FieldDescriptor::CPPTYPE_UINT32:
    return number(std::uint32_t{}, &Reflection::SetUInt32);
  case FieldDescriptor::CPPTYPE_UINT64:
    return number(std::uint64_t{}, &Reflection::SetUInt64);
  default:
    return false;
  }
}

bool holds_value(const Message& message, const FieldDescriptor& field) {
  auto text = text_of(message, field);
  return !text.empty() && (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING || text != "0");
}

} // namespace

rest_plan make_rest_plan(const rest_route& route, directory& services) {
  rest_plan plan;
  plan.route = &route;
  plan.service = &services.route(route.method->service->name);
  const auto& method = route.method->descriptor();
  const auto& options = method.options().GetExtension(troupe::method);
  if (options.has_timeout())
    plan.timeout =
      std::chrono::seconds{options.timeout().seconds()} + std::chrono::nanoseconds{options.timeout().nanos()};
  plan.max_request_bytes = options.max_request_bytes();
  plan.require_idempotency_key = options.require_idempotency_key();
  plan.reply_version = version_field(*method.output_type());
  const auto& input = *method.input_type();
  if (const auto* own = version_field(input)) {
    plan.request_version = {own};
  } else {
    // A request that wraps the resource: UpdateOrder { Order order = 1; }.
    for (int at = 0; at < input.field_count() && plan.request_version.empty(); ++at) {
      const auto* field = input.field(at);
      if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      if (const auto* inner = version_field(*field->message_type())) plan.request_version = {field, inner};
    }
  }
  return plan;
}

std::string version_of(const rest_plan& plan, const Message& reply) {
  if (plan.reply_version == nullptr || !holds_value(reply, *plan.reply_version)) return {};
  return text_of(reply, *plan.reply_version);
}

status set_version(const rest_plan& plan, std::string_view version, Message& request) {
  auto* holder = &request;
  const auto& field = *plan.request_version.back();
  if (plan.request_version.size() > 1)
    holder = request.GetReflection()->MutableMessage(&request, plan.request_version.front());
  if (holds_value(*holder, field) && text_of(*holder, field) != version)
    return invalid_argument("If-Match and the field {} name different versions", field.full_name());
  if (!write_text(*holder, field, version))
    return invalid_argument("the entity tag in If-Match is no version of {}",
                            field.containing_type()->full_name());
  return {};
}

std::uint64_t rest_edge::state::new_id() noexcept {
  for (;;) {
    auto id = next_id.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
    id = (id ^ (id >> 30)) * 0xbf58476d1ce4e5b9;
    id = (id ^ (id >> 27)) * 0x94d049bb133111eb;
    id ^= id >> 31;
    if (id != 0) return id; // zero is no id
  }
}

} // namespace troupe
