#include "runtime/contract_check/contract_versions.hpp"
#include "runtime/contract_check/reserved.hpp"
#include "troupe/options.pb.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

namespace troupe::detail {

namespace pb = google::protobuf;

namespace {

std::string topic_of(const pb::Descriptor& message) {
  return message.options().GetExtension(troupe::event).topic();
}

std::string etag_of(const pb::Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i)
    if (message.field(i)->options().GetExtension(troupe::field).etag()) return message.field(i)->name();
  return {};
}

void compare_options(const pb::Descriptor& before, const pb::Descriptor& after, contract_versions& versions) {
  if (const auto topic = topic_of(before); topic != topic_of(after))
    if (!topic.empty())
      versions.add(
        "event_topic_changed", break_kind::wire, position_of(after, troupe::kEventFieldNumber),
        topic_of(after).empty()
          ? fmt::format("{}: it was an event of the topic \"{}\" and is none now", after.full_name(), topic)
          : fmt::format("{}: its topic was \"{}\" and is \"{}\": subscribers of the old one miss it",
                        after.full_name(), topic, topic_of(after)),
        fmt::format("keep `option (troupe.event) = {{ topic: \"{}\" }};`, and publish a new event type to "
                    "the other topic",
                    topic));
  if (const auto etag = etag_of(before); !etag.empty() && etag != etag_of(after))
    versions.add("etag_changed", break_kind::rest, position_of(after),
                 fmt::format("{}: its ETag was the field {} and is {}", after.full_name(), etag,
                             etag_of(after).empty() ? "none of its fields" : etag_of(after)),
                 "keep the option on the field: clients compare what they have stored");
}

std::vector<number_range> reserved_in(const pb::Descriptor& message) {
  std::vector<number_range> out;
  for (int i = 0; i < message.reserved_range_count(); ++i)
    out.emplace_back(message.reserved_range(i)->start, message.reserved_range(i)->end - 1);
  return out;
}

void compare_reservations(const pb::Descriptor& before, const pb::Descriptor& after,
                          contract_versions& versions) {
  auto kept = reserved_in(after);
  for (int i = 0; i < after.field_count(); ++i)
    kept.emplace_back(after.field(i)->number(), after.field(i)->number());
  check_reservations(reserved_in(before), kept, position_of(after), after.full_name(), versions);
  for (int i = 0; i < before.reserved_name_count(); ++i) {
    const auto& name = before.reserved_name(i);
    if (!after.IsReservedName(name) && !after.FindFieldByName(name))
      check_reserved_name(name, position_of(after), after.full_name(), versions);
  }
}

} // namespace

void compare_message(const pb::Descriptor& before, contract_versions& versions) {
  // The entries of a map are its field's type.
  if (before.options().map_entry()) return;
  const auto* after = versions.find(before);
  if (!after) {
    const bool event = before.options().HasExtension(troupe::event);
    versions.add("message_removed",
                 event ? break_kind::wire | break_kind::source : break_kinds{break_kind::source},
                 versions.position_of_remains(before),
                 fmt::format("{}: the message is gone{}", before.full_name(),
                             event ? ", and with it the events that are stored" : ""),
                 "keep it, marked `option deprecated = true;`");
    return;
  }
  compare_fields(before, *after, versions);
  compare_oneofs(before, *after, versions);
  compare_reservations(before, *after, versions);
  compare_options(before, *after, versions);
  for (int i = 0; i < before.nested_type_count(); ++i)
    compare_message(*before.nested_type(i), versions);
  for (int i = 0; i < before.enum_type_count(); ++i)
    compare_enum(*before.enum_type(i), versions);
}

} // namespace troupe::detail
