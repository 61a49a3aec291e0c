#include "runtime/contract_check/contract_validation.hpp"

#include "runtime/contract_check/problem_list.hpp"

#include <algorithm>

namespace troupe {

std::vector<contract_problem>
validate_contract(std::span<const google::protobuf::FileDescriptor* const> files) {
  detail::problem_list problems;
  detail::validate_names(files, problems);
  detail::validate_http(files, problems);
  detail::validate_service_options(files, problems);
  detail::validate_message_options(files, problems);
  auto found = std::move(problems).take();
  std::ranges::stable_sort(found, {}, &contract_problem::where);
  return found;
}

bool has_errors(std::span<const contract_problem> problems) noexcept {
  return std::ranges::any_of(problems,
                             [](const auto& each) { return each.severity == problem_severity::error; });
}

} // namespace troupe
