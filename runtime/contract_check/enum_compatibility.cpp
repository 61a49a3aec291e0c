#include "runtime/contract_check/contract_versions.hpp"
#include "runtime/contract_check/reserved.hpp"

#include <google/protobuf/descriptor.h>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

std::vector<number_range> reserved_in(const pb::EnumDescriptor& enumeration) {
  std::vector<number_range> out;
  for (int i = 0; i < enumeration.reserved_range_count(); ++i)
    out.emplace_back(enumeration.reserved_range(i)->start, enumeration.reserved_range(i)->end);
  return out;
}

void compare_reservations(const pb::EnumDescriptor& before, const pb::EnumDescriptor& after,
                          contract_versions& versions) {
  auto kept = reserved_in(after);
  for (int i = 0; i < after.value_count(); ++i)
    kept.emplace_back(after.value(i)->number(), after.value(i)->number());
  check_reservations(reserved_in(before), kept, position_of(after), after.full_name(), versions);
  for (int i = 0; i < before.reserved_name_count(); ++i) {
    const auto& name = before.reserved_name(i);
    if (!after.IsReservedName(name) && !after.FindValueByName(name))
      check_reserved_name(name, position_of(after), after.full_name(), versions);
  }
}

void value_removed(const pb::EnumValueDescriptor& value, const pb::EnumDescriptor& after,
                   contract_versions& versions) {
  const auto risk = reuse_risk(after, value.number(), value.name());
  if (risk.empty()) return;
  std::string missing;
  if (risk.has(break_kind::wire)) missing = fmt::format("reserved {};", value.number());
  if (risk.has(break_kind::json))
    missing += fmt::format("{}reserved \"{}\";", missing.empty() ? "" : " ", value.name());
  versions.add("enum_value_removed", risk | break_kind::source, position_of(after),
               fmt::format("{}: the value {} = {} is gone, and its {} can be taken by another one",
                           after.full_name(), value.name(), value.number(),
                           !risk.has(break_kind::json)   ? "number"
                           : !risk.has(break_kind::wire) ? "name"
                                                         : "number and name"),
               fmt::format("put it back, marked [deprecated = true]; or write `{}`", missing));
}

void compare_value(const pb::EnumValueDescriptor& before, const pb::EnumDescriptor& after,
                   contract_versions& versions) {
  const auto* same_name = after.FindValueByName(before.name());
  const auto* same_number = after.FindValueByNumber(before.number());
  if (same_name && same_name->number() != before.number()) {
    versions.add("enum_value_renumbered", break_kind::wire | break_kind::json, position_of(*same_name),
                 fmt::format("{}: {} was {} and is {}", after.full_name(), before.name(), before.number(),
                             same_name->number()),
                 fmt::format("keep {} = {};", before.name(), before.number()));
  } else if (!same_number) {
    value_removed(before, after, versions);
  } else if (!same_name) {
    versions.add("enum_value_renamed", break_kind::json | break_kind::source, position_of(*same_number),
                 fmt::format("{}: the value {} was named {} and is named {}", after.full_name(),
                             before.number(), before.name(), same_number->name()),
                 fmt::format("keep the name {}; with `option allow_alias = true;` {} may stand below it",
                             before.name(), same_number->name()));
  } else if (same_number->name() != before.name()
             && before.type()->FindValueByNumber(before.number()) == &before) {
    versions.add("enum_value_renamed", break_kind::json, position_of(*same_name),
                 fmt::format("{}: {} = {} is only an alias now, and JSON shows {}", after.full_name(),
                             before.name(), before.number(), same_number->name()),
                 fmt::format("put {} above {}: JSON shows the first name of a number", before.name(),
                             same_number->name()));
  }
}

} // namespace

void compare_enum(const pb::EnumDescriptor& before, contract_versions& versions) {
  const auto* after = versions.find(before);
  if (!after) {
    versions.add("enum_removed", break_kind::source, versions.position_of_remains(before),
                 fmt::format("{}: the enum is gone", before.full_name()),
                 "keep it, marked `option deprecated = true;`");
    return;
  }
  for (int i = 0; i < before.value_count(); ++i)
    compare_value(*before.value(i), *after, versions);
  for (int i = 0; i < after->value_count(); ++i)
    if (!before.FindValueByNumber(after->value(i)->number())) check_reuse(before, *after->value(i), versions);
  // proto2: what a message without the field reads. proto3 demands 0.
  if (before.value(0)->number() != after->value(0)->number())
    versions.add("default_changed", break_kind::wire, position_of(*after->value(0)),
                 fmt::format("{}: its first value, which is the default, was {} and is {}",
                             after->full_name(), before.value(0)->name(), after->value(0)->name()),
                 fmt::format("put {} first", before.value(0)->name()));
  compare_reservations(before, *after, versions);
}

} // namespace troupe::detail
