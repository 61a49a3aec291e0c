#include "actors/grpc_edge/reflection_index.hpp"

#include "grpc/reflection/v1/reflection.pb.h"
#include "runtime/core/status.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <unordered_set>

namespace troupe::grpc_detail {

namespace {

namespace wire = ::grpc::reflection::v1;
namespace proto = ::google::protobuf;

void answer_error(const status& why, wire::ServerReflectionResponse& response) {
  auto& error = *response.mutable_error_response();
  error.set_error_code(static_cast<int>(why.code()));
  error.set_error_message(why.message());
}

// A file, then the files it imports, each once: a client need not ask again for them.
void append_file(const proto::FileDescriptor& file, std::unordered_set<const proto::FileDescriptor*>& seen,
                 wire::FileDescriptorResponse& into) {
  if (!seen.insert(&file).second) return;
  proto::FileDescriptorProto text;
  file.CopyTo(&text);
  into.add_file_descriptor_proto(text.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i)
    append_file(*file.dependency(i), seen, into);
}

} // namespace

reflection_index::reflection_index(std::span<const service_info* const> services) {
  for (const auto* service : services) {
    service_names_.emplace_back(service->name);
    add_file(*service->descriptor().file());
  }
  std::sort(service_names_.begin(), service_names_.end());
}

void reflection_index::add_file(const proto::FileDescriptor& file) {
  if (!files_.emplace(file.name(), &file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i)
    add_file(*file.dependency(i));
}

bool reflection_index::shows(const proto::FileDescriptor* file) const {
  return file != nullptr && files_.contains(file->name());
}

void reflection_index::answer(const wire::ServerReflectionRequest& request, response_type& response) const {
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
  case wire::ServerReflectionRequest::kFileByFilename: {
    auto found = files_.find(request.file_by_filename());
    if (found == files_.end())
      return answer_error(not_found("there is no file '{}' here", request.file_by_filename()), response);
    return answer_file(*found->second, response);
  }
  case wire::ServerReflectionRequest::kFileContainingSymbol:
    return answer_symbol(request.file_containing_symbol(), response);
  case wire::ServerReflectionRequest::kFileContainingExtension:
    return answer_extension(request.file_containing_extension().containing_type(),
                            request.file_containing_extension().extension_number(), response);
  case wire::ServerReflectionRequest::kAllExtensionNumbersOfType:
    return answer_extension_numbers(request.all_extension_numbers_of_type(), response);
  case wire::ServerReflectionRequest::kListServices: {
    auto& list = *response.mutable_list_services_response();
    for (const auto& name : service_names_)
      list.add_service()->set_name(name);
    return;
  }
  case wire::ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
    break;
  }
  answer_error(invalid_argument("the request asks for nothing"), response);
}

void reflection_index::answer_file(const proto::FileDescriptor& file, response_type& response) const {
  std::unordered_set<const proto::FileDescriptor*> seen;
  append_file(file, seen, *response.mutable_file_descriptor_response());
}

void reflection_index::answer_symbol(const std::string& symbol, response_type& response) const {
  const auto* file = proto::DescriptorPool::generated_pool()->FindFileContainingSymbol(symbol);
  if (!shows(file)) return answer_error(not_found("there is no symbol '{}' here", symbol), response);
  answer_file(*file, response);
}

void reflection_index::answer_extension(const std::string& type, int number, response_type& response) const {
  const auto* pool = proto::DescriptorPool::generated_pool();
  const auto* message = pool->FindMessageTypeByName(type);
  const auto* extension = message == nullptr ? nullptr : pool->FindExtensionByNumber(message, number);
  if (extension == nullptr || !shows(extension->file()))
    return answer_error(not_found("there is no extension {} of '{}' here", number, type), response);
  answer_file(*extension->file(), response);
}

void reflection_index::answer_extension_numbers(const std::string& type, response_type& response) const {
  const auto* pool = proto::DescriptorPool::generated_pool();
  const auto* message = pool->FindMessageTypeByName(type);
  if (message == nullptr || !shows(message->file()))
    return answer_error(not_found("there is no message '{}' here", type), response);
  auto& numbers = *response.mutable_all_extension_numbers_response();
  numbers.set_base_type_name(type);
  std::vector<const proto::FieldDescriptor*> extensions;
  pool->FindAllExtensions(message, &extensions);
  for (const auto* extension : extensions)
    if (shows(extension->file())) numbers.add_extension_number(extension->number());
}

} // namespace troupe::grpc_detail
