#include "actors/openapi/failures.hpp"

#include "runtime/core/status.hpp"
#include "troupe/options.pb.h"

#include <google/protobuf/descriptor.h>

#include <vector>

namespace troupe::openapi {

std::map<int, std::string> failures_of(const google::protobuf::MethodDescriptor& method,
                                       const failure_circumstances& circumstances) {
  std::map<int, std::vector<std::string>> reasons;
  for (const auto& stated : method.options().GetExtension(troupe::method).errors()) {
    const auto code = status_code_from_number(stated.code());
    if (!code || *code == status_code::ok) continue;
    auto reason = "`" + std::string{to_string(*code)} + "`";
    if (!stated.when().empty()) reason.append(": ").append(stated.when());
    reasons[http_status_of(*code)].push_back(std::move(reason));
  }
  const auto add = [&reasons](int status, const char* reason) { reasons[status].emplace_back(reason); };
  if (circumstances.takes_input) add(400, "The request is malformed, or a field of it has no valid value.");
  if (circumstances.needs_token) {
    add(401, "There is no valid token.");
    add(403, "The caller may not do this.");
  }
  if (circumstances.names_resource) add(404, "There is no such resource.");
  if (circumstances.takes_idempotency_key) {
    add(409, "A request with the same Idempotency-Key is still under way.");
    add(422, "The Idempotency-Key was used for a request with another content.");
  }
  if (circumstances.takes_if_match) add(412, "The resource does not have the entity tag of If-Match.");
  if (circumstances.limits_size) add(413, "The body is larger than the contract allows.");
  add(429, "Too many requests, or the service is at its limit.");
  add(503, "The service cannot be reached now.");
  add(504, "The deadline passed.");

  std::map<int, std::string> out;
  for (const auto& [status, list] : reasons) {
    auto& text = out[status];
    if (list.size() == 1) {
      text = list.front();
      continue;
    }
    for (const auto& reason : list)
      text.append(text.empty() ? "- " : "\n- ").append(reason);
  }
  return out;
}

} // namespace troupe::openapi
