#include "runtime/contract/status_details.hpp"

#include "google/rpc/error_details.pb.h"

namespace troupe {

status with_detail(status outcome, const google::protobuf::Message& detail) {
  if (outcome.ok()) return outcome;
  return std::move(outcome).with_detail(
    {detail.GetDescriptor()->full_name(), detail.SerializePartialAsString()});
}

status with_error_info(status outcome, const error_info& info) {
  google::rpc::ErrorInfo message;
  message.set_reason(info.reason);
  message.set_domain(info.domain);
  for (const auto& [key, value] : info.metadata)
    (*message.mutable_metadata())[key] = value;
  return with_detail(std::move(outcome), message);
}

std::optional<error_info> error_info_of(const status& outcome) {
  auto message = detail_of<google::rpc::ErrorInfo>(outcome);
  if (!message) return std::nullopt;
  error_info out{.reason = message->reason(), .domain = message->domain(), .metadata = {}};
  for (const auto& [key, value] : message->metadata())
    out.metadata.emplace(key, value);
  return out;
}

status with_field_violation(status outcome, std::string field, std::string description) {
  if (outcome.ok()) return outcome;
  auto known = detail_of<google::rpc::BadRequest>(outcome);
  auto request = known.value_or(google::rpc::BadRequest{});
  auto& violation = *request.add_field_violations();
  violation.set_field(std::move(field));
  violation.set_description(std::move(description));
  if (!known) return with_detail(std::move(outcome), request);

  // A status never changes, so the one with the longer list is built anew, its details in the order they had.
  status out{outcome.code(), outcome.message()};
  bool replaced = false;
  for (const auto& detail : outcome.details()) {
    if (!replaced && detail.type == google::rpc::BadRequest::descriptor()->full_name()) {
      out = with_detail(std::move(out), request);
      replaced = true;
    } else {
      out = std::move(out).with_detail(detail);
    }
  }
  return out;
}

} // namespace troupe
