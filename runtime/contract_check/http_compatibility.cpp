#include "google/api/annotations.pb.h"
#include "runtime/contract_check/contract_versions.hpp"

#include <fmt/core.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

std::string text_of(const http_binding& binding) {
  return binding.http_method + " " + binding.path.to_string();
}

std::string body_of(const http_binding& binding) {
  switch (binding.body) {
  case body_binding::none:
    return "none";
  case body_binding::whole:
    return "\"*\"";
  case body_binding::field:
    break;
  }
  return "\"" + binding.body_field->name() + "\"";
}

std::string response_of(const http_binding& binding) {
  return binding.response_field ? "the field " + binding.response_field->name() : "the whole reply";
}

// Clients do not see what variables are called.
bool same_route(const http_binding& a, const http_binding& b) {
  return a.http_method == b.http_method && a.path.shape() == b.path.shape();
}

void route_removed(const http_binding& was, const pb::MethodDescriptor& after, contract_versions& versions) {
  const auto where = position_of(after, google::api::kHttpFieldNumber);
  const auto& routes = versions.routes_after();
  const auto taken = std::ranges::find_if(routes, [&](const auto& each) { return same_route(was, each); });
  if (was.implicit) {
    // The route is made of the service's name; that this changed is said already.
    if (was.method->full_name() != after.full_name()) return;
    versions.add(
      "http_binding_removed", break_kind::rest, where,
      fmt::format("{}: {}, the route of RPCs without a rule, is gone now that it has one", after.full_name(),
                  text_of(was)),
      fmt::format("add `additional_bindings {{ post: \"{}\" body: \"*\" }}` to the rule, if somebody uses it",
                  was.path.to_string()));
    return;
  }
  versions.add("http_binding_removed", break_kind::rest, where,
               taken == routes.end()
                 ? fmt::format("{}: the route {} is gone", after.full_name(), text_of(was))
                 : fmt::format("{}: the route {} leads to {} now", after.full_name(), text_of(was),
                               taken->method->full_name()),
               "keep it; further routes go into additional_bindings");
}

} // namespace

void compare_http(const pb::MethodDescriptor& before, const pb::MethodDescriptor& after,
                  contract_versions& versions) {
  std::vector<http_rule_problem> ignored;
  const auto routes = http_bindings_of(after, ignored, true);
  // A method that streams from its client now has no route; streaming_changed says so.
  if (after.client_streaming()) return;
  for (const auto& was : http_bindings_of(before, ignored, true)) {
    const auto is = std::ranges::find_if(routes, [&](const auto& each) { return same_route(was, each); });
    if (is == routes.end()) {
      route_removed(was, after, versions);
      continue;
    }
    const auto where = position_of(after, google::api::kHttpFieldNumber);
    if (body_of(was) != body_of(*is))
      versions.add("http_body_changed", break_kind::rest, where,
                   fmt::format("{}: the body of {} was {} and is {}", after.full_name(), text_of(*is),
                               body_of(was), body_of(*is)),
                   "keep the body, and add another route for the new one");
    if (response_of(was) != response_of(*is))
      versions.add("http_response_body_changed", break_kind::rest, where,
                   fmt::format("{}: the response body of {} was {} and is {}", after.full_name(),
                               text_of(*is), response_of(was), response_of(*is)),
                   "keep the response body, and add another route for the new one");
  }
}

} // namespace troupe::detail
