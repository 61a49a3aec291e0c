// The failures that an operation's readers should be ready for, by HTTP status.
#pragma once

#include <map>
#include <string>

namespace google::protobuf {
class MethodDescriptor;
}

namespace troupe::openapi {

struct failure_circumstances {
  bool takes_input = false;
  bool names_resource = false;
  bool takes_idempotency_key = false;
  bool takes_if_match = false;
  bool limits_size = false;
  bool needs_token = false;
};

// Each HTTP status with its reasons in Markdown: those that follow from how the operation is called, and
// those that the contract states in `(troupe.method).errors`, grouped by the status their codes map to.
std::map<int, std::string> failures_of(const google::protobuf::MethodDescriptor& method,
                                       const failure_circumstances& circumstances);

} // namespace troupe::openapi
