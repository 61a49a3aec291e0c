#include "runtime/contract_check/problem_list.hpp"
#include "troupe/options.pb.h"

#include <fmt/core.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

// google.protobuf.Duration's own bounds, in seconds (duration.proto).
constexpr std::int64_t max_duration_seconds = 315'576'000'000;
constexpr std::int32_t nanos_per_second = 1'000'000'000;

// A message has at most 2 GiB - 1 (protobuf's "Size Limits").
constexpr std::uint64_t max_message_bytes = 0x7FFF'FFFF;

bool fits_key(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
  case pb::FieldDescriptor::CPPTYPE_INT32:
  case pb::FieldDescriptor::CPPTYPE_INT64:
  case pb::FieldDescriptor::CPPTYPE_UINT32:
  case pb::FieldDescriptor::CPPTYPE_UINT64:
    return true;
  case pb::FieldDescriptor::CPPTYPE_STRING:
    return field.type() == pb::FieldDescriptor::TYPE_STRING;
  default:
    return false;
  }
}

std::string kind_of(const pb::FieldDescriptor& field) {
  if (field.is_map()) return "a map";
  if (field.is_repeated()) return "repeated";
  return fmt::format("of type {}", field.type_name());
}

void validate_entity(const pb::ServiceDescriptor& service, problem_list& problems) {
  if (!service.options().HasExtension(troupe::entity)) return;
  const auto where = position_of(service, troupe::kEntityFieldNumber);
  const auto& key = service.options().GetExtension(troupe::entity).key();
  if (key.empty()) {
    problems.error(
      where, fmt::format("{}: the option troupe.entity names no key", service.full_name()),
      "name the request field that says which entity a request is for: `option (troupe.entity) = { key: "
      "\"order_id\" };`");
    return;
  }
  std::set<const pb::Descriptor*> seen;
  for (int i = 0; i < service.method_count(); ++i) {
    const auto& method = *service.method(i);
    const auto& request = *method.input_type();
    if (!seen.insert(&request).second) continue;
    const auto* field = request.FindFieldByName(key);
    if (!field) {
      problems.error(
        where,
        fmt::format("{}: the entity key \"{}\" is no field of {}, the request of {}", service.full_name(),
                    key, request.full_name(), method.name()),
        fmt::format("add `string {} = ...;` to {}, or move {} to a service without troupe.entity", key,
                    request.name(), method.name()));
    } else if (field->is_repeated() || !fits_key(*field)) {
      problems.error(
        where,
        fmt::format("{}: the entity key {} is {}", service.full_name(), field->full_name(), kind_of(*field)),
        "make it a singular string or integer");
    } else if (field->real_containing_oneof()) {
      problems.error(where,
                     fmt::format("{}: the entity key {} is in the oneof {}, so a request may lack it",
                                 service.full_name(), field->full_name(),
                                 field->real_containing_oneof()->name()),
                     "move it out of the oneof");
    }
  }
}

void validate_service(const pb::ServiceDescriptor& service, problem_list& problems) {
  if (!service.options().HasExtension(troupe::service)) return;
  const auto& options = service.options().GetExtension(troupe::service);
  if (options.one_at_a_time() && options.max_concurrent() > 1)
    problems.error(position_of(service, troupe::kServiceFieldNumber),
                   fmt::format("{}: one_at_a_time and max_concurrent = {} contradict each other",
                               service.full_name(), options.max_concurrent()),
                   "keep one of the two");
  if (options.mailbox_limit() != 0 && options.mailbox_limit() < options.max_concurrent())
    problems.error(position_of(service, troupe::kServiceFieldNumber),
                   fmt::format("{}: max_concurrent = {} can never be reached with mailbox_limit = {}",
                               service.full_name(), options.max_concurrent(), options.mailbox_limit()),
                   "raise mailbox_limit or lower max_concurrent");
}

void validate_timeout(const pb::MethodDescriptor& method, const pb::Duration& timeout,
                      problem_list& problems) {
  const bool valid = timeout.nanos() > -nanos_per_second && timeout.nanos() < nanos_per_second
                     && timeout.seconds() <= max_duration_seconds;
  const bool positive = timeout.seconds() > 0 || (timeout.seconds() == 0 && timeout.nanos() > 0);
  if (!valid || !positive || timeout.nanos() < 0)
    problems.error(position_of(method, troupe::kMethodFieldNumber),
                   fmt::format("{}: the timeout of {} s and {} ns is no positive duration",
                               method.full_name(), timeout.seconds(), timeout.nanos()),
                   "write it like `timeout: { seconds: 2 }` or `timeout: { nanos: 250000000 }`");
}

void validate_method(const pb::MethodDescriptor& method, problem_list& problems) {
  if (!method.options().HasExtension(troupe::method)) return;
  const auto& options = method.options().GetExtension(troupe::method);
  if (options.has_timeout()) validate_timeout(method, options.timeout(), problems);
  if (options.max_request_bytes() > max_message_bytes)
    problems.error(position_of(method, troupe::kMethodFieldNumber),
                   fmt::format("{}: max_request_bytes = {} is more than protobuf can read, which is {}",
                               method.full_name(), options.max_request_bytes(), max_message_bytes),
                   "lower it; larger data goes into a stream of messages");
  if (options.require_idempotency_key()
      && method.options().idempotency_level() == pb::MethodOptions::NO_SIDE_EFFECTS)
    problems.warning(position_of(method, troupe::kMethodFieldNumber),
                     fmt::format("{}: requires an Idempotency-Key, though it has no side effects to repeat",
                                 method.full_name()),
                     "remove require_idempotency_key");
  for (const auto& each : options.errors()) {
    if (each.code() == google::rpc::OK)
      problems.error(
        position_of(method, troupe::kMethodFieldNumber),
        fmt::format("{}: an entry of errors has no code, or OK, which is no error", method.full_name()),
        "name a code of google.rpc.Code, like `errors: { code: NOT_FOUND when: \"...\" }`");
    else if (each.when().empty())
      problems.warning(position_of(method, troupe::kMethodFieldNumber),
                       fmt::format("{}: does not say when it fails with {}", method.full_name(),
                                   google::rpc::Code_IsValid(each.code())
                                     ? google::rpc::Code_Name(each.code())
                                     : std::to_string(each.code())),
                       "add `when: \"...\"`, for the documentation");
  }
}

} // namespace

void validate_service_options(contract_files files, problem_list& problems) {
  for (const auto* file : files)
    for (int s = 0; s < file->service_count(); ++s) {
      const auto& service = *file->service(s);
      validate_entity(service, problems);
      validate_service(service, problems);
      for (int m = 0; m < service.method_count(); ++m)
        validate_method(*service.method(m), problems);
    }
}

} // namespace troupe::detail
