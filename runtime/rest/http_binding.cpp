#include "runtime/rest/http_binding.hpp"

#include "google/api/annotations.pb.h"
#include "runtime/rest/field_text.hpp"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <map>
#include <utility>

namespace troupe {

namespace {

using google::api::HttpRule;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// RFC 9110 section 5.6.2; methods are case-sensitive, and every registered one is in upper case.
bool is_http_method(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string known_fields(const Descriptor& message) {
  std::string out;
  for (int i = 0; i < message.field_count(); ++i) {
    if (i == 12) return out + ", ...";
    out += (i == 0 ? "" : ", ") + message.field(i)->name();
  }
  return out.empty() ? "it has none" : out;
}

// Checks one rule of one method and resolves what it names.
class rule_reader {
public:
  rule_reader(const MethodDescriptor& method, std::size_t index, const HttpRule& rule,
              std::vector<http_rule_problem>& problems)
    : method_(method), index_(index), rule_(rule), problems_(problems), before_(problems.size()) {}

  // True when the rule is sound.
  bool read(http_binding& out) {
    out.method = &method_;
    out.index = index_;
    std::string text;
    if (!read_pattern(out.http_method, text)) return false;
    auto path = parse_path_template(text);
    if (!path) {
      problem(path.error().message(),
              "write the path as \"/v1/things/{field}\"; proto/google/api/http.proto has the grammar");
      return false;
    }
    out.path = std::move(*path);
    read_variables(out);
    read_body(out);
    read_response_body(out);
    return problems_.size() == before_;
  }

private:
  void problem(std::string_view what, std::string fix) {
    auto where = index_ == 0 ? std::string{} : fmt::format(" (additional binding {})", index_);
    problems_.push_back(
      {&method_, index_, fmt::format("{}{}: {}", method_.full_name(), where, what), std::move(fix)});
  }

  bool read_pattern(std::string& http_method, std::string& path) {
    switch (rule_.pattern_case()) {
    case HttpRule::kGet:
      http_method = "GET", path = rule_.get();
      return true;
    case HttpRule::kPut:
      http_method = "PUT", path = rule_.put();
      return true;
    case HttpRule::kPost:
      http_method = "POST", path = rule_.post();
      return true;
    case HttpRule::kDelete:
      http_method = "DELETE", path = rule_.delete_();
      return true;
    case HttpRule::kPatch:
      http_method = "PATCH", path = rule_.patch();
      return true;
    case HttpRule::kCustom:
      http_method = rule_.custom().kind(), path = rule_.custom().path();
      if (http_method == "*" || is_http_method(http_method)) return true;
      problem(fmt::format("custom kind \"{}\" is not an HTTP method", http_method),
              "write an HTTP method in upper case, such as \"HEAD\", or \"*\" for every one");
      return false;
    case HttpRule::PATTERN_NOT_SET:
      break;
    }
    problem("the HTTP rule has no pattern", "add one, such as get: \"/v1/things/{id}\"");
    return false;
  }

  void read_variables(http_binding& out) {
    for (const auto& variable : out.path.variables) {
      auto fields = resolve_field_path(*method_.input_type(), variable.fields);
      if (!fields) {
        problem(fmt::format("path variable \"{}\": {}", variable.field_path, fields.error().message()),
                fmt::format("name a field of {} ({})", method_.input_type()->full_name(),
                            known_fields(*method_.input_type())));
        continue;
      }
      const auto& leaf = *fields->back();
      if (leaf.is_repeated())
        problem(fmt::format("path variable \"{}\" names a repeated field", variable.field_path),
                "bind a singular field; repeated ones can come in the query or the body");
      else if (!has_text_form(leaf))
        problem(
          fmt::format("path variable \"{}\" names a field of message type {}", variable.field_path,
                      leaf.message_type()->full_name()),
          fmt::format("bind one of its fields, such as {{{}.{}}}", variable.field_path,
                      leaf.message_type()->field_count() > 0 ? leaf.message_type()->field(0)->name() : "id"));
      out.variables.push_back(std::move(*fields));
    }
  }

  void read_body(http_binding& out) {
    if (rule_.body().empty()) return;
    if (out.http_method == "GET" || out.http_method == "HEAD" || out.http_method == "DELETE")
      problem(
        fmt::format("{} with a body", out.http_method),
        "remove `body`, so that the fields are query parameters; or use POST (RFC 9110 gives the content of "
        "such a request no meaning, and proxies drop it)");
    if (rule_.body() == "*") {
      out.body = body_binding::whole;
      return;
    }
    out.body = body_binding::field;
    out.body_field = method_.input_type()->FindFieldByName(rule_.body());
    if (out.body_field == nullptr) {
      problem(
        fmt::format("body \"{}\" is not a field of {}", rule_.body(), method_.input_type()->full_name()),
        fmt::format("write \"*\" or one of its own fields: {}", known_fields(*method_.input_type())));
      return;
    }
    for (const auto& variable : out.variables)
      if (variable.size() == 1 && variable.front() == out.body_field)
        problem(fmt::format("field \"{}\" is both a path variable and the body", rule_.body()),
                "let the body be another field, or \"*\"");
  }

  void read_response_body(http_binding& out) {
    if (rule_.response_body().empty()) return;
    out.response_field = method_.output_type()->FindFieldByName(rule_.response_body());
    if (out.response_field == nullptr)
      problem(fmt::format("response_body \"{}\" is not a field of {}", rule_.response_body(),
                          method_.output_type()->full_name()),
              fmt::format("write one of its own fields: {}", known_fields(*method_.output_type())));
  }

  const MethodDescriptor& method_;
  const std::size_t index_;
  const HttpRule& rule_;
  std::vector<http_rule_problem>& problems_;
  const std::size_t before_;
};

http_binding implicit_binding(const MethodDescriptor& method) {
  http_binding out;
  out.method = &method;
  out.implicit = true;
  out.http_method = "POST";
  out.path.segments = {{segment_kind::literal, method.service()->full_name()},
                       {segment_kind::literal, method.name()}};
  out.body = body_binding::whole;
  return out;
}

} // namespace

bool has_http_rule(const MethodDescriptor& method) {
  return method.options().HasExtension(google::api::http);
}

std::vector<http_binding> http_bindings_of(const MethodDescriptor& method,
                                           std::vector<http_rule_problem>& problems, bool implicit) {
  std::vector<http_binding> out;
  if (!has_http_rule(method)) {
    if (implicit && !method.client_streaming()) out.push_back(implicit_binding(method));
    return out;
  }
  if (method.client_streaming()) {
    problems.push_back(
      {&method, 0, fmt::format("{}: a method whose client streams has an HTTP rule", method.full_name()),
       "remove the rule (the method is reached by gRPC), or let the request be one message"});
    return out;
  }
  const auto& rule = method.options().GetExtension(google::api::http);
  for (int i = 0; i <= rule.additional_bindings_size(); ++i) {
    const auto& one = i == 0 ? rule : rule.additional_bindings(i - 1);
    if (i > 0 && one.additional_bindings_size() > 0)
      problems.push_back({&method, static_cast<std::size_t>(i),
                          fmt::format("{} (additional binding {}): it has additional bindings of its own",
                                      method.full_name(), i),
                          "put every additional binding into the rule itself"});
    http_binding binding;
    if (rule_reader{method, static_cast<std::size_t>(i), one, problems}.read(binding))
      out.push_back(std::move(binding));
  }
  return out;
}

std::vector<http_rule_problem> find_route_collisions(std::span<const http_binding> bindings) {
  std::vector<http_rule_problem> out;
  std::map<std::pair<std::string, std::string>, const http_binding*> seen;
  for (const auto& binding : bindings) {
    const auto [first, added] = seen.try_emplace({binding.http_method, binding.path.shape()}, &binding);
    if (added) continue;
    const auto& other = *first->second;
    out.push_back({binding.method, binding.index,
                   fmt::format("{}: {} {} is taken by {} ({} {})", binding.method->full_name(),
                               binding.http_method, binding.path.to_string(), other.method->full_name(),
                               other.http_method, other.path.to_string()),
                   "change one of the two paths, or append a custom verb such as \":cancel\" to it"});
  }
  return out;
}

} // namespace troupe
