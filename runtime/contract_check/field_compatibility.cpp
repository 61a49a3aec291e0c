#include "runtime/contract_check/contract_versions.hpp"
#include "runtime/contract_check/reserved.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

std::string default_of(const pb::FieldDescriptor& field) {
  if (!field.has_default_value()) return {};
  pb::FieldDescriptorProto proto;
  field.CopyTo(&proto);
  return proto.default_value();
}

std::string label_of(const pb::FieldDescriptor& field) {
  if (field.is_map()) return "a map";
  if (field.is_repeated()) return "repeated";
  return field.is_required() ? "required" : "singular";
}

void compare_names(const pb::FieldDescriptor& before, const pb::FieldDescriptor& after,
                   contract_versions& versions) {
  const bool json_changed = before.json_name() != after.json_name();
  if (before.name() != after.name()) {
    auto kinds = break_kind::source | versions.rest_if_in_requests(*before.containing_type());
    if (json_changed) kinds = kinds | break_kind::json;
    versions.add(
      "field_renamed", kinds, position_of(after),
      fmt::format("{}: field {} was named {} and is named {}", after.containing_type()->full_name(),
                  after.number(), before.name(), after.name()),
      fmt::format("keep the name {}; or, if this is a new field, give it a number of its own and write "
                  "`reserved {}; reserved \"{}\";`",
                  before.name(), before.number(), before.name()));
  } else if (json_changed) {
    versions.add("json_name_changed", break_kind::json, position_of(after),
                 fmt::format("{}: its name in JSON was {} and is {}", after.full_name(), before.json_name(),
                             after.json_name()),
                 fmt::format("write `[json_name = \"{}\"]`", before.json_name()));
  }
}

void compare_labels(const pb::FieldDescriptor& before, const pb::FieldDescriptor& after,
                    contract_versions& versions) {
  const auto was = label_of(before);
  const auto is = label_of(after);
  if (was != is) {
    const bool lengths_kept = !before.is_repeated() && after.is_repeated() && !after.is_map()
                              && !pb::FieldDescriptor::IsTypePackable(before.type());
    auto kinds = break_kind::json | break_kind::source;
    // A reader of one value takes the last of many, so that a list may follow a single string, bytes or
    // message.
    if (!lengths_kept || before.is_required()) kinds = kinds | break_kind::wire;
    if (!before.is_repeated() && !after.is_repeated()) kinds = break_kind::wire | break_kind::json;
    versions.add("field_label_changed", kinds, position_of(after),
                 fmt::format("{}: it was {} and is {}", after.full_name(), was, is),
                 fmt::format("keep it {}, and add a new field with a number of its own", was));
  } else if (before.has_presence() && !after.has_presence() && !before.message_type()
             && !before.real_containing_oneof()) {
    versions.add(
      "presence_removed", break_kind::json | break_kind::source, position_of(after),
      fmt::format("{}: it was `optional` and is not: nobody can tell the default value from none any more",
                  after.full_name()),
      "keep `optional`");
  }
}

void compare_defaults(const pb::FieldDescriptor& before, const pb::FieldDescriptor& after,
                      contract_versions& versions) {
  if (default_of(before) == default_of(after)) return;
  versions.add(
    "default_changed", break_kind::wire, position_of(after),
    fmt::format("{}: its default was \"{}\" and is \"{}\": old and new programs read different values from "
                "the same bytes",
                after.full_name(), default_of(before), default_of(after)),
    "keep the default");
}

void field_removed(const pb::FieldDescriptor& field, const pb::Descriptor& after,
                   contract_versions& versions) {
  if (const auto* same_name = after.FindFieldByName(field.name())) {
    versions.add("field_renumbered", break_kind::wire, position_of(*same_name),
                 fmt::format("{}: its number was {} and is {}", same_name->full_name(), field.number(),
                             same_name->number()),
                 fmt::format("keep the number {}", field.number()));
    return;
  }
  const auto risk = reuse_risk(after, field.number(), field.name());
  if (risk.empty()) return;
  std::string missing;
  if (risk.has(break_kind::wire)) missing = fmt::format("reserved {};", field.number());
  if (risk.has(break_kind::json))
    missing += fmt::format("{}reserved \"{}\";", missing.empty() ? "" : " ", field.name());
  versions.add("field_removed", risk | break_kind::source, position_of(after),
               fmt::format("{}: the field {} (number {}) is gone, and its {} can be taken by another one",
                           after.full_name(), field.name(), field.number(),
                           !risk.has(break_kind::json)   ? "number"
                           : !risk.has(break_kind::wire) ? "name"
                                                         : "number and name"),
               fmt::format("put it back, marked [deprecated = true]; or write `{}`", missing));
}

} // namespace

void compare_fields(const pb::Descriptor& before, const pb::Descriptor& after, contract_versions& versions) {
  for (int i = 0; i < before.field_count(); ++i) {
    const auto& was = *before.field(i);
    const auto* is = after.FindFieldByNumber(was.number());
    const auto* same_name = after.FindFieldByName(was.name());
    // Where the name went to another number, the field at the old number is not this one renamed.
    if (!is || (same_name && same_name != is)) {
      field_removed(was, after, versions);
      continue;
    }
    compare_names(was, *is, versions);
    compare_labels(was, *is, versions);
    compare_field_types(was, *is, versions);
    compare_defaults(was, *is, versions);
  }
  for (int i = 0; i < after.field_count(); ++i) {
    const auto& fresh = *after.field(i);
    if (before.FindFieldByNumber(fresh.number())) continue;
    check_reuse(before, fresh, versions);
    if (fresh.is_required())
      versions.add("required_field_added", break_kind::wire | break_kind::json, position_of(fresh),
                   fmt::format("{}: a new field is required, and nobody sends it yet", fresh.full_name()),
                   "make it optional");
  }
}

} // namespace troupe::detail
