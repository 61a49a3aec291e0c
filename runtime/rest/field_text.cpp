#include "runtime/rest/field_text.hpp"

#include "runtime/contract/text_values.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/reflection.h>

namespace troupe {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

using field_path = std::vector<const FieldDescriptor*>;

const FieldDescriptor* find_field(const Descriptor& type, const std::string& name) {
  if (const auto* found = type.FindFieldByName(name)) return found;
  for (int i = 0; i < type.field_count(); ++i)
    if (type.field(i)->json_name() == name) return type.field(i);
  return nullptr;
}

bool has_text_form(const Descriptor& type) {
  switch (type.well_known_type()) {
  case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
  case Descriptor::WELLKNOWNTYPE_ANY:
  case Descriptor::WELLKNOWNTYPE_STRUCT:
  case Descriptor::WELLKNOWNTYPE_VALUE:
  case Descriptor::WELLKNOWNTYPE_LISTVALUE:
    return false;
  default:
    return true;
  }
}

// Sets or adds one value.
struct target {
  Message& message;
  const FieldDescriptor& field;

  bool adds() const { return field.is_repeated(); }
};

template <class T>
status read_number(std::string_view text, const char* expected, T& out) {
  number_error error;
  if constexpr (std::is_floating_point_v<T>)
    error = parse_number(text, out, true);
  else
    error = parse_number(text, out);
  switch (error) {
  case number_error::none:
    return {};
  case number_error::out_of_range:
    return invalid_argument("\"{:.64}\" is out of range, expected {}", text, expected);
  default:
    return invalid_argument("\"{:.64}\" is not {}", text, expected);
  }
}

status read_bool(std::string_view text, bool& out) {
  if (text != "true" && text != "false")
    return invalid_argument("\"{:.64}\" is not \"true\" or \"false\"", text);
  out = text == "true";
  return {};
}

status set_enum(const target& where, std::string_view text) {
  const auto& type = *where.field.enum_type();
  const auto* value = type.FindValueByName(std::string{text});
  if (value == nullptr) {
    std::int32_t number;
    if (parse_number(text, number) == number_error::none) value = type.FindValueByNumber(number);
  }
  if (value == nullptr)
    return invalid_argument("\"{:.64}\" is neither the name nor the number of a value of {}", text,
                            type.full_name());
  const auto& reflection = *where.message.GetReflection();
  if (where.adds())
    reflection.AddEnum(&where.message, &where.field, value);
  else
    reflection.SetEnum(&where.message, &where.field, value);
  return {};
}

status set_string(const target& where, std::string_view text) {
  std::string content;
  if (where.field.type() == FieldDescriptor::TYPE_BYTES) {
    auto bytes = decode_base64(text);
    if (!bytes) return invalid_argument("\"{:.64}\" is not base64 or base64url", text);
    content = std::move(*bytes);
  } else {
    content = text;
  }
  const auto& reflection = *where.message.GetReflection();
  if (where.adds())
    reflection.AddString(&where.message, &where.field, std::move(content));
  else
    reflection.SetString(&where.message, &where.field, std::move(content));
  return {};
}

status set_scalar(const target& where, std::string_view text) {
  const auto& reflection = *where.message.GetReflection();
  switch (where.field.cpp_type()) {
#define TROUPE_SCALAR(cpp, name, type, read)                                                                 \
  case FieldDescriptor::CPPTYPE_##cpp: {                                                                     \
    type value{};                                                                                            \
    if (auto bad = read; !bad.ok()) return bad;                                                              \
    if (where.adds())                                                                                        \
      reflection.Add##name(&where.message, &where.field, value);                                             \
    else                                                                                                     \
      reflection.Set##name(&where.message, &where.field, value);                                             \
    return {};                                                                                               \
  }
    TROUPE_SCALAR(INT32, Int32, std::int32_t, read_number(text, "a 32-bit integer", value))
    TROUPE_SCALAR(INT64, Int64, std::int64_t, read_number(text, "a 64-bit integer", value))
    TROUPE_SCALAR(UINT32, UInt32, std::uint32_t, read_number(text, "an unsigned 32-bit integer", value))
    TROUPE_SCALAR(UINT64, UInt64, std::uint64_t, read_number(text, "an unsigned 64-bit integer", value))
    TROUPE_SCALAR(DOUBLE, Double, double, read_number(text, "a number", value))
    TROUPE_SCALAR(FLOAT, Float, float, read_number(text, "a number", value))
    TROUPE_SCALAR(BOOL, Bool, bool, read_bool(text, value))
#undef TROUPE_SCALAR
  case FieldDescriptor::CPPTYPE_ENUM:
    return set_enum(where, text);
  case FieldDescriptor::CPPTYPE_STRING:
    return set_string(where, text);
  case FieldDescriptor::CPPTYPE_MESSAGE:
    break;
  }
  return invalid_argument("a {} cannot be written as text", where.field.message_type()->full_name());
}

