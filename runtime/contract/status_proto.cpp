#include "runtime/contract/status_proto.hpp"

#include "google/rpc/status.pb.h"

namespace troupe {

namespace {

constexpr std::string_view type_prefix = "type.googleapis.com/";

} // namespace

google::rpc::Status to_proto(const status& outcome) {
  google::rpc::Status out;
  out.set_code(static_cast<int>(outcome.code()));
  out.set_message(outcome.message());
  for (const auto& detail : outcome.details()) {
    auto& any = *out.add_details();
    any.set_type_url(std::string{type_prefix} + detail.type);
    any.set_value(detail.value);
  }
  return out;
}

status from_proto(const google::rpc::Status& message) {
  if (message.code() == 0) return {};
  status out{status_code_from_number(message.code()).value_or(status_code::unknown), message.message()};
  for (const auto& any : message.details()) {
    const auto& url = any.type_url();
    out = std::move(out).with_detail({url.substr(url.rfind('/') + 1), any.value()});
  }
  return out;
}

std::string serialize_status(const status& outcome) { return to_proto(outcome).SerializeAsString(); }

std::optional<status> parse_status(std::string_view bytes) {
  google::rpc::Status message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return from_proto(message);
}

} // namespace troupe
