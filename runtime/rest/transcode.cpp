#include "runtime/rest/transcode.hpp"

#include "runtime/contract/status_details.hpp"
#include "runtime/rest/field_text.hpp"
#include "runtime/rest/percent_encoding.hpp"
#include "runtime/rest/query_string.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/reflection.h>

#include <algorithm>
#include <limits>
#include <set>

namespace troupe {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using field_path = std::vector<const FieldDescriptor*>;

status bad_field(std::string_view where, std::string field, std::string_view why) {
  auto outcome = invalid_argument("{} \"{:.128}\": {}", where, field, why);
  return with_field_violation(std::move(outcome), std::move(field), std::string{why});
}

bool has_content(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") != std::string_view::npos;
}

status parse_protobuf(std::string_view bytes, Message& into) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return resource_exhausted("a protobuf message has at most 2 GiB");
  if (!into.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return invalid_argument("the body is not a serialized {}", into.GetDescriptor()->full_name());
  if (!into.IsInitialized())
    return invalid_argument("the body lacks required fields: {}", into.InitializationErrorString());
  return {};
}

// The message inside of `message` that holds the last field of `path`, or null where one on the way is not
// set.
const Message* holder_of(const Message& message, const field_path& path) {
  const auto* at = &message;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (!at->GetReflection()->HasField(*at, path[i])) return nullptr;
    at = &at->GetReflection()->GetMessage(*at, path[i]);
  }
  return at;
}

bool is_set(const Message& message, const field_path& path) {
  const auto* holder = holder_of(message, path);
  if (holder == nullptr) return false;
  const auto& reflection = *holder->GetReflection();
  return path.back()->is_repeated() ? reflection.FieldSize(*holder, path.back()) > 0
                                    : reflection.HasField(*holder, path.back());
}

// One field as JSON, to compare and to show it.
std::string field_as_json(const Message& message, const field_path& path) {
  std::string out;
  const auto* holder = holder_of(message, path);
  // A value without a JSON form differs from every other one, which is what the comparison is for.
  if (holder != nullptr && !append_json_field(*holder, *path.back(), out).ok()) out += '?';
  return out;
}

class request_builder {
public:
  request_builder(const rest_match& match, const request_limits& limits)
    : match_(match), binding_(match.route->binding), limits_(limits),
      message_(match.route->method->new_request()) {}