status set_time(Message& into, const std::optional<seconds_and_nanos>& value, std::string_view text,
                std::string_view expected) {
  if (!value) return invalid_argument("\"{:.64}\" is not {}", text, expected);
  const auto& reflection = *into.GetReflection();
  reflection.SetInt64(&into, into.GetDescriptor()->FindFieldByNumber(1), value->seconds);
  reflection.SetInt32(&into, into.GetDescriptor()->FindFieldByNumber(2), value->nanos);
  return {};
}

status set_well_known(Message& into, std::string_view text) {
  const auto& type = *into.GetDescriptor();
  switch (type.well_known_type()) {
  case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
    return set_time(into, parse_timestamp(text), text, "a time such as 2024-01-31T09:30:00Z");
  case Descriptor::WELLKNOWNTYPE_DURATION:
    return set_time(into, parse_json_duration(text), text, "a duration such as 1.5s");
  case Descriptor::WELLKNOWNTYPE_FIELDMASK: {
    auto paths = parse_field_mask(text);
    if (!paths)
      return invalid_argument("\"{:.64}\" is not a list of fields such as name,homeAddress.city", text);
    for (auto& path : *paths)
      into.GetReflection()->AddString(&into, type.FindFieldByNumber(1), std::move(path));
    return {};
  }
  default:
    return set_scalar({into, *type.FindFieldByNumber(1)}, text); // the wrappers: one field, "value"
  }
}

} // namespace

result<field_path> resolve_field_path(const Descriptor& message, const std::vector<std::string>& names) {
  field_path out;
  const auto* type = &message;
  for (const auto& name : names) {
    if (type == nullptr)
      return invalid_argument("field \"{}\" has no fields of its own, so not \"{:.64}\"", out.back()->name(),
                              name);
    if (!out.empty() && out.back()->is_repeated())
      return invalid_argument("field \"{}\" is repeated, so its \"{:.64}\" has no place", out.back()->name(),
                              name);
    const auto* field = find_field(*type, name);
    if (field == nullptr) return invalid_argument("{} has no field \"{:.64}\"", type->full_name(), name);
    out.push_back(field);
    type = field->message_type();
    // In JSON a well-known type is one value; its insides have no names there, and so none here.
    if (type != nullptr && type->well_known_type() != Descriptor::WELLKNOWNTYPE_UNSPECIFIED) type = nullptr;
  }
  return out;
}

std::string field_path_text(const field_path& path) {
  std::string out;
  for (const auto* field : path)
    out += (out.empty() ? "" : ".") + field->name();
  return out;
}

bool has_text_form(const FieldDescriptor& field) {
  if (field.is_map()) return false;
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || has_text_form(*field.message_type());
}

status set_field_from_text(Message& message, const field_path& path, std::string_view text) {
  // Of no type is such a value any good, and it must not get into the texts of errors.
  if (!is_utf8(text)) return invalid_argument("the value is not valid UTF-8");
  auto* at = &message;
  for (std::size_t i = 0; i + 1 < path.size(); ++i)
    at = at->GetReflection()->MutableMessage(at, path[i]);
  const auto& field = *path.back();
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return set_scalar({*at, field}, text);
  auto* value = field.is_repeated() ? at->GetReflection()->AddMessage(at, &field)
                                    : at->GetReflection()->MutableMessage(at, &field);
  return set_well_known(*value, text);
}

} // namespace troupe
