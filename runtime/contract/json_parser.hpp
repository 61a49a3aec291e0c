// JSON into messages. Internal to runtime/contract; json.hpp is the interface.
#pragma once

#include "runtime/contract/json.hpp"
#include "runtime/contract/json_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
class EnumDescriptor;
} // namespace google::protobuf

namespace troupe {

// One pass over one text. Every function returns false after it has noted the first failure, and the callers
// on the way out add where in the message it was.
class json_parser {
public:
  // Both outlive the parser.
  json_parser(std::string_view text, const json_parse_options& options);

  bool whole_message(google::protobuf::Message& into);
  bool whole_field(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field);

  // What went wrong, for the caller's caller.
  status outcome(const google::protobuf::Message& into) const;

private:
  // A nested object or array; keeps count of how deep it is.
  bool enter();
  void leave() noexcept { ++depth_left_; }

  // json_parser.cpp: messages, fields, lists, maps
  bool message(google::protobuf::Message& into);
  bool plain_message(google::protobuf::Message& into);
  // `seen`: which fields of `into` the object has given so far, by their index.
  bool member(google::protobuf::Message& into, std::string_view name, std::size_t name_at,
              std::vector<bool>& seen);
  bool claim_oneof(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field);
  const google::protobuf::FieldDescriptor* find_field(const google::protobuf::Descriptor& type,
                                                      std::string_view name);
  bool field_content(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field);
  bool list(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field);
  bool map(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field);
  bool map_entry(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field,
                 std::string_view key);

  // json_scalars.cpp: single values. `repeated` adds instead of setting.
  bool scalar(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field, bool repeated);
  bool number_text(std::string_view& out, const char* expected);
  template <class T>
  bool integer(T& out, const char* type_name);
  template <class T>
  bool floating(T& out, const char* type_name);
  bool boolean(bool& out);
  bool enum_number(const google::protobuf::EnumDescriptor& type, int& out, bool& known);
  bool map_key(google::protobuf::Message& entry, const google::protobuf::FieldDescriptor& field,
               std::string_view key);

  // json_well_known.cpp: types with a form of their own
  bool well_known(google::protobuf::Message& into);
  bool time(google::protobuf::Message& into, bool is_timestamp);
  bool field_mask(google::protobuf::Message& into);
  bool dynamic_value(google::protobuf::Message& into);
  bool any(google::protobuf::Message& into);
  bool find_any_type(std::string& url);

  // Puts one step of the path in front of the failure's.
  bool at_field(const google::protobuf::FieldDescriptor& field);
  bool at_step(std::string step);

  json_scanner scanner_;
  const json_parse_options& options_;
  std::uint32_t depth_left_;
  std::string path_; // of the field that is to blame
  std::string scratch_;
};

} // namespace troupe
