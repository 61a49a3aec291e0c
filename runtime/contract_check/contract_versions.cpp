#include "runtime/contract_check/contract_versions.hpp"

#include <google/protobuf/descriptor.h>

namespace troupe::detail {

namespace pb = google::protobuf;

contract_versions::contract_versions(files before, files after) {
  std::vector<http_rule_problem> ignored;
  for (const auto* file : after) {
    files_.emplace(file->name(), file);
    for (int i = 0; i < file->message_type_count(); ++i)
      index(*file->message_type(i));
    for (int i = 0; i < file->enum_type_count(); ++i)
      enums_.emplace(file->enum_type(i)->full_name(), file->enum_type(i));
    for (int i = 0; i < file->service_count(); ++i) {
      const auto& service = *file->service(i);
      services_.emplace(service.full_name(), &service);
      for (int m = 0; m < service.method_count(); ++m)
        for (auto& route : http_bindings_of(*service.method(m), ignored, true))
          routes_after_.push_back(std::move(route));
    }
  }
  for (const auto* file : before)
    for (int s = 0; s < file->service_count(); ++s)
      for (int m = 0; m < file->service(s)->method_count(); ++m)
        if (has_http_rule(*file->service(s)->method(m))) reach(*file->service(s)->method(m)->input_type());
}

void contract_versions::index(const pb::Descriptor& message) {
  messages_.emplace(message.full_name(), &message);
  for (int i = 0; i < message.enum_type_count(); ++i)
    enums_.emplace(message.enum_type(i)->full_name(), message.enum_type(i));
  for (int i = 0; i < message.nested_type_count(); ++i)
    index(*message.nested_type(i));
}

void contract_versions::reach(const pb::Descriptor& message) {
  if (!in_requests_.insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i)
    if (const auto* type = message.field(i)->message_type()) reach(*type);
}

break_kinds contract_versions::rest_if_in_requests(const pb::Descriptor& before) const {
  return in_requests_.contains(&before) ? break_kinds{break_kind::rest} : break_kinds{};
}

const pb::FileDescriptor* contract_versions::find(const pb::FileDescriptor& before) const {
  const auto found = files_.find(before.name());
  return found == files_.end() ? nullptr : found->second;
}

std::string contract_versions::new_name(const pb::FileDescriptor& file, const std::string& full_name) const {
  const auto* after = find(file);
  if (!after || after->package() == file.package()) return full_name;
  const auto relative = file.package().empty() ? full_name : full_name.substr(file.package().size() + 1);
  return after->package().empty() ? relative : after->package() + "." + relative;
}

template <class Type>
const Type* contract_versions::look_up(const std::map<std::string, const Type*>& among,
                                       const Type& before) const {
  auto found = among.find(before.full_name());
  if (found == among.end()) found = among.find(new_name(*before.file(), before.full_name()));
  return found == among.end() ? nullptr : found->second;
}

const pb::Descriptor* contract_versions::find(const pb::Descriptor& before) const {
  return look_up(messages_, before);
}

const pb::EnumDescriptor* contract_versions::find(const pb::EnumDescriptor& before) const {
  return look_up(enums_, before);
}

const pb::ServiceDescriptor* contract_versions::find(const pb::ServiceDescriptor& before) const {
  return look_up(services_, before);
}

source_position contract_versions::position_of_remains(const pb::Descriptor& before) const {
  const auto* outer = before.containing_type() ? find(*before.containing_type()) : nullptr;
  return outer ? position_of(*outer) : position_of(*before.file());
}

source_position contract_versions::position_of_remains(const pb::EnumDescriptor& before) const {
  const auto* outer = before.containing_type() ? find(*before.containing_type()) : nullptr;
  return outer ? position_of(*outer) : position_of(*before.file());
}

source_position contract_versions::position_of_remains(const pb::ServiceDescriptor& before) const {
  return position_of(*before.file());
}

} // namespace troupe::detail
