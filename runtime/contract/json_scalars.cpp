#include "runtime/contract/json_parser.hpp"
#include "runtime/contract/text_values.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/reflection.h>

namespace troupe {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

std::string number_problem(number_error error, std::string_view text, std::string_view type_name) {
  switch (error) {
  case number_error::none:
    break;
  case number_error::malformed:
    return fmt::format("\"{:.32}\" is not a number", text);
  case number_error::not_integral:
    return fmt::format("{:.32} is not a whole number", text);
  case number_error::out_of_range:
    return fmt::format("{:.32} is out of the range of {}", text, type_name);
  }
  return {};
}

} // namespace

// A number, or a string that holds one. Leaves the position before it for the error.
bool json_parser::number_text(std::string_view& out, const char* expected) {
  switch (scanner_.peek()) {
  case json_token::number:
    return scanner_.number(out);
  case json_token::string:
    return scanner_.string(out, scratch_);
  default:
    return scanner_.unexpected(expected);
  }
}

template <class T>
bool json_parser::integer(T& out, const char* type_name) {
  std::string_view text;
  scanner_.peek();
  const auto start = scanner_.position();
  if (!number_text(text, "a whole number")) return false;
  const auto error = parse_number(text, out);
  return error == number_error::none || scanner_.fail_at(start, number_problem(error, text, type_name));
}

template <class T>
bool json_parser::floating(T& out, const char* type_name) {
  std::string_view text;
  const bool quoted = scanner_.peek() == json_token::string;
  const auto start = scanner_.position();
  if (!number_text(text, "a number")) return false;
  const auto error = parse_number(text, out, quoted);
  return error == number_error::none || scanner_.fail_at(start, number_problem(error, text, type_name));
}

bool json_parser::boolean(bool& out) {
  switch (scanner_.peek()) {
  case json_token::true_value:
    return out = true, scanner_.literal("true");
  case json_token::false_value:
    return out = false, scanner_.literal("false");
  default:
    return scanner_.unexpected("true or false");
  }
}

bool json_parser::enum_number(const EnumDescriptor& type, int& out, bool& known) {
  known = true;
  const auto token = scanner_.peek();
  const auto start = scanner_.position();
  if (token == json_token::null && type.full_name() == "google.protobuf.NullValue")
    return out = 0, scanner_.literal("null");
  if (token == json_token::number) {
    std::int32_t number;
    if (!integer(number, "an enum")) return false;
    if (type.FindValueByNumber(number) == nullptr
        && (options_.refuse_unknown_enum_numbers
            || type.file()->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO2))
      return scanner_.fail_at(start, fmt::format("{} is no value of {}", number, type.full_name()));
    out = number;
    return true;
  }
  if (token != json_token::string) return scanner_.unexpected("the name of an enum value, or its number,");
  std::string_view name;
  if (!scanner_.string(name, scratch_)) return false;
  const auto* value = type.FindValueByName(std::string{name});
  if (value == nullptr) {
    known = false;
    return options_.ignore_unknown_fields
           || scanner_.fail_at(start, fmt::format("\"{:.64}\" is no value of {}", name, type.full_name()));
  }
  out = value->number();
  return true;
}

bool json_parser::scalar(Message& into, const FieldDescriptor& field, bool repeated) {
  const auto& reflection = *into.GetReflection();
  switch (field.cpp_type()) {
#define TROUPE_SCALAR(cpp, name, type, read)                                                                 \
  case FieldDescriptor::CPPTYPE_##cpp: {                                                                     \
    type value{};                                                                                            \
    if (!read) return false;                                                                                 \
    if (repeated)                                                                                            \
      reflection.Add##name(&into, &field, value);                                                            \
    else                                                                                                     \
      reflection.Set##name(&into, &field, value);                                                            \
    return true;                                                                                             \
  }
    TROUPE_SCALAR(INT32, Int32, std::int32_t, integer(value, "int32"))
    TROUPE_SCALAR(INT64, Int64, std::int64_t, integer(value, "int64"))
    TROUPE_SCALAR(UINT32, UInt32, std::uint32_t, integer(value, "uint32"))
    TROUPE_SCALAR(UINT64, UInt64, std::uint64_t, integer(value, "uint64"))
    TROUPE_SCALAR(DOUBLE, Double, double, floating(value, "double"))
    TROUPE_SCALAR(FLOAT, Float, float, floating(value, "float"))
    TROUPE_SCALAR(BOOL, Bool, bool, boolean(value))
#undef TROUPE_SCALAR
  case FieldDescriptor::CPPTYPE_ENUM: {
    int number = 0;
    bool known = false;
    if (!enum_number(*field.enum_type(), number, known)) return false;
    if (!known) return true;
    if (repeated)
      reflection.AddEnumValue(&into, &field, number);
    else
      reflection.SetEnumValue(&into, &field, number);
    return true;
  }
  case FieldDescriptor::CPPTYPE_STRING:
    break;
  case FieldDescriptor::CPPTYPE_MESSAGE:
    return scanner_.fail("not a scalar"); // message() reads these
  }
  scanner_.peek();
  const auto start = scanner_.position();
  std::string_view text;
  if (!scanner_.string(text, scratch_)) return false;
  std::string content;
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    auto bytes = decode_base64(text);
    if (!bytes) return scanner_.fail_at(start, "the string is not base64");
    content = std::move(*bytes);
  } else {
    content = text;
  }
  if (repeated)
    reflection.AddString(&into, &field, std::move(content));
  else
    reflection.SetString(&into, &field, std::move(content));
  return true;
}

bool json_parser::map_key(Message& entry, const FieldDescriptor& field, std::string_view key) {
  const auto& reflection = *entry.GetReflection();
  const auto set = [&]<class T>(T value, auto setter, std::string_view type_name) {
    const auto error = parse_number(key, value);
    if (error != number_error::none) return scanner_.fail("map key " + number_problem(error, key, type_name));
    (reflection.*setter)(&entry, &field, value);
    return true;
  };
  using google::protobuf::Reflection;
  switch (field.cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
    return set(std::int32_t{}, &Reflection::SetInt32, "int32");
  case FieldDescriptor::CPPTYPE_INT64:
    return set(std::int64_t{}, &Reflection::SetInt64, "int64");
  case FieldDescriptor::CPPTYPE_UINT32:
    return set(std::uint32_t{}, &Reflection::SetUInt32, "uint32");
  case FieldDescriptor::CPPTYPE_UINT64:
    return set(std::uint64_t{}, &Reflection::SetUInt64, "uint64");
  case FieldDescriptor::CPPTYPE_BOOL:
    if (key != "true" && key != "false") return scanner_.fail("a map key must be \"true\" or \"false\"");
    reflection.SetBool(&entry, &field, key == "true");
    return true;
  default:
    reflection.SetString(&entry, &field, std::string{key});
    return true;
  }
}

} // namespace troupe
