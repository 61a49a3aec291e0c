#include "google/api/annotations.pb.h"
#include "runtime/contract_check/problem_list.hpp"
#include "runtime/rest/http_binding.hpp"
#include "troupe/options.pb.h"

#include <fmt/core.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

source_position position_of_rule(const pb::MethodDescriptor& method) {
  return position_of(method, google::api::kHttpFieldNumber);
}

void take_over(std::vector<http_rule_problem>&& found, problem_list& problems) {
  for (auto& each : found)
    problems.error(position_of_rule(*each.method), std::move(each.problem), std::move(each.fix));
}

// What HTTP promises of the verb must agree with what the contract promises of the method (RFC 9110
// section 9.2): proxies and browsers act on the one, callers inside the system on the other.
void validate_verb(const http_binding& binding, problem_list& problems) {
  const auto& method = *binding.method;
  const auto level = method.options().idempotency_level();
  const auto& verb = binding.http_method;
  const bool reads = verb == "GET" || verb == "HEAD" || verb == "OPTIONS";
  if (reads && level != pb::MethodOptions::NO_SIDE_EFFECTS && binding.index == 0)
    problems.warning(
      position_of_rule(method),
      fmt::format("{}: {} promises HTTP clients and caches a method without side effects, the contract "
                  "does not",
                  method.full_name(), verb),
      "add `option idempotency_level = NO_SIDE_EFFECTS;`, which also makes it safe to retry, or use POST");
  if (level == pb::MethodOptions::NO_SIDE_EFFECTS && (verb == "PUT" || verb == "DELETE" || verb == "PATCH"))
    problems.error(position_of_rule(method),
                   fmt::format("{}: {} changes something, but idempotency_level is NO_SIDE_EFFECTS",
                               method.full_name(), verb),
                   "use GET (or POST, for requests too large for a URL), or idempotency_level = IDEMPOTENT");
}

bool is_bound(const http_binding& binding, const pb::FieldDescriptor& field) {
  return std::ranges::any_of(binding.variables, [&](const auto& fields) { return fields.front() == &field; });
}

// Without a body, what the path does not carry comes in the query, which has no form for maps and lists of
// messages.
void validate_query(const http_binding& binding, problem_list& problems) {
  if (binding.body == body_binding::whole) return;
  const auto& request = *binding.method->input_type();
  for (int i = 0; i < request.field_count(); ++i) {
    const auto& field = *request.field(i);
    if (&field == binding.body_field || is_bound(binding, field)) continue;
    if (field.is_repeated() && field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE)
      problems.warning(
        position_of_rule(*binding.method),
        fmt::format("{}: the field {} is a {}, which fits neither into the path nor into the query: "
                    "{} requests cannot set it",
                    binding.method->full_name(), field.name(), field.is_map() ? "map" : "list of messages",
                    binding.http_method),
        fmt::format("use POST with `body: \"*\"`, or `body: \"{}\"`", field.name()));
    if (field.options().GetExtension(troupe::field).sensitive())
      problems.warning(
        position_of_rule(*binding.method),
        fmt::format("{}: the sensitive field {} would be part of URLs, which proxies and browsers keep",
                    binding.method->full_name(), field.name()),
        "use POST with `body: \"*\"`");
  }
}

// What every node answers itself (actors/host), before any service's routes.
constexpr std::string_view node_paths[] = {"docs", "healthz", "metrics", "openapi.json"};

void validate_path(const http_binding& binding, problem_list& problems) {
  const auto& first =
    binding.path.segments.empty() ? path_segment{segment_kind::rest, {}} : binding.path.segments[0];
  if (first.kind == segment_kind::literal
      && std::ranges::find(node_paths, first.text) != std::end(node_paths))
    problems.warning(position_of_rule(*binding.method),
                     fmt::format("{}: paths below /{} belong to the node itself, which may answer them first",
                                 binding.method->full_name(), first.text),
                     fmt::format("choose another path, such as /v1{}", binding.path.to_string()));
  for (const auto& fields : binding.variables)
    if (fields.back()->options().GetExtension(troupe::field).sensitive())
      problems.warning(
        position_of_rule(*binding.method),
        fmt::format("{}: the sensitive field {} is part of the path, which proxies and browsers keep",
                    binding.method->full_name(), fields.back()->name()),
        "use POST with `body: \"*\"`");
}

} // namespace

void validate_http(contract_files files, problem_list& problems) {
  std::vector<http_binding> all;
  for (const auto* file : files)
    for (int s = 0; s < file->service_count(); ++s)
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        std::vector<http_rule_problem> found;
        auto bindings = http_bindings_of(*file->service(s)->method(m), found);
        take_over(std::move(found), problems);
        for (auto& binding : bindings) {
          validate_verb(binding, problems);
          validate_path(binding, problems);
          validate_query(binding, problems);
          all.push_back(std::move(binding));
        }
      }
  take_over(find_route_collisions(all), problems);
}

} // namespace troupe::detail
