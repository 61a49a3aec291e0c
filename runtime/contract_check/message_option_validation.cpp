#include "runtime/contract_check/problem_list.hpp"
#include "troupe/options.pb.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/core.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

namespace troupe::detail {

namespace pb = google::protobuf;
namespace json = boost::json;

namespace {

// What Kafka takes for a topic's name, the narrowest of the brokers behind `topic`.
constexpr std::size_t max_topic_length = 249;

bool is_topic(std::string_view name) {
  return name.size() <= max_topic_length && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'
                  || c == '_' || c == '-';
         });
}

void validate_event(const pb::Descriptor& message, problem_list& problems) {
  if (!message.options().HasExtension(troupe::event)) return;
  const auto& topic = message.options().GetExtension(troupe::event).topic();
  const auto where = position_of(message, troupe::kEventFieldNumber);
  if (topic.empty())
    problems.error(where, fmt::format("{}: the option troupe.event names no topic", message.full_name()),
                   "name it: `option (troupe.event) = { topic: \"orders\" };`");
  else if (!is_topic(topic) || topic == "." || topic == "..")
    problems.error(where, fmt::format("{}: \"{}\" is no name of a topic", message.full_name(), topic),
                   fmt::format("use up to {} letters, digits, '.', '_' and '-'", max_topic_length));
}

bool fits_etag(const pb::FieldDescriptor& field) {
  if (field.is_repeated()) return false;
  switch (field.cpp_type()) {
  case pb::FieldDescriptor::CPPTYPE_INT32:
  case pb::FieldDescriptor::CPPTYPE_INT64:
  case pb::FieldDescriptor::CPPTYPE_UINT32:
  case pb::FieldDescriptor::CPPTYPE_UINT64:
  case pb::FieldDescriptor::CPPTYPE_STRING:
    return true;
  default:
    return false;
  }
}

// Whether proto3 JSON writes values of the field's type this way. Messages have many forms; any is taken.
bool fits_example(const pb::FieldDescriptor& field, const json::value& example) {
  if (field.is_map()) return example.is_object();
  if (field.is_repeated() && example.is_array()) return true;
  switch (field.cpp_type()) {
  case pb::FieldDescriptor::CPPTYPE_BOOL:
    return example.is_bool();
  case pb::FieldDescriptor::CPPTYPE_STRING:
    return example.is_string();
  case pb::FieldDescriptor::CPPTYPE_ENUM:
    return example.is_int64()
           || (example.is_string() && field.enum_type()->FindValueByName(std::string{example.as_string()}));
  case pb::FieldDescriptor::CPPTYPE_MESSAGE:
    return true;
  default:
    return example.is_number() || example.is_string();
  }
}

void validate_field(const pb::FieldDescriptor& field, const pb::FieldDescriptor*& etag,
                    problem_list& problems) {
  if (!field.options().HasExtension(troupe::field)) return;
  const auto& options = field.options().GetExtension(troupe::field);
  const auto where = position_of(field, troupe::kFieldFieldNumber);
  if (options.etag()) {
    if (!fits_etag(field))
      problems.error(where,
                     fmt::format("{}: an etag is compared as text, and this field is {}", field.full_name(),
                                 field.is_repeated() ? "repeated" : field.type_name()),
                     "put the option on a singular string, integer or bytes field");
    else if (etag)
      problems.error(where,
                     fmt::format("{}: {} is the etag of {} already", field.full_name(), etag->name(),
                                 field.containing_type()->name()),
                     "keep one of the two");
    etag = &field;
    if (options.sensitive())
      problems.warning(
        where,
        fmt::format("{}: an etag stands in the headers of replies, and this field is sensitive",
                    field.full_name()),
        "let a version number be the etag");
  }
  if (options.example().empty()) return;
  json::error_code failed;
  const auto example = json::parse(options.example(), failed);
  if (failed)
    problems.error(where, fmt::format("{}: the example {} is not JSON", field.full_name(), options.example()),
                   "write the value as JSON; a string needs its own quotes: `example: \"\\\"SKU-1\\\"\"`");
  else if (!fits_example(field, example))
    problems.error(where,
                   fmt::format("{}: the example {} is no value of type {}", field.full_name(),
                               options.example(), field.is_map() ? "map" : field.type_name()),
                   "write a value of the field's type as proto3 JSON does");
}

void validate_message(const pb::Descriptor& message, problem_list& problems) {
  validate_event(message, problems);
  const pb::FieldDescriptor* etag = nullptr;
  for (int i = 0; i < message.field_count(); ++i)
    validate_field(*message.field(i), etag, problems);
  for (int i = 0; i < message.nested_type_count(); ++i)
    validate_message(*message.nested_type(i), problems);
}

} // namespace

void validate_message_options(contract_files files, problem_list& problems) {
  for (const auto* file : files)
    for (int i = 0; i < file->message_type_count(); ++i)
      validate_message(*file->message_type(i), problems);
}

} // namespace troupe::detail
