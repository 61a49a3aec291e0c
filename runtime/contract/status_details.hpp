// The standard error details of google/rpc/error_details.proto, on a status and off it.
#pragma once

#include "runtime/core/status.hpp"

#include <google/protobuf/message.h>

#include <map>
#include <optional>
#include <string>

namespace troupe {

// Adds a message as a detail. No effect on success.
status with_detail(status outcome, const google::protobuf::Message& detail);

// The first detail of T's type, parsed; nothing when there is none or its bytes are not a T.
template <class T>
std::optional<T> detail_of(const status& outcome) {
  const auto* found = outcome.find_detail(T::descriptor()->full_name());
  std::optional<T> out;
  if (found == nullptr) return out;
  out.emplace();
  if (!out->ParseFromString(found->value)) out.reset();
  return out;
}

// google.rpc.ErrorInfo without its generated header.
struct error_info {
  std::string reason;
  std::string domain;
  std::map<std::string, std::string> metadata;
};
status with_error_info(status outcome, const error_info& info);
std::optional<error_info> error_info_of(const status& outcome);

// google.rpc.BadRequest: adds one field violation to the status (to the BadRequest it has, if any).
status with_field_violation(status outcome, std::string field, std::string description);

} // namespace troupe
