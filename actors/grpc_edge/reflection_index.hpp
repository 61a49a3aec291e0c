// What a client may learn of the contracts: the answers of the reflection protocol. Pure and immutable, so
// thread-safe.
#pragma once

#include "runtime/contract/service_info.hpp"

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace google::protobuf {
class FileDescriptor;
} // namespace google::protobuf

namespace grpc::reflection::v1 {
class ServerReflectionRequest;
class ServerReflectionResponse;
} // namespace grpc::reflection::v1

namespace troupe::grpc_detail {

class reflection_index {
public:
  // Shows the files of these services, and what they import; nothing else that is linked into the program.
  explicit reflection_index(std::span<const service_info* const> services);

  void answer(const ::grpc::reflection::v1::ServerReflectionRequest& request,
              ::grpc::reflection::v1::ServerReflectionResponse& response) const;

private:
  using response_type = ::grpc::reflection::v1::ServerReflectionResponse;

  void add_file(const google::protobuf::FileDescriptor& file);
  bool shows(const google::protobuf::FileDescriptor* file) const;
  void answer_file(const google::protobuf::FileDescriptor& file, response_type& response) const;
  void answer_symbol(const std::string& symbol, response_type& response) const;
  void answer_extension(const std::string& type, int number, response_type& response) const;
  void answer_extension_numbers(const std::string& type, response_type& response) const;

  std::vector<std::string> service_names_;                                         // sorted
  std::unordered_map<std::string, const google::protobuf::FileDescriptor*> files_; // by name
};

} // namespace troupe::grpc_detail
