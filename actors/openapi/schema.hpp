// JSON Schemas of messages in the proto3 JSON mapping
// (https://protobuf.dev/programming-guides/json/), as OpenAPI 3.1 embeds them (JSON Schema 2020-12).
#pragma once

#include "actors/openapi/comment_index.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
class EnumDescriptor;
class FieldDescriptor;
} // namespace google::protobuf

namespace troupe::openapi {

// Builds schemas and remembers which components they refer to.
//
// Messages and enums become components under their full names ("shop.Order"), which stay the same whatever
// else is added to a contract; recursive messages refer to themselves. Well-known types whose JSON is not an
// object of their fields (Timestamp, Duration, wrappers, Struct, ...) stand in place.
class schema_builder {
public:
  explicit schema_builder(const comment_index& comments) : comments_(&comments) {}

  // A reference to the message's component, or the schema of a well-known type.
  boost::json::object of_message(const google::protobuf::Descriptor& message);

  // A field with its comment, whether singular, repeated or a map.
  boost::json::object of_field(const google::protobuf::FieldDescriptor& field);

  // One element of a field without its comment: what a repeated field repeats.
  boost::json::object of_element(const google::protobuf::FieldDescriptor& field);

  // The message without the named fields (by proto name), as a component of that name: what remains for a
  // request's body when the path carries the rest. Returns the reference.
  boost::json::object of_remainder(const google::protobuf::Descriptor& message,
                                   const std::set<std::string>& left_out, std::string component);

  // Adds a component that no message describes, and refers to it.
  boost::json::object add(std::string component, boost::json::object schema);

  // Every component that was referred to, with those it refers to, ordered by name. Call it last.
  boost::json::object components();

private:
  boost::json::object define(const google::protobuf::Descriptor& message,
                             const std::set<std::string>& left_out);
  boost::json::object define(const google::protobuf::EnumDescriptor& type) const;

  const comment_index* comments_;
  std::map<std::string, boost::json::object, std::less<>> done_;
  std::map<std::string, const google::protobuf::Descriptor*, std::less<>> referred_;
};

// The JSON type that a message has instead of an object of its fields, or null for ordinary messages.
// `google.protobuf.Timestamp` and the rest of the table in the JSON mapping.
const boost::json::object* well_known_schema(const google::protobuf::Descriptor& message);

// "#/components/schemas/NAME" as a reference object.
boost::json::object schema_reference(std::string_view component);

} // namespace troupe::openapi
