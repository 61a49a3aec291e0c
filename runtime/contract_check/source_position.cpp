#include "runtime/contract_check/contract_problem.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <vector>

namespace troupe {

namespace pb = google::protobuf;

namespace {

// Paths as google.protobuf.SourceCodeInfo.Location.path describes them: field numbers of descriptor.proto and
// indices.
using location_path = std::vector<int>;

location_path joined(location_path path, std::initializer_list<int> more) {
  path.insert(path.end(), more);
  return path;
}

location_path path_of(const pb::Descriptor& message) {
  if (const auto* outer = message.containing_type())
    return joined(path_of(*outer), {pb::DescriptorProto::kNestedTypeFieldNumber, message.index()});
  return {pb::FileDescriptorProto::kMessageTypeFieldNumber, message.index()};
}

location_path path_of(const pb::FieldDescriptor& field) {
  if (!field.is_extension())
    return joined(path_of(*field.containing_type()), {pb::DescriptorProto::kFieldFieldNumber, field.index()});
  if (const auto* scope = field.extension_scope())
    return joined(path_of(*scope), {pb::DescriptorProto::kExtensionFieldNumber, field.index()});
  return {pb::FileDescriptorProto::kExtensionFieldNumber, field.index()};
}

location_path path_of(const pb::OneofDescriptor& oneof) {
  return joined(path_of(*oneof.containing_type()),
                {pb::DescriptorProto::kOneofDeclFieldNumber, oneof.index()});
}

location_path path_of(const pb::EnumDescriptor& enumeration) {
  if (const auto* outer = enumeration.containing_type())
    return joined(path_of(*outer), {pb::DescriptorProto::kEnumTypeFieldNumber, enumeration.index()});
  return {pb::FileDescriptorProto::kEnumTypeFieldNumber, enumeration.index()};
}

location_path path_of(const pb::EnumValueDescriptor& value) {
  return joined(path_of(*value.type()), {pb::EnumDescriptorProto::kValueFieldNumber, value.index()});
}

location_path path_of(const pb::ServiceDescriptor& service) {
  return {pb::FileDescriptorProto::kServiceFieldNumber, service.index()};
}

location_path path_of(const pb::MethodDescriptor& method) {
  return joined(path_of(*method.service()), {pb::ServiceDescriptorProto::kMethodFieldNumber, method.index()});
}

source_position locate(const pb::FileDescriptor& file, const location_path& path) {
  source_position out{.file = file.name()};
  pb::SourceLocation found;
  if (file.GetSourceLocation(path, &found)) {
    out.line = found.start_line + 1;
    out.column = found.start_column + 1;
  }
  return out;
}

template <class Descriptor>
source_position locate_option(const Descriptor& element, const pb::FileDescriptor& file, int options_field,
                              int option) {
  const auto path = path_of(element);
  if (option != 0) {
    const auto options = joined(path, {options_field, option});
    // `option (x) = {...}` is located at the option, `option (x).y = ...` only at the option's field y.
    if (auto out = locate(file, options); out.line != 0) return out;
    for (int field = 1; field <= 16; ++field)
      if (auto out = locate(file, joined(options, {field})); out.line != 0) return out;
  }
  return locate(file, path);
}

} // namespace

std::string source_position::to_string() const {
  return line == 0 ? file : file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string contract_problem::to_string() const {
  const auto* kind = severity == problem_severity::error ? "error" : "warning";
  return where.to_string() + ": " + kind + ": " + problem + "; fix: " + fix;
}

source_position position_of(const pb::FileDescriptor& file) { return {.file = file.name()}; }

source_position position_of(const pb::Descriptor& message, int option) {
  return locate_option(message, *message.file(), pb::DescriptorProto::kOptionsFieldNumber, option);
}

source_position position_of(const pb::FieldDescriptor& field, int option) {
  return locate_option(field, *field.file(), pb::FieldDescriptorProto::kOptionsFieldNumber, option);
}

source_position position_of(const pb::OneofDescriptor& oneof) {
  return locate(*oneof.containing_type()->file(), path_of(oneof));
}

source_position position_of(const pb::EnumDescriptor& enumeration) {
  return locate(*enumeration.file(), path_of(enumeration));
}

source_position position_of(const pb::EnumValueDescriptor& value) {
  return locate(*value.type()->file(), path_of(value));
}

source_position position_of(const pb::ServiceDescriptor& service, int option) {
  return locate_option(service, *service.file(), pb::ServiceDescriptorProto::kOptionsFieldNumber, option);
}

source_position position_of(const pb::MethodDescriptor& method, int option) {
  return locate_option(method, *method.file(), pb::MethodDescriptorProto::kOptionsFieldNumber, option);
}

source_position position_of_package(const pb::FileDescriptor& file) {
  return locate(file, {pb::FileDescriptorProto::kPackageFieldNumber});
}

source_position position_of_file_option(const pb::FileDescriptor& file, int option) {
  return locate(file, {pb::FileDescriptorProto::kOptionsFieldNumber, option});
}

} // namespace troupe
