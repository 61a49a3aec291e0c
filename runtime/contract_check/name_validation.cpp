#include "runtime/contract_check/cpp_names.hpp"
#include "runtime/contract_check/problem_list.hpp"

#include <fmt/core.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <limits>
#include <map>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

void validate_file_options(const pb::FileDescriptor& file, problem_list& problems) {
  if (file.options().optimize_for() == pb::FileOptions::LITE_RUNTIME)
    problems.error(position_of_file_option(file, pb::FileOptions::kOptimizeForFieldNumber),
                   fmt::format("{}: services need descriptors, which LITE_RUNTIME leaves out", file.name()),
                   "remove `option optimize_for`");
  if (file.options().cc_generic_services())
    problems.error(
      position_of_file_option(file, pb::FileOptions::kCcGenericServicesFieldNumber),
      fmt::format("{}: cc_generic_services makes protoc generate classes named like the services, which "
                  "protoc-gen-troupe generates too",
                  file.name()),
      "remove `option cc_generic_services`");
  if (file.package().empty())
    problems.warning(
      position_of(*file.service(0)),
      fmt::format("{}: without a package, the service's name must be unique in the whole system",
                  file.name()),
      "add a line like `package shop;`");
}

void validate_methods(const pb::ServiceDescriptor& service, problem_list& problems) {
  if (service.method_count() > std::numeric_limits<std::uint16_t>::max())
    problems.error(position_of(service), fmt::format("{}: more than 65535 RPCs", service.full_name()),
                   "split the service");
  std::map<std::string, const pb::MethodDescriptor*> taken;
  for (int i = 0; i < service.method_count(); ++i) {
    const auto& method = *service.method(i);
    const auto [other, fresh] = taken.emplace(codegen::method_name(method), &method);
    if (!fresh)
      problems.error(position_of(method),
                     fmt::format("{}: its function would be {}(), like that of {} (line {})",
                                 method.full_name(), other->first, other->second->name(),
                                 position_of(*other->second).line),
                     "rename one of the two RPCs");
  }
}

// A class that the generator makes for a service, or a type that it must not be named like.
class type_names {
public:
  void take(const pb::FileDescriptor& file, const std::string& name, const std::string& full_name) {
    taken_.emplace(codegen::namespace_of(file) + "::" + name, full_name);
  }

  void take_generated(const pb::ServiceDescriptor& service, const std::string& name, problem_list& problems) {
    const auto& file = *service.file();
    const auto [other, fresh] =
      taken_.emplace(codegen::namespace_of(file) + "::" + name, service.full_name());
    if (!fresh)
      problems.error(position_of(service),
                     fmt::format("{}: its generated class {} has the name of {}", service.full_name(), name,
                                 other->second),
                     "rename one of the two");
  }

  void take_types(const pb::FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i)
      take_message(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i)
      take(file, file.enum_type(i)->name(), file.enum_type(i)->full_name());
    for (int i = 0; i < file.service_count(); ++i)
      take(file, codegen::service_class(*file.service(i)), file.service(i)->full_name());
  }

private:
  void take_message(const pb::Descriptor& message) {
    take(*message.file(), codegen::class_of(message), message.full_name());
    for (int i = 0; i < message.nested_type_count(); ++i)
      take_message(*message.nested_type(i));
  }

  std::map<std::string, std::string> taken_;
};

} // namespace

void validate_names(contract_files files, problem_list& problems) {
  type_names names;
  for (const auto* file : files) {
    names.take_types(*file);
    for (int i = 0; i < file->dependency_count(); ++i)
      names.take_types(*file->dependency(i));
  }
  for (const auto* file : files) {
    if (file->service_count() == 0) continue;
    validate_file_options(*file, problems);
    for (int i = 0; i < file->service_count(); ++i) {
      const auto& service = *file->service(i);
      validate_methods(service, problems);
      names.take_generated(service, service.name() + "Handler", problems);
      names.take_generated(service, service.name() + "Client", problems);
    }
  }
}

} // namespace troupe::detail
