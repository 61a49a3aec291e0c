#include "actors/openapi/operation.hpp"

#include "actors/openapi/example.hpp"
#include "actors/openapi/failures.hpp"
#include "actors/openapi/json_text.hpp"
#include "actors/openapi/parameters.hpp"
#include "troupe/options.pb.h"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

namespace troupe::openapi {

namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool has_etag_field(const Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i)
    if (message.field(i)->options().GetExtension(troupe::field).etag()) return true;
  return false;
}

// The message or one in it has a version, which the edge then sets from If-Match: UpdateOrder { Order order =
// 1; }.
bool takes_version(const Descriptor& message) {
  if (has_etag_field(message)) return true;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    if (!field.is_repeated() && field.message_type() != nullptr && has_etag_field(*field.message_type()))
      return true;
  }
  return false;
}

// Bytes of protobuf. A string to schema readers, who otherwise take a body without a schema for "anything".
json::object protobuf_media(const Descriptor& message) {
  return {{"schema",
           {{"type", "string"},
            {"contentMediaType", "application/x-protobuf"},
            {"description", "A serialized `" + message.full_name() + "`."}}}};
}

class operation_builder {
public:
  operation_builder(const rest_route& route, const openapi_path& path, const operation_context& context,
                    const document_parts& parts)
    : binding_(&route.binding), method_(&route.method->descriptor()), info_(route.method), path_(&path),
      context_(&context), parts_(&parts), option_(&method_->options().GetExtension(troupe::method)) {}

  json::object build() {
    json::object out;
    out["tags"] = json::array{json::value(context_->tag)};
    const auto comment = parts_->comments.description(method_->full_name());
    auto summary = first_sentence(comment);
    if (summary.empty()) summary = words_of_camel_case(method_->name());
    if (summary.size() > longest_summary)
      summary = summary.substr(0, summary.rfind(' ', longest_summary)) + " ...";
    out["summary"] = summary;
    if (auto text = description(comment, summary); !text.empty()) out["description"] = text;
    out["operationId"] = context_->id;
    if (auto list = parameters(); !list.empty()) out["parameters"] = std::move(list);
    if (binding_->body != body_binding::none) out["requestBody"] = request_body();
    out["responses"] = responses();
    if (method_->options().deprecated() || method_->service()->options().deprecated())
      out["deprecated"] = true;
    return out;
  }

private:
  static constexpr std::size_t longest_summary = 120;

  bool reads() const { return binding_->http_method == "GET" || binding_->http_method == "HEAD"; }
  // A key makes a request safe to repeat that is not so by itself.
  bool takes_idempotency_key() const {
    return option_->require_idempotency_key()
           || (!info_->may_repeat() && !reads() && !info_->server_streams());
  }
  bool takes_if_match() const {
    return !reads() && !info_->server_streams()
           && ((context_->path_has_get && binding_->http_method != "POST")
               || takes_version(*method_->input_type()));
  }
  bool gives_etag() const {
    return !info_->server_streams() && (reads() || has_etag_field(*method_->output_type()));
  }

  std::string description(const std::string& comment, const std::string& summary) const {
    std::string text =
      first_sentence(comment) == summary && comment.size() <= summary.size() + 1 ? "" : comment;
    const auto add = [&text](const std::string& paragraph) {
      if (!text.empty()) text.append("\n\n");
      text.append(paragraph);
    };
    if (binding_->http_method == "*") add("Every HTTP method is answered alike.");
    if (option_->has_timeout())
      add(fmt::format("Unless the client sets a deadline, it is {:g} s.",
                      static_cast<double>(option_->timeout().seconds()) + option_->timeout().nanos() * 1e-9));
    return text;
  }

  json::array parameters() {
    auto out = path_parameters(*path_, parts_->comments, parts_->schemas);
    for (auto& parameter : query_parameters(*binding_, parts_->comments, parts_->schemas))
      out.push_back(std::move(parameter));
    if (takes_idempotency_key())
      out.push_back(parts_->common.parameter(option_->require_idempotency_key() ? "RequiredIdempotencyKey"
                                                                                : "IdempotencyKey"));
    if (takes_if_match()) out.push_back(parts_->common.parameter("IfMatch"));
    if (reads() && gives_etag()) out.push_back(parts_->common.parameter("IfNoneMatch"));
    return out;
  }

