#include "actors/openapi/schema.hpp"

#include "troupe/options.pb.h"

#include <boost/json.hpp>
#include <google/protobuf/descriptor.h>

namespace troupe::openapi {

namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;

void append_paragraph(std::string& text, std::string_view more) {
  if (!text.empty() && !more.empty()) text.append("\n\n");
  text.append(more);
}

json::object key_schema(const FieldDescriptor& key) {
  switch (key.cpp_type()) {
  case FieldDescriptor::CPPTYPE_STRING:
    return {};
  case FieldDescriptor::CPPTYPE_BOOL:
    return {{"enum", {"false", "true"}}};
  case FieldDescriptor::CPPTYPE_UINT32:
  case FieldDescriptor::CPPTYPE_UINT64:
    return {{"pattern", "^[0-9]+$"}};
  default:
    return {{"pattern", "^-?[0-9]+$"}};
  }
}

std::string quoted_names(const OneofDescriptor& group) {
  std::string out;
  for (int i = 0; i < group.field_count(); ++i)
    out.append(i == 0 ? "`" : ", `").append(group.field(i)->json_name()).append("`");
  return out;
}

// "At most one of": each member, when present, forbids those after it. Said with dependentSchemas and
// propertyNames because generators of clients leave these alone, whereas they turn oneOf into types that
// nobody can use.
void add_oneof_constraints(const Descriptor& message, const std::set<std::string>& left_out,
                           json::object& schema) {
  json::object constraints;
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
    const auto& group = *message.oneof_decl(i);
    for (int first = 0; first < group.field_count(); ++first) {
      if (left_out.contains(group.field(first)->name())) continue;
      json::array forbidden;
      for (int other = first + 1; other < group.field_count(); ++other)
        if (!left_out.contains(group.field(other)->name()))
          forbidden.emplace_back(group.field(other)->json_name());
      if (forbidden.empty()) continue;
      json::object names{{"not", json::object{{"enum", std::move(forbidden)}}}};
      constraints[group.field(first)->json_name()] = json::object{{"propertyNames", std::move(names)}};
    }
  }
  if (!constraints.empty()) schema["dependentSchemas"] = std::move(constraints);
}

} // namespace

json::object schema_reference(std::string_view component) {
  return {{"$ref", "#/components/schemas/" + std::string{component}}};
}

json::object schema_builder::of_message(const Descriptor& message) {
  if (const auto* known = well_known_schema(message)) return *known;
  referred_.emplace(message.full_name(), &message);
  return schema_reference(message.full_name());
}

json::object schema_builder::of_element(const FieldDescriptor& field) {
  switch (field.type()) {
  case FieldDescriptor::TYPE_DOUBLE:
    return {{"type", "number"}, {"format", "double"}};
  case FieldDescriptor::TYPE_FLOAT:
    return {{"type", "number"}, {"format", "float"}};
  case FieldDescriptor::TYPE_INT32:
  case FieldDescriptor::TYPE_SINT32:
  case FieldDescriptor::TYPE_SFIXED32:
    return {{"type", "integer"}, {"format", "int32"}};
  case FieldDescriptor::TYPE_UINT32:
  case FieldDescriptor::TYPE_FIXED32:
    return {{"type", "integer"}, {"minimum", 0}, {"maximum", 4294967295U}};
  case FieldDescriptor::TYPE_INT64:
  case FieldDescriptor::TYPE_SINT64:
  case FieldDescriptor::TYPE_SFIXED64:
    return {{"type", "string"}, {"format", "int64"}, {"pattern", "^-?[0-9]{1,19}$"}};
  case FieldDescriptor::TYPE_UINT64:
  case FieldDescriptor::TYPE_FIXED64:
    return {{"type", "string"}, {"format", "uint64"}, {"pattern", "^[0-9]{1,20}$"}};
  case FieldDescriptor::TYPE_BOOL:
    return {{"type", "boolean"}};
  case FieldDescriptor::TYPE_STRING:
    return {{"type", "string"}};
  case FieldDescriptor::TYPE_BYTES:
    return {{"type", "string"}, {"contentEncoding", "base64"}};
  case FieldDescriptor::TYPE_ENUM:
    if (field.enum_type()->full_name() == "google.protobuf.NullValue") return {{"type", "null"}};
    if (!done_.contains(field.enum_type()->full_name()))
      done_.emplace(field.enum_type()->full_name(), define(*field.enum_type()));
    return schema_reference(field.enum_type()->full_name());
  case FieldDescriptor::TYPE_MESSAGE:
  case FieldDescriptor::TYPE_GROUP:
    break;
  }
  return of_message(*field.message_type());
}

