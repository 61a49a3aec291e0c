#include "runtime/contract/json_parser.hpp"

#include "runtime/contract/status_details.hpp"
#include "runtime/contract/text_values.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/reflection.h>

#include <algorithm>
#include <set>
#include <vector>

namespace troupe {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

constexpr std::uint32_t max_json_depth = 1000;

bool is_dynamic_value(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
         && field.message_type()->well_known_type() == Descriptor::WELLKNOWNTYPE_VALUE;
}

bool is_null_value(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM
         && field.enum_type()->full_name() == "google.protobuf.NullValue";
}

} // namespace

json_parser::json_parser(std::string_view text, const json_parse_options& options)
  : scanner_(text), options_(options), depth_left_(std::min(options.max_depth, max_json_depth)) {
  const auto invalid = find_invalid_utf8(text);
  if (invalid != std::string_view::npos) scanner_.fail_at(invalid, "the text is not valid UTF-8");
}

bool json_parser::whole_message(Message& into) {
  return scanner_.error().empty() && message(into) && scanner_.finish();
}

bool json_parser::whole_field(Message& into, const FieldDescriptor& field) {
  return scanner_.error().empty() && (field_content(into, field) || at_field(field)) && scanner_.finish();
}

status json_parser::outcome(const Message& into) const {
  if (scanner_.error().empty()) {
    std::string missing = into.IsInitialized() ? std::string{} : into.InitializationErrorString();
    if (missing.empty()) return {};
    return with_field_violation(invalid_argument("JSON: required field {} is missing", missing), missing,
                                "is required");
  }
  if (path_.empty()) return invalid_argument("JSON, {}: {}", scanner_.error_place(), scanner_.error());
  return with_field_violation(
    invalid_argument("JSON, {}: {}: {}", scanner_.error_place(), path_, scanner_.error()), path_,
    scanner_.error());
}

bool json_parser::enter() {
  if (depth_left_ == 0)
    return scanner_.fail(
      fmt::format("objects and arrays nest deeper than {}", std::min(options_.max_depth, max_json_depth)));
  --depth_left_;
  return true;
}

bool json_parser::at_field(const FieldDescriptor& field) { return at_step(field.name()); }

bool json_parser::at_step(std::string step) {
  if (!path_.empty() && path_.front() != '[') step += '.';
  path_.insert(0, step);
  return false;
}

bool json_parser::message(Message& into) {
  return has_own_json_form(*into.GetDescriptor()) ? well_known(into) : plain_message(into);
}

bool json_parser::plain_message(Message& into) {
  if (scanner_.peek() != json_token::object)
    return scanner_.unexpected(fmt::format("an object ({})", into.GetDescriptor()->full_name()));
  if (!enter()) return false;
  scanner_.take('{');
  if (!scanner_.take('}')) {
    std::vector<bool> seen(static_cast<std::size_t>(into.GetDescriptor()->field_count()));
    do {
      scanner_.peek();
      const auto name_at = scanner_.position();
      std::string_view name;
      if (!scanner_.string(name, scratch_) || !member(into, name, name_at, seen)) return false;
    } while (scanner_.take(','));
    if (!scanner_.take('}')) return scanner_.unexpected("\",\" or \"}\"");
  }
  leave();
  return true;
}

bool json_parser::member(Message& into, std::string_view name, std::size_t name_at, std::vector<bool>& seen) {
  const auto* field = find_field(*into.GetDescriptor(), name);
  if (field == nullptr) {
    if (options_.ignore_unknown_fields) return scanner_.expect(':') && scanner_.skip(depth_left_);
    auto shown = fmt::format("{:.64}", name);
    scanner_.fail_at(name_at, fmt::format("{} has no such field", into.GetDescriptor()->full_name()));
    return at_step(std::move(shown));
  }
  const auto index = static_cast<std::size_t>(field->index());
  if (seen[index]) {
    scanner_.fail_at(name_at, "the field is given twice");
    return at_field(*field);
  }
  seen[index] = true;
  if (!scanner_.expect(':')) return false;
  return (claim_oneof(into, *field) && field_content(into, *field)) || at_field(*field);
}

