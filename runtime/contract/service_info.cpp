#include "runtime/contract/service_info.hpp"

#include <google/protobuf/descriptor.h>

namespace troupe {

const google::protobuf::MethodDescriptor& method_info::descriptor() const {
  return *service->descriptor().method(index);
}

const method_info* service_info::find_method(std::string_view method) const noexcept {
  for (const auto& candidate : methods)
    if (candidate.name == method) return &candidate;
  return nullptr;
}

} // namespace troupe