json::object schema_builder::of_field(const FieldDescriptor& field) {
  json::object schema;
  if (field.is_map()) {
    const auto& entry = *field.message_type();
    schema = {{"type", "object"}, {"additionalProperties", of_element(*entry.map_value())}};
    if (auto key = key_schema(*entry.map_key()); !key.empty()) schema["propertyNames"] = std::move(key);
  } else if (field.is_repeated()) {
    schema = {{"type", "array"}, {"items", of_element(field)}};
  } else {
    schema = of_element(field);
  }

  auto description = comments_->description(field.full_name());
  if (const auto* group = field.real_containing_oneof())
    append_paragraph(description, "At most one of " + quoted_names(*group) + " is present.");
  const auto& option = field.options().GetExtension(troupe::field);
  if (option.etag())
    append_paragraph(description, "The version of its message, as the `ETag` header has it.");
  if (!description.empty()) schema["description"] = description;
  if (option.sensitive()) schema["x-sensitive"] = true;
  if (field.options().deprecated()) schema["deprecated"] = true;
  return schema;
}

json::object schema_builder::define(const Descriptor& message, const std::set<std::string>& left_out) {
  json::object schema{{"type", "object"}, {"title", message.name()}};
  if (auto text = comments_->description(message.full_name()); !text.empty()) schema["description"] = text;
  json::object properties;
  json::array required;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    if (left_out.contains(field.name())) continue;
    properties[field.json_name()] = of_field(field);
    if (field.is_required()) required.emplace_back(field.json_name());
  }
  if (!properties.empty()) schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  add_oneof_constraints(message, left_out, schema);
  if (message.options().deprecated()) schema["deprecated"] = true;
  return schema;
}

json::object schema_builder::define(const EnumDescriptor& type) const {
  auto description = comments_->description(type.full_name());
  json::array names;
  std::string list;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    names.emplace_back(value.name());
    const auto text = comments_->description(value.full_name());
    if (text.empty() && !value.options().deprecated()) continue;
    list.append(list.empty() ? "- `" : "\n- `").append(value.name()).append("`");
    if (value.options().deprecated()) list.append(" (deprecated)");
    if (!text.empty()) list.append(": ");
    for (const char c : text)
      list.push_back(c == '\n' ? ' ' : c);
  }
  append_paragraph(description, list);
  json::object schema{{"type", "string"}, {"title", type.name()}};
  if (!description.empty()) schema["description"] = description;
  schema["enum"] = std::move(names);
  if (type.options().deprecated()) schema["deprecated"] = true;
  return schema;
}

json::object schema_builder::of_remainder(const Descriptor& message, const std::set<std::string>& left_out,
                                          std::string component) {
  if (left_out.empty() || well_known_schema(message) != nullptr) return of_message(message);
  auto schema = define(message, left_out);
  schema["title"] = message.name() + " without what the path carries";
  return add(std::move(component), std::move(schema));
}

json::object schema_builder::add(std::string component, json::object schema) {
  auto reference = schema_reference(component);
  done_.insert_or_assign(std::move(component), std::move(schema));
  return reference;
}

json::object schema_builder::components() {
  // Defining a message may refer to further ones; each round takes one that is not defined yet.
  for (auto next = referred_.begin(); next != referred_.end(); next = referred_.begin()) {
    const auto* message = next->second;
    referred_.erase(next);
    if (done_.contains(message->full_name())) continue;
    done_.emplace(message->full_name(), json::object{});
    done_[message->full_name()] = define(*message, {});
  }
  json::object out;
  for (const auto& [name, schema] : done_)
    out[name] = schema;
  return out;
}

} // namespace troupe::openapi