const FieldDescriptor* json_parser::find_field(const Descriptor& type, std::string_view name) {
  // Most objects give their members in the order of the fields, and few messages have many: comparing is
  // quicker than the descriptor's own tables, which want a std::string and hash it.
  for (int i = 0; i < type.field_count(); ++i)
    if (type.field(i)->json_name() == name) return type.field(i);
  for (int i = 0; i < type.field_count(); ++i)
    if (type.field(i)->name() == name) return type.field(i);
  return nullptr;
}

bool json_parser::claim_oneof(Message& into, const FieldDescriptor& field) {
  const auto* oneof = field.real_containing_oneof();
  if (oneof == nullptr
      || (scanner_.peek() == json_token::null && !is_null_value(field) && !is_dynamic_value(field)))
    return true;
  const auto* set = into.GetReflection()->GetOneofFieldDescriptor(into, oneof);
  return set == nullptr
         || scanner_.fail(
           fmt::format("\"{}\" is given too; only one field of \"{}\" can be", set->name(), oneof->name()));
}

bool json_parser::field_content(Message& into, const FieldDescriptor& field) {
  if (scanner_.peek() == json_token::null
      && (field.is_repeated() || (!is_null_value(field) && !is_dynamic_value(field))))
    return scanner_.literal("null"); // as if the field were not there
  if (field.is_map()) return map(into, field);
  if (field.is_repeated()) return list(into, field);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
    return message(*into.GetReflection()->MutableMessage(&into, &field));
  return scalar(into, field, false);
}

bool json_parser::list(Message& into, const FieldDescriptor& field) {
  if (scanner_.peek() != json_token::array) return scanner_.unexpected("an array");
  if (!enter()) return false;
  scanner_.take('[');
  if (!scanner_.take(']')) {
    std::size_t index = 0;
    do {
      bool good;
      if (scanner_.peek() == json_token::null && !is_null_value(field) && !is_dynamic_value(field))
        good = scanner_.fail("null cannot stand in an array");
      else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        good = message(*into.GetReflection()->AddMessage(&into, &field));
      else
        good = scalar(into, field, true);
      if (!good) return at_step(fmt::format("[{}]", index));
      ++index;
    } while (scanner_.take(','));
    if (!scanner_.take(']')) return scanner_.unexpected("\",\" or \"]\"");
  }
  leave();
  return true;
}

bool json_parser::map(Message& into, const FieldDescriptor& field) {
  if (scanner_.peek() != json_token::object) return scanner_.unexpected("an object");
  if (!enter()) return false;
  scanner_.take('{');
  if (!scanner_.take('}')) {
    std::set<std::string, std::less<>> keys;
    do {
      scanner_.peek();
      const auto key_at = scanner_.position();
      std::string_view text;
      if (!scanner_.string(text, scratch_)) return false;
      const auto [key, added] = keys.emplace(text);
      bool good = added || scanner_.fail_at(key_at, "the key is given twice");
      good = good && scanner_.expect(':') && map_entry(into, field, *key);
      if (!good) return at_step(fmt::format("[\"{:.64}\"]", *key));
    } while (scanner_.take(','));
    if (!scanner_.take('}')) return scanner_.unexpected("\",\" or \"}\"");
  }
  leave();
  return true;
}

bool json_parser::map_entry(Message& into, const FieldDescriptor& field, std::string_view key) {
  auto& entry = *into.GetReflection()->AddMessage(&into, &field);
  const auto& value_field = *field.message_type()->map_value();
  if (!map_key(entry, *field.message_type()->map_key(), key)) return false;
  if (scanner_.peek() == json_token::null && !is_null_value(value_field) && !is_dynamic_value(value_field))
    return scanner_.fail("null cannot stand in a map");
  if (value_field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
    return message(*entry.GetReflection()->MutableMessage(&entry, &value_field));
  return scalar(entry, value_field, false);
}

status parse_json(std::string_view text, Message& into, const json_parse_options& options) {
  into.Clear();
  json_parser parser{text, options};
  parser.whole_message(into);
  return parser.outcome(into);
}

status parse_json_field(std::string_view text, Message& into, const FieldDescriptor& field,
                        const json_parse_options& options) {
  into.GetReflection()->ClearField(&into, &field);
  json_parser parser{text, options};
  parser.whole_field(into, field);
  return parser.outcome(into);
}

} // namespace troupe
