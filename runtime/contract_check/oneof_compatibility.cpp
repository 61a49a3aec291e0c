// "Oneof", "Backwards-compatibility issues" of the protobuf language guide: who writes two fields of a oneof,
// or reads them, loses one.
#include "runtime/contract_check/contract_versions.hpp"

#include <fmt/core.h>
#include <google/protobuf/descriptor.h>

#include <set>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

const pb::OneofDescriptor* find_oneof(const pb::Descriptor& message, const std::string& name) {
  for (int i = 0; i < message.real_oneof_decl_count(); ++i)
    if (message.oneof_decl(i)->name() == name) return message.oneof_decl(i);
  return nullptr;
}

// Whether `is` holds exactly what is left of `was`, plus fields that are new.
bool is_renamed(const pb::OneofDescriptor& was, const pb::OneofDescriptor& is) {
  const auto& before = *was.containing_type();
  const auto& after = *is.containing_type();
  if (find_oneof(before, is.name())) return false;
  for (int i = 0; i < was.field_count(); ++i)
    if (const auto* now = after.FindFieldByNumber(was.field(i)->number());
        now && now->real_containing_oneof() != &is)
      return false;
  for (int i = 0; i < is.field_count(); ++i)
    if (const auto* old = before.FindFieldByNumber(is.field(i)->number());
        old && old->real_containing_oneof() != &was)
      return false;
  return true;
}

// One field alone in a new oneof excludes nobody.
bool is_alone(const pb::OneofDescriptor& is, const pb::Descriptor& before) {
  if (find_oneof(before, is.name())) return false;
  int known = 0;
  for (int i = 0; i < is.field_count(); ++i)
    if (before.FindFieldByNumber(is.field(i)->number())) ++known;
  return known == 1;
}

std::string place(const pb::OneofDescriptor* oneof) {
  return oneof ? fmt::format("in the oneof {}", oneof->name()) : "in no oneof";
}

} // namespace

void compare_oneofs(const pb::Descriptor& before, const pb::Descriptor& after, contract_versions& versions) {
  std::set<const pb::OneofDescriptor*> renamed;
  for (int i = 0; i < before.field_count(); ++i) {
    const auto* now = after.FindFieldByNumber(before.field(i)->number());
    if (!now) continue;
    const auto* was = before.field(i)->real_containing_oneof();
    const auto* is = now->real_containing_oneof();
    if ((!was && !is) || (was && is && was->name() == is->name())) continue;
    if (was && is && is_renamed(*was, *is)) {
      if (renamed.insert(was).second)
        versions.add(
          "oneof_renamed", break_kind::source, position_of(*is),
          fmt::format("{}: the oneof {} is named {} now", after.full_name(), was->name(), is->name()),
          fmt::format("keep the name {}", was->name()));
      continue;
    }
    const bool harmless = !was && is_alone(*is, before);
    versions.add("field_oneof_changed",
                 harmless ? break_kinds{break_kind::source}
                          : break_kind::wire | break_kind::json | break_kind::source,
                 position_of(*now),
                 fmt::format("{}: it was {} and is {}{}", now->full_name(), place(was), place(is),
                             harmless ? "" : ": of messages that set several fields, all but one are lost"),
                 "leave it where it was, and add a new field with a number of its own");
  }
}

} // namespace troupe::detail
