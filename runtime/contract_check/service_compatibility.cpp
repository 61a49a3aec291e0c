#include "runtime/contract_check/contract_versions.hpp"
#include "troupe/options.pb.h"

#include <fmt/core.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

constexpr auto everyone = break_kind::wire | break_kind::json | break_kind::rest | break_kind::source;

// HTTP knows every method but those whose client streams: by its rule, or as POST /package.Service/Method.
break_kinds rest_of(const pb::MethodDescriptor& method) {
  return method.client_streaming() ? break_kinds{} : break_kinds{break_kind::rest};
}

const char* streaming_of(const pb::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidirectional" : "client-streaming";
  return method.server_streaming() ? "server-streaming" : "unary";
}

// How much callers may rely on: more is safe to promise later, less is not.
int strength_of(const pb::MethodDescriptor& method) {
  switch (method.options().idempotency_level()) {
  case pb::MethodOptions::NO_SIDE_EFFECTS:
    return 2;
  case pb::MethodOptions::IDEMPOTENT:
    return 1;
  case pb::MethodOptions::IDEMPOTENCY_UNKNOWN:
    break;
  }
  return 0;
}

// An RPC that the old service did not have, with the types of one that is gone.
std::string rename_hint(const pb::MethodDescriptor& gone, const pb::ServiceDescriptor& after,
                        const contract_versions& versions) {
  for (int i = 0; i < after.method_count(); ++i) {
    const auto& fresh = *after.method(i);
    if (!gone.service()->FindMethodByName(fresh.name())
        && versions.same_type(*gone.input_type(), *fresh.input_type())
        && versions.same_type(*gone.output_type(), *fresh.output_type()))
      return fmt::format(" (renamed to {}?)", fresh.name());
  }
  return {};
}

void compare_method_options(const pb::MethodDescriptor& before, const pb::MethodDescriptor& after,
                            contract_versions& versions) {
  if (strength_of(after) < strength_of(before))
    versions.add(
      "idempotency_weakened", break_kind::wire,
      position_of(after, pb::MethodOptions::kIdempotencyLevelFieldNumber),
      fmt::format("{}: idempotency_level was {} and is {}, but callers of the old contract repeat it",
                  after.full_name(),
                  pb::MethodOptions::IdempotencyLevel_Name(before.options().idempotency_level()),
                  pb::MethodOptions::IdempotencyLevel_Name(after.options().idempotency_level())),
      "keep the promise, or offer a new RPC beside the old one");
  const auto& was = before.options().GetExtension(troupe::method);
  const auto& is = after.options().GetExtension(troupe::method);
  const auto where = position_of(after, troupe::kMethodFieldNumber);
  if (is.require_idempotency_key() && !was.require_idempotency_key())
    versions.add(
      "idempotency_key_required", break_kind::wire | rest_of(after), where,
      fmt::format("{}: callers must send an Idempotency-Key now, and those of the old contract do not",
                  after.full_name()),
      "do not require it; a key that is sent is honoured anyway");
  if (is.max_request_bytes() != 0
      && (was.max_request_bytes() == 0 || is.max_request_bytes() < was.max_request_bytes()))
    versions.add("request_limit_lowered", break_kind::wire | rest_of(after), where,
                 fmt::format("{}: requests may have {} bytes now, and could have {}", after.full_name(),
                             is.max_request_bytes(),
                             was.max_request_bytes() == 0 ? std::string{"more"}
                                                          : std::to_string(was.max_request_bytes())),
                 "keep the limit");
}

void compare_method(const pb::MethodDescriptor& before, const pb::MethodDescriptor& after,
                    contract_versions& versions) {
  const auto rest = rest_of(before);
  if (!versions.same_type(*before.input_type(), *after.input_type()))
    versions.add("request_type_changed", break_kind::wire | break_kind::json | break_kind::source | rest,
                 position_of(after),
                 fmt::format("{}: its request was {} and is {}", after.full_name(),
                             before.input_type()->full_name(), after.input_type()->full_name()),
                 "keep the type and add fields to it, or offer a new RPC beside this one");
  if (!versions.same_type(*before.output_type(), *after.output_type()))
    versions.add("response_type_changed", break_kind::wire | break_kind::json | break_kind::source | rest,
                 position_of(after),
                 fmt::format("{}: its reply was {} and is {}", after.full_name(),
                             before.output_type()->full_name(), after.output_type()->full_name()),
                 "keep the type and add fields to it, or offer a new RPC beside this one");
  if (before.client_streaming() != after.client_streaming()
      || before.server_streaming() != after.server_streaming())
    versions.add(
      "streaming_changed", break_kind::wire | break_kind::source | rest, position_of(after),
      fmt::format("{}: it was {} and is {}", after.full_name(), streaming_of(before), streaming_of(after)),
      fmt::format("keep it {}, and offer a new RPC beside it", streaming_of(before)));
  compare_method_options(before, after, versions);
  compare_http(before, after, versions);
}

void compare_entity(const pb::ServiceDescriptor& before, const pb::ServiceDescriptor& after,
                    contract_versions& versions) {
  const auto was = before.options().GetExtension(troupe::entity).key();
  const auto is = after.options().GetExtension(troupe::entity).key();
  if (was == is) return;
  const auto text = [](const std::string& key) { return key.empty() ? std::string{"none"} : key; };
  versions.add(
    "entity_key_changed", break_kind::wire, position_of(after, troupe::kEntityFieldNumber),
    fmt::format("{}: its entity key was {} and is {}, so that nodes of both versions send the same request "
                "to different actors",
                after.full_name(), text(was), text(is)),
    "keep the key, or offer a new service beside this one");
}

} // namespace

void compare_service(const pb::ServiceDescriptor& before, contract_versions& versions) {
  const auto* after = versions.find(before);
  if (!after) {
    versions.add("service_removed", everyone, versions.position_of_remains(before),
                 fmt::format("{}: the service is gone", before.full_name()),
                 "keep it, marked `option deprecated = true;`, until nobody calls it");
    return;
  }
  for (int i = 0; i < before.method_count(); ++i) {
    const auto& was = *before.method(i);
    if (const auto* is = after->FindMethodByName(was.name()))
      compare_method(was, *is, versions);
    else
      versions.add("rpc_removed", break_kind::wire | break_kind::source | rest_of(was), position_of(*after),
                   fmt::format("{}: the RPC is gone{}", was.full_name(), rename_hint(was, *after, versions)),
                   "keep it, marked `option deprecated = true;`, until nobody calls it");
  }
  compare_entity(before, *after, versions);
}

} // namespace troupe::detail
