#include "runtime/contract/json_parser.hpp"
#include "runtime/contract/text_values.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/reflection.h>

#include <cmath>
#include <memory>

namespace troupe {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool json_parser::well_known(Message& into) {
  const auto& type = *into.GetDescriptor();
  switch (type.well_known_type()) {
  case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
    return time(into, true);
  case Descriptor::WELLKNOWNTYPE_DURATION:
    return time(into, false);
  case Descriptor::WELLKNOWNTYPE_FIELDMASK:
    return field_mask(into);
  case Descriptor::WELLKNOWNTYPE_STRUCT:
    return map(into, *type.FindFieldByNumber(1));
  case Descriptor::WELLKNOWNTYPE_LISTVALUE:
    return list(into, *type.FindFieldByNumber(1));
  case Descriptor::WELLKNOWNTYPE_VALUE:
    return dynamic_value(into);
  case Descriptor::WELLKNOWNTYPE_ANY:
    return any(into);
  default:
    return scalar(into, *type.FindFieldByNumber(1), false); // the wrappers: one field, "value"
  }
}

bool json_parser::time(Message& into, bool is_timestamp) {
  if (scanner_.peek() != json_token::string)
    return scanner_.unexpected(is_timestamp ? "a string such as \"2024-01-31T09:30:00Z\""
                                            : "a string such as \"1.5s\"");
  const auto start = scanner_.position();
  std::string_view text;
  if (!scanner_.string(text, scratch_)) return false;
  const auto value = is_timestamp ? parse_timestamp(text) : parse_json_duration(text);
  if (!value)
    return scanner_.fail_at(
      start,
      is_timestamp
        ? fmt::format("\"{:.40}\" is not a time between years 1 and 9999, such as \"2024-01-31T09:30:00Z\"",
                      text)
        : fmt::format("\"{:.40}\" is not a duration of at most 315576000000 s, such as \"1.5s\"", text));
  const auto& reflection = *into.GetReflection();
  reflection.SetInt64(&into, into.GetDescriptor()->FindFieldByNumber(1), value->seconds);
  reflection.SetInt32(&into, into.GetDescriptor()->FindFieldByNumber(2), value->nanos);
  return true;
}

bool json_parser::field_mask(Message& into) {
  scanner_.peek();
  const auto start = scanner_.position();
  std::string_view text;
  if (!scanner_.string(text, scratch_)) return false;
  auto paths = parse_field_mask(text);
  if (!paths)
    return scanner_.fail_at(
      start, fmt::format("\"{:.64}\" is not a list of fields, such as \"name,homeAddress.city\"", text));
  for (auto& path : *paths)
    into.GetReflection()->AddString(&into, into.GetDescriptor()->FindFieldByNumber(1), std::move(path));
  return true;
}

bool json_parser::dynamic_value(Message& into) {
  const auto& reflection = *into.GetReflection();
  const auto& type = *into.GetDescriptor();
  const auto* null_value = type.FindFieldByNumber(1);
  const auto* number_value = type.FindFieldByNumber(2);
  const auto* string_value = type.FindFieldByNumber(3);
  const auto* bool_value = type.FindFieldByNumber(4);
  const auto* struct_value = type.FindFieldByNumber(5);
  const auto* list_value = type.FindFieldByNumber(6);
  switch (scanner_.peek()) {
  case json_token::null:
    reflection.SetEnumValue(&into, null_value, 0);
    return scanner_.literal("null");
  case json_token::number:
    return scalar(into, *number_value, false);
  case json_token::string:
    return scalar(into, *string_value, false);
  case json_token::true_value:
  case json_token::false_value:
    return scalar(into, *bool_value, false);
  case json_token::object:
    return message(*reflection.MutableMessage(&into, struct_value));
  case json_token::array:
    return message(*reflection.MutableMessage(&into, list_value));
  case json_token::end:
  case json_token::other:
    break;
  }
  return scanner_.unexpected("a value");
}

// Finds "@type", which may stand anywhere in the object, and goes back to the object's start. Empty: not
// there.
bool json_parser::find_any_type(std::string& url) {
  const auto start = scanner_.position();
  bool found = false;
  scanner_.take('{');
  if (!scanner_.take('}')) {
    do {
      std::string_view name;
      if (!scanner_.string(name, scratch_)) return false;
      const bool is_type = name == "@type";
      if (!scanner_.expect(':')) return false;
      if (is_type) {
        if (found) return scanner_.fail("\"@type\" is given twice");
        found = true;
        std::string_view text;
        if (!scanner_.string(text, scratch_)) return false;
        url = text;
      } else if (!scanner_.skip(depth_left_)) {
        return false;
      }
    } while (scanner_.take(','));
    if (!scanner_.take('}')) return scanner_.unexpected("\",\" or \"}\"");
  }
  scanner_.go_back(start);
  return true;
}

bool json_parser::any(Message& into) {
  if (scanner_.peek() != json_token::object) return scanner_.unexpected("an object with \"@type\"");
  const auto start = scanner_.position();
  if (!enter()) return false;
  std::string url;
  if (!find_any_type(url)) return false;
  if (url.empty()) {
    scanner_.take('{');
    if (!scanner_.take('}'))
      return scanner_.fail_at(start, "\"@type\" is missing, such as \"type.googleapis.com/shop.Order\"");
    leave();
    return true;
  }
  const auto& reflection = *into.GetReflection();
  const auto& type = *into.GetDescriptor();
  const auto slash = url.rfind('/');
  const auto* content_type =
    slash == std::string::npos ? nullptr : type.file()->pool()->FindMessageTypeByName(url.substr(slash + 1));
  const auto* prototype =
    content_type == nullptr ? nullptr : reflection.GetMessageFactory()->GetPrototype(content_type);
  if (prototype == nullptr)
    return scanner_.fail_at(start, fmt::format("\"@type\": \"{:.128}\" is no type that is known here", url));

  const std::unique_ptr<Message> content{prototype->New()};
  const bool in_value = has_own_json_form(*content_type);
  std::vector<bool> seen(static_cast<std::size_t>(content_type->field_count()));
  bool seen_value = false;
  scanner_.take('{');
  do {
    scanner_.peek();
    const auto name_at = scanner_.position();
    std::string_view name;
    if (!scanner_.string(name, scratch_)) return false;
    if (name == "@type") {
      if (!scanner_.expect(':') || !scanner_.skip(depth_left_)) return false;
      continue;
    }
    if (in_value) {
      if (name != "value") return scanner_.fail_at(name_at, "only \"@type\" and \"value\" can stand here");
      if (std::exchange(seen_value, true)) return scanner_.fail_at(name_at, "\"value\" is given twice");
      if (!scanner_.expect(':') || !message(*content)) return at_step("value");
      continue;
    }
    if (!member(*content, name, name_at, seen)) return false;
  } while (scanner_.take(','));
  if (!scanner_.take('}')) return scanner_.unexpected("\",\" or \"}\"");
  leave();
  reflection.SetString(&into, type.FindFieldByNumber(1), url);
  reflection.SetString(&into, type.FindFieldByNumber(2), content->SerializePartialAsString());
  return true;
}

} // namespace troupe
