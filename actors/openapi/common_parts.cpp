#include "actors/openapi/common_parts.hpp"

#include "actors/openapi/openapi.hpp"
#include "runtime/core/status.hpp"

#include <boost/json.hpp>
#include <google/protobuf/any.pb.h>

namespace troupe::openapi {

namespace {

namespace json = boost::json;

// With a package, as every message of a contract should have, so that they meet no message by accident.
constexpr auto problem_name = "troupe.Problem";
constexpr auto status_name = "google.rpc.Status";

json::object reference(std::string_view section, std::string_view name) {
  return {{"$ref", "#/components/" + std::string{section} + "/" + std::string{name}}};
}

json::object header_parameter(std::string_view name, std::string_view text, json::object schema,
                              json::value example) {
  return {{"name", name},
          {"in", "header"},
          {"description", text},
          {"schema", std::move(schema)},
          {"example", std::move(example)}};
}

json::object text_schema(int longest) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", longest}};
}

json::object parameter_definition(std::string_view name) {
  if (name == "IdempotencyKey" || name == "RequiredIdempotencyKey") {
    auto out = header_parameter(
      "Idempotency-Key",
      "A name of this request that the client makes up. A request with the same key and the same content is "
      "executed once, however often it is sent; the recorded answer is sent again.",
      text_schema(255), "7c4a8d09-ca37-4b0e-9b1f-0d6f2c1e8a52");
    if (name == "RequiredIdempotencyKey") out["required"] = true;
    return out;
  }
  if (name == "IfMatch")
    return header_parameter(
      "If-Match",
      "Executes the request only when the resource still has one of these entity tags, and "
      "otherwise answers 412.",
      {{"type", "string"}}, "\"v1\"");
  if (name == "IfNoneMatch")
    return header_parameter(
      "If-None-Match", "Answers 304 without a body when the resource still has one of these entity tags.",
      {{"type", "string"}}, "\"v1\"");
  if (name == "RequestTimeout")
    return header_parameter(
      "Request-Timeout",
      "How many seconds the client waits. The deadline travels with the call through every "
      "service; once it passed, the answer is 504.",
      {{"type", "number"}, {"exclusiveMinimum", 0}}, 2.5);
  return header_parameter(
    "traceparent", "The caller's span, which the call becomes a child of (W3C Trace Context).",
    {{"type", "string"}, {"pattern", "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"}},
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
}

json::object header_definition(std::string_view name) {
  if (name == "ETag")
    return {{"description", "The entity tag of the resource, for If-Match and If-None-Match."},
            {"schema", {{"type", "string"}}},
            {"example", "\"v1\""}};
  return {{"description", "The span that answered (W3C Trace Context), to find the call in traces and logs."},
          {"schema", {{"type", "string"}}},
          {"example", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}};
}

json::array code_names() {
  json::array out;
  for (int number = 1; number < status_code_count; ++number)
    out.emplace_back(json::string_view{to_string(static_cast<status_code>(number))});
  return out;
}

json::object details_schema() {
  return {{"type", "array"},
          {"description", "Typed details, such as `google.rpc.BadRequest` with the fields that are wrong."},
          {"items", *well_known_schema(*google::protobuf::Any::descriptor())}};
}

json::object problem_schema() {
  json::object properties;
  properties["type"] = json::object{{"type", "string"}, {"format", "uri-reference"}};
  properties["title"] = json::object{{"type", "string"}};
  properties["status"] = json::object{{"type", "integer"}, {"minimum", 400}, {"maximum", 599}};
  properties["detail"] =
    json::object{{"type", "string"}, {"description", "What went wrong and what to do about it."}};
  properties["instance"] = json::object{{"type", "string"}, {"format", "uri-reference"}};
  properties["code"] = json::object{{"type", "string"}, {"enum", code_names()}};
  properties["details"] = details_schema();
  return {{"type", "object"},
          {"title", "Problem"},
          {"description", "Why a request failed (RFC 9457), with the canonical code of gRPC."},
          {"properties", std::move(properties)},
          {"required", json::array{"title", "status", "code"}}};
}

json::object status_schema() {
  json::object properties;
  properties["code"] =
    json::object{{"type", "integer"}, {"format", "int32"}, {"minimum", 1}, {"maximum", 16}};
  properties["message"] = json::object{{"type", "string"}};
  properties["details"] = details_schema();
  return {
    {"type", "object"},
    {"title", "Status"},
    {"description", "The same failure as google.rpc.Status, for clients that accept only application/json."},
    {"properties", std::move(properties)},
    {"required", json::array{"code"}}};
}

json::object failure_definition() {
  json::object problem{{"schema", schema_reference(problem_name)},
                       {"example",
                        {{"type", "about:blank"},
                         {"title", "Not Found"},
                         {"status", 404},
                         {"detail", "no such resource"},
                         {"code", "NOT_FOUND"}}}};
  json::object status{{"schema", schema_reference(status_name)},
                      {"example", {{"code", 5}, {"message", "no such resource"}}}};
  json::object content;
  content["application/problem+json"] = std::move(problem);
  content["application/json"] = std::move(status);
  return {{"description", "The request failed."}, {"content", std::move(content)}};
}

} // namespace

json::object common_parts::parameter(std::string_view name) {
  parameters_.emplace(name);
  return reference("parameters", name);
}

json::object common_parts::header(std::string_view name) {
  headers_.emplace(name);
  return reference("headers", name);
}

json::object common_parts::failure(std::string_view description) {
  if (responses_.emplace("Failure").second) {
    schemas_->add(problem_name, problem_schema());
    schemas_->add(status_name, status_schema());
  }
  auto out = reference("responses", "Failure");
  if (!description.empty()) out["description"] = description;
  return out;
}

json::object common_parts::not_modified() {
  responses_.emplace("NotModified");
  headers_.emplace("ETag");
  return reference("responses", "NotModified");
}

json::object common_parts::components(const openapi_options& options) const {
  json::object out;
  json::object section;
  for (const auto& name : responses_) {
    if (name == "Failure") {
      section[name] = failure_definition();
    } else {
      section[name] = json::object{{"description", "The resource still has the entity tag of If-None-Match."},
                                   {"headers", {{"ETag", reference("headers", "ETag")}}}};
    }
  }
  if (!section.empty()) out["responses"] = std::move(section);

  section = {};
  for (const auto& name : parameters_)
    section[name] = parameter_definition(name);
  if (!section.empty()) out["parameters"] = std::move(section);

  section = {};
  for (const auto& name : headers_)
    section[name] = header_definition(name);
  if (!section.empty()) out["headers"] = std::move(section);

  if (options.bearer_tokens) {
    json::object bearer{{"type", "http"}, {"scheme", "bearer"}};
    if (!options.bearer_format.empty()) bearer["bearerFormat"] = options.bearer_format;
    out["securitySchemes"] = json::object{{"bearer", std::move(bearer)}};
  }
  return out;
}

} // namespace troupe::openapi