  json::object request_body() {
    json::object schema;
    json::value example;
    std::string text;
    const auto* message = method_->input_type();
    if (binding_->body == body_binding::field) {
      const auto& field = *binding_->body_field;
      schema = parts_->schemas.of_field(field);
      example = example_of(field);
      text = parts_->comments.description(field.full_name());
      schema.erase("description");
      message = field.is_repeated() ? nullptr : field.message_type();
    } else {
      const auto in_path = fields_in_path(*binding_);
      schema = parts_->schemas.of_remainder(*message, in_path, context_->id + "Body");
      example = example_of(*message, in_path);
      text = parts_->comments.description(message->full_name());
    }
    if (option_->max_request_bytes() != 0)
      text.append(text.empty() ? "" : "\n\n")
        .append(fmt::format("At most {} bytes.", option_->max_request_bytes()));

    json::object content;
    content["application/json"] =
      json::object{{"schema", std::move(schema)}, {"example", std::move(example)}};
    if (message != nullptr) content["application/x-protobuf"] = protobuf_media(*message);
    json::object out;
    if (!text.empty()) out["description"] = text;
    out["required"] = true;
    out["content"] = std::move(content);
    return out;
  }

  json::object reply_content() {
    const auto* message = method_->output_type();
    const auto* field = binding_->response_field;
    auto schema = field != nullptr ? parts_->schemas.of_field(*field) : parts_->schemas.of_message(*message);
    auto example = field != nullptr ? example_of(*field) : example_of(*message);
    json::object content;
    if (!info_->server_streams()) {
      content["application/json"] =
        json::object{{"schema", std::move(schema)}, {"example", std::move(example)}};
      if (field == nullptr) content["application/x-protobuf"] = protobuf_media(*message);
      if (field != nullptr && !field->is_repeated() && field->message_type() != nullptr)
        content["application/x-protobuf"] = protobuf_media(*field->message_type());
      return content;
    }
    const auto line = json_text(example, false);
    content["application/json"] =
      json::object{{"schema", {{"type", "array"}, {"items", schema}}}, {"example", json::array{example}}};
    // OpenAPI 3.1 has no word yet for the items of a stream: contentSchema (JSON Schema validation,
    // section 8.5) says what each of them holds.
    content["text/event-stream"] =
      json::object{{"schema",
                    {{"type", "string"},
                     {"description", "Server-sent events; the data of each is one message."},
                     {"contentMediaType", "application/json"},
                     {"contentSchema", schema}}},
                   {"example", "data: " + line + "\n\n"}};
    content["application/x-ndjson"] = json::object{{"schema",
                                                    {{"type", "string"},
                                                     {"description", "One message a line."},
                                                     {"contentMediaType", "application/json"},
                                                     {"contentSchema", std::move(schema)}}},
                                                   {"example", line + "\n"}};
    return content;
  }

  json::object responses() {
    json::object headers;
    if (gives_etag()) headers["ETag"] = parts_->common.header("ETag");
    headers["traceparent"] = parts_->common.header("Traceparent");

    auto text = parts_->comments.description(method_->output_type()->full_name());
    if (text.empty()) text = "A `" + method_->output_type()->name() + "`.";
    if (well_known_schema(*method_->output_type()) != nullptr) text = "Done.";
    if (info_->server_streams()) text = "A stream of messages, in the form that Accept asks for. " + text;
    json::object out;
    out["200"] =
      json::object{{"description", text}, {"headers", std::move(headers)}, {"content", reply_content()}};
    if (reads() && gives_etag()) out["304"] = parts_->common.not_modified();

    failure_circumstances circumstances;
    circumstances.takes_input = binding_->body != body_binding::none || !path_->parameters.empty()
                                || method_->input_type()->field_count() > 0;
    circumstances.names_resource = !path_->parameters.empty();
    circumstances.takes_idempotency_key = takes_idempotency_key();
    circumstances.takes_if_match = takes_if_match();
    circumstances.limits_size = option_->max_request_bytes() != 0;
    circumstances.needs_token = context_->bearer_tokens;
    for (const auto& [status, why] : failures_of(*method_, circumstances))
      out[std::to_string(status)] = parts_->common.failure(why);
    out["default"] = parts_->common.failure("");
    return out;
  }

  const http_binding* binding_;
  const google::protobuf::MethodDescriptor* method_;
  const method_info* info_;
  const openapi_path* path_;
  const operation_context* context_;
  const document_parts* parts_;
  const troupe::MethodOptions* option_;
};

} // namespace

json::object operation_of(const rest_route& route, const openapi_path& path, const operation_context& context,
                          const document_parts& parts) {
  return operation_builder{route, path, context, parts}.build();
}

} // namespace troupe::openapi
