// The two versions of a contract side by side, and the list of breaks. Internal to contract_check.
#pragma once

#include "runtime/contract_check/contract_compatibility.hpp"
#include "runtime/rest/http_binding.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::detail {

class contract_versions {
public:
  using files = std::span<const google::protobuf::FileDescriptor* const>;
  contract_versions(files before, files after);

  // What an element of the old contract is in the new one; null when it is gone.
  const google::protobuf::FileDescriptor* find(const google::protobuf::FileDescriptor& before) const;
  const google::protobuf::Descriptor* find(const google::protobuf::Descriptor& before) const;
  const google::protobuf::EnumDescriptor* find(const google::protobuf::EnumDescriptor& before) const;
  const google::protobuf::ServiceDescriptor* find(const google::protobuf::ServiceDescriptor& before) const;

  // Whether a type's name means the old type; also for types that are in neither contract, but imported by
  // both.
  template <class Type>
  bool same_type(const Type& before, const Type& after) const {
    return before.full_name() == after.full_name()
           || new_name(*before.file(), before.full_name()) == after.full_name();
  }

  // REST when the old message is part of what HTTP clients send in paths and queries, else nothing.
  break_kinds rest_if_in_requests(const google::protobuf::Descriptor& before) const;

  // The HTTP routes of the new contract, for messages that say where one went.
  const std::vector<http_binding>& routes_after() const noexcept { return routes_after_; }

  // Where a removed element would stand: the message that held it, else its file without a line.
  source_position position_of_remains(const google::protobuf::Descriptor& before) const;
  source_position position_of_remains(const google::protobuf::EnumDescriptor& before) const;
  source_position position_of_remains(const google::protobuf::ServiceDescriptor& before) const;

  void add(std::string rule, break_kinds kinds, source_position where, std::string problem, std::string fix) {
    breaks_.push_back({std::move(rule), kinds, std::move(where), std::move(problem), std::move(fix)});
  }
  std::vector<contract_break> take() && { return std::move(breaks_); }

private:
  std::string new_name(const google::protobuf::FileDescriptor& file, const std::string& full_name) const;
  void index(const google::protobuf::Descriptor& message);
  void reach(const google::protobuf::Descriptor& message);

  template <class Type>
  const Type* look_up(const std::map<std::string, const Type*>& among, const Type& before) const;

  std::map<std::string, const google::protobuf::FileDescriptor*> files_;
  std::map<std::string, const google::protobuf::Descriptor*> messages_;
  std::map<std::string, const google::protobuf::EnumDescriptor*> enums_;
  std::map<std::string, const google::protobuf::ServiceDescriptor*> services_;
  std::set<const google::protobuf::Descriptor*> in_requests_;
  std::vector<http_binding> routes_after_;
  std::vector<contract_break> breaks_;
};

void compare_files(contract_versions::files before, contract_versions& versions);
void compare_message(const google::protobuf::Descriptor& before, contract_versions& versions);
void compare_fields(const google::protobuf::Descriptor& before, const google::protobuf::Descriptor& after,
                    contract_versions& versions);
void compare_field_types(const google::protobuf::FieldDescriptor& before,
                         const google::protobuf::FieldDescriptor& after, contract_versions& versions);
void compare_oneofs(const google::protobuf::Descriptor& before, const google::protobuf::Descriptor& after,
                    contract_versions& versions);
void compare_enum(const google::protobuf::EnumDescriptor& before, contract_versions& versions);
void compare_service(const google::protobuf::ServiceDescriptor& before, contract_versions& versions);
void compare_http(const google::protobuf::MethodDescriptor& before,
                  const google::protobuf::MethodDescriptor& after, contract_versions& versions);

} // namespace troupe::detail
