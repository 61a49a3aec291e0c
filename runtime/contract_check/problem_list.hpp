// Where the parts of the validation put what they find. Internal to contract_check.
#pragma once

#include "runtime/contract_check/contract_problem.hpp"

#include <span>
#include <utility>
#include <vector>

namespace troupe::detail {

class problem_list {
public:
  void error(source_position where, std::string problem, std::string fix) {
    found_.push_back({problem_severity::error, std::move(where), std::move(problem), std::move(fix)});
  }
  void warning(source_position where, std::string problem, std::string fix) {
    found_.push_back({problem_severity::warning, std::move(where), std::move(problem), std::move(fix)});
  }
  std::vector<contract_problem> take() && { return std::move(found_); }

private:
  std::vector<contract_problem> found_;
};

using contract_files = std::span<const google::protobuf::FileDescriptor* const>;

// google.api.http, across all files.
void validate_http(contract_files files, problem_list& problems);
// Names in the generated C++, and what generated code needs of a file.
void validate_names(contract_files files, problem_list& problems);
// troupe.entity, troupe.service and troupe.method.
void validate_service_options(contract_files files, problem_list& problems);
// troupe.event and troupe.field.
void validate_message_options(contract_files files, problem_list& problems);

} // namespace troupe::detail
