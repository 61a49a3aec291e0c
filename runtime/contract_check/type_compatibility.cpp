// Which types read each other's bytes and JSON: "Updating A Message Type" of the protobuf language guide.
#include "runtime/contract_check/contract_versions.hpp"

#include <fmt/core.h>
#include <google/protobuf/descriptor.h>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

using field_type = pb::FieldDescriptor::Type;

// Types of one group have the same form on the wire.
enum class wire_group { varint, zigzag, fixed32, fixed64, float32, float64, text, bytes, message, group };

wire_group wire_group_of(field_type type) {
  switch (type) {
  case pb::FieldDescriptor::TYPE_DOUBLE:
    return wire_group::float64;
  case pb::FieldDescriptor::TYPE_FLOAT:
    return wire_group::float32;
  case pb::FieldDescriptor::TYPE_SINT32:
  case pb::FieldDescriptor::TYPE_SINT64:
    return wire_group::zigzag;
  case pb::FieldDescriptor::TYPE_FIXED32:
  case pb::FieldDescriptor::TYPE_SFIXED32:
    return wire_group::fixed32;
  case pb::FieldDescriptor::TYPE_FIXED64:
  case pb::FieldDescriptor::TYPE_SFIXED64:
    return wire_group::fixed64;
  case pb::FieldDescriptor::TYPE_STRING:
    return wire_group::text;
  case pb::FieldDescriptor::TYPE_BYTES:
    return wire_group::bytes;
  case pb::FieldDescriptor::TYPE_MESSAGE:
    return wire_group::message;
  case pb::FieldDescriptor::TYPE_GROUP:
    return wire_group::group;
  default:
    return wire_group::varint;
  }
}

// How many bits a reader keeps of a varint.
int width_of(field_type type) {
  switch (type) {
  case pb::FieldDescriptor::TYPE_BOOL:
    return 1;
  case pb::FieldDescriptor::TYPE_INT64:
  case pb::FieldDescriptor::TYPE_UINT64:
  case pb::FieldDescriptor::TYPE_SINT64:
    return 64;
  default:
    return 32;
  }
}

bool same_on_wire(field_type before, field_type after) {
  const auto was = wire_group_of(before);
  const auto is = wire_group_of(after);
  // Every string is bytes; not all bytes are a string.
  if (was == wire_group::text && is == wire_group::bytes) return true;
  if (was != is) return false;
  return (was != wire_group::varint && was != wire_group::zigzag) || width_of(after) >= width_of(before);
}

// Types with one number have the same form and range in proto3 JSON.
int json_form(field_type type) {
  switch (type) {
  case pb::FieldDescriptor::TYPE_INT32:
  case pb::FieldDescriptor::TYPE_SINT32:
  case pb::FieldDescriptor::TYPE_SFIXED32:
    return 1;
  case pb::FieldDescriptor::TYPE_UINT32:
  case pb::FieldDescriptor::TYPE_FIXED32:
    return 2;
  case pb::FieldDescriptor::TYPE_INT64:
  case pb::FieldDescriptor::TYPE_SINT64:
  case pb::FieldDescriptor::TYPE_SFIXED64:
    return 3;
  case pb::FieldDescriptor::TYPE_UINT64:
  case pb::FieldDescriptor::TYPE_FIXED64:
    return 4;
  case pb::FieldDescriptor::TYPE_FLOAT:
  case pb::FieldDescriptor::TYPE_DOUBLE:
    return 5;
  case pb::FieldDescriptor::TYPE_MESSAGE:
  case pb::FieldDescriptor::TYPE_GROUP:
    return 6;
  default:
    return 16 + static_cast<int>(type);
  }
}

bool same_cpp_type(const pb::FieldDescriptor& before, const pb::FieldDescriptor& after) {
  return before.cpp_type() == after.cpp_type();
}

std::string type_text(const pb::FieldDescriptor& field) {
  if (field.is_map())
    return fmt::format("map<{}, {}>", type_text(*field.message_type()->map_key()),
                       type_text(*field.message_type()->map_value()));
  if (field.message_type()) return field.message_type()->full_name();
  if (field.enum_type()) return field.enum_type()->full_name();
  return field.type_name();
}

// Whether every number that the old enum knows has its old name in the new one.
break_kinds compare_enum_values(const pb::EnumDescriptor& before, const pb::EnumDescriptor& after) {
  break_kinds kinds;
  for (int i = 0; i < before.value_count(); ++i) {
    const auto* same_number = after.FindValueByNumber(before.value(i)->number());
    if (!same_number)
      kinds = kinds | break_kind::wire | break_kind::json;
    else if (same_number->name() != before.value(i)->name())
      kinds = kinds | break_kind::json;
  }
  return kinds;
}

break_kinds type_break(const pb::FieldDescriptor& before, const pb::FieldDescriptor& after,
                       const contract_versions& versions) {
  if (before.is_map() && after.is_map())
    return type_break(*before.message_type()->map_key(), *after.message_type()->map_key(), versions)
           | type_break(*before.message_type()->map_value(), *after.message_type()->map_value(), versions);
  if (before.message_type() && after.message_type()) {
    if (versions.same_type(*before.message_type(), *after.message_type()) && before.type() == after.type())
      return {};
    return break_kind::wire | break_kind::json | break_kind::source;
  }
  if (before.enum_type() && after.enum_type()) {
    if (versions.same_type(*before.enum_type(), *after.enum_type())) return {};
    return break_kind::source | compare_enum_values(*before.enum_type(), *after.enum_type());
  }
  if (before.type() == after.type()) return {};
  break_kinds kinds;
  if (!same_on_wire(before.type(), after.type())) kinds = kinds | break_kind::wire;
  if (json_form(before.type()) != json_form(after.type())) kinds = kinds | break_kind::json;
  if (!same_cpp_type(before, after)) kinds = kinds | break_kind::source;
  return kinds;
}

} // namespace

void compare_field_types(const pb::FieldDescriptor& before, const pb::FieldDescriptor& after,
                         contract_versions& versions) {
  // Of a map and a list, the label says it already.
  if (before.is_map() != after.is_map()) return;
  auto kinds = type_break(before, after, versions);
  if (kinds.empty()) return;
  if (kinds.has(break_kind::json)) kinds = kinds | versions.rest_if_in_requests(*before.containing_type());
  versions.add("field_type_changed", kinds, position_of(after),
               fmt::format("{}: its type was {} and is {}{}", after.full_name(), type_text(before),
                           type_text(after), kinds.has(break_kind::wire) ? "" : " (the bytes stay readable)"),
               fmt::format("keep {}, and add a new field with a number of its own", type_text(before)));
}

} // namespace troupe::detail