  status read_body(const request_body& body) {
    const json_parse_options options{.max_depth = limits_.json_depth, .refuse_unknown_enum_numbers = true};
    switch (binding_.body) {
    case body_binding::none:
      if (body.bytes.empty()) return {};
      return invalid_argument("{} {} takes no body; send the fields as query parameters",
                              binding_.http_method, binding_.path.to_string());
    case body_binding::whole:
      if (body.format == body_format::protobuf) return parse_protobuf(body.bytes, *message_);
      if (!has_content(body.bytes)) return {};
      return parse_json(body.bytes, *message_, options);
    case body_binding::field:
      break;
    }
    const auto& field = *binding_.body_field;
    if (body.format == body_format::json) {
      if (!has_content(body.bytes)) return {};
      return parse_json_field(body.bytes, *message_, field, options);
    }
    if (field.is_repeated() || field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      return invalid_argument("the body is field \"{}\", which is not a message: send it as application/json",
                              field.name());
    return parse_protobuf(body.bytes, *message_->GetReflection()->MutableMessage(message_.get(), &field));
  }

  status bind_path() {
    for (std::size_t i = 0; i < binding_.variables.size(); ++i) {
      const auto& path = binding_.variables[i];
      const auto& variable = binding_.path.variables[i];
      const auto value = variable.several_segments ? percent_decode_keeping_slashes(match_.values[i])
                                                   : percent_decode(match_.values[i]);
      if (!value)
        return bad_field("path variable", variable.field_path,
                         "a \"%\" is not followed by two hexadecimal digits");
      const auto in_body = is_set(*message_, path) ? field_as_json(*message_, path) : std::string{};
      if (!in_body.empty()) clear(path);
      if (auto bad = set_field_from_text(*message_, path, *value); !bad.ok())
        return bad_field("path variable", variable.field_path, bad.message());
      if (!in_body.empty() && in_body != field_as_json(*message_, path))
        return bad_field(
          "field", variable.field_path,
          fmt::format("the body says {:.64}, the path says {:.64}", in_body, field_as_json(*message_, path)));
    }
    return {};
  }

  status bind_query(std::string_view query) {
    if (query.empty()) return {};
    auto parameters = parse_query_string(query, limits_.query_parameters);
    if (!parameters) return parameters.error();
    for (const auto& parameter : *parameters)
      if (auto bad = bind_parameter(parameter); !bad.ok()) return bad;
    return {};
  }

  std::shared_ptr<Message> take() { return std::move(message_); }

private:
  void clear(const field_path& path) {
    auto* at = message_.get();
    for (std::size_t i = 0; i + 1 < path.size(); ++i)
      at = at->GetReflection()->MutableMessage(at, path[i]);
    at->GetReflection()->ClearField(at, path.back());
  }

  status bind_parameter(const query_parameter& parameter) {
    const auto& name = parameter.name;
    const auto names = split_names(name);
    if (names.size() > limits_.json_depth) // recursive messages have names of any length
      return bad_field("query parameter", name,
                       fmt::format("it leads through more than {} messages", limits_.json_depth));
    const auto path = resolve_field_path(*message_->GetDescriptor(), names);
    if (!path) return bad_field("query parameter", name, path.error().message());
    if (const auto why = refusal(*path); !why.empty()) return bad_field("query parameter", name, why);
    // Only the query writes these fields, so one that is set was named before.
    const auto& leaf = *path->back();
    if (!leaf.is_repeated() && !seen_.insert(*path).second)
      return bad_field("query parameter", name, "it is given more than once, and the field is not repeated");
    if (const auto* other = other_of_oneof(*path))
      return bad_field("query parameter", name,
                       fmt::format("\"{}\" is given too, and only one of them can be", other->name()));
    if (auto bad = set_field_from_text(*message_, *path, parameter.value); !bad.ok())
      return bad_field("query parameter", name, bad.message());
    return {};
  }

  static std::vector<std::string> split_names(std::string_view text) {
    std::vector<std::string> out;
    for (;;) {
      const auto dot = text.find('.');
      out.emplace_back(text.substr(0, dot));
      if (dot == std::string_view::npos) return out;
      text.remove_prefix(dot + 1);
    }
  }

  // Why a field cannot come from the query; empty when it can.
  std::string refusal(const field_path& path) const {
    if (binding_.body == body_binding::whole) return "every field is in the body or the path of this method";
    if (binding_.body == body_binding::field && path.front() == binding_.body_field)
      return "the field is the body of this method";
    for (const auto& variable : binding_.variables)
      if (variable == path) return "the field is bound by the path";
    if (!has_text_form(*path.back()))
      return path.back()->is_map() ? "a map cannot be a query parameter"
                                   : fmt::format("a {} cannot be a query parameter; name one of its fields",
                                                 path.back()->message_type()->full_name());
    return {};
  }

  // The field of the same oneof that has a value already, on any level of the path.
  const FieldDescriptor* other_of_oneof(const field_path& path) const {
    const auto* at = message_.get();
    for (const auto* field : path) {
      const auto& reflection = *at->GetReflection();
      if (const auto* oneof = field->real_containing_oneof()) {
        const auto* set = reflection.GetOneofFieldDescriptor(*at, oneof);
        if (set != nullptr && set != field) return set;
      }
      if (field == path.back() || !reflection.HasField(*at, field)) return nullptr;
      at = &reflection.GetMessage(*at, field);
    }
    return nullptr;
  }

  const rest_match& match_;
  const http_binding& binding_;
  const request_limits& limits_;
  std::shared_ptr<Message> message_;
  std::set<field_path> seen_;
};

} // namespace

result<std::shared_ptr<Message>> build_request(const rest_match& match, std::string_view query,
                                               const request_body& body, const request_limits& limits) {
  request_builder builder{match, limits};
  if (auto bad = builder.read_body(body); !bad.ok()) return bad;
  if (auto bad = builder.bind_path(); !bad.ok()) return bad;
  if (auto bad = builder.bind_query(query); !bad.ok()) return bad;
  return builder.take();
}

status render_reply(const rest_route& route, const Message& reply, body_format format, std::string& out,
                    const json_render_options& options) {
  const auto* field = route.binding.response_field;
  if (format == body_format::json)
    return field == nullptr ? append_json(reply, out, options)
                            : append_json_field(reply, *field, out, options);
  const auto* content = &reply;
  if (field != nullptr) {
    if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      return invalid_argument(
        "the response body is field \"{}\", which is not a message: accept application/json", field->name());
    content = &reply.GetReflection()->GetMessage(reply, field);
  }
  if (!content->AppendPartialToString(&out))
    return internal("{} is too large to serialize", content->GetDescriptor()->full_name());
  return {};
}

} // namespace troupe
