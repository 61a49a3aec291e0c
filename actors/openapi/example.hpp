// Examples of messages, made from the names and types of their fields alone, so that they are the same in
// every run and valid against the schemas. `(troupe.field).example` overrides the guess.
#pragma once

#include <boost/json/value.hpp>

#include <set>
#include <string>

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
} // namespace google::protobuf

namespace troupe::openapi {

// A message with all its fields: of a oneof the first member, of repeated fields and maps one element. A
// message inside itself, and what is nested deeper than five levels, is left out.
boost::json::value example_of(const google::protobuf::Descriptor& message,
                              const std::set<std::string>& left_out = {});

// A field as its message has it: an array when it is repeated.
boost::json::value example_of(const google::protobuf::FieldDescriptor& field);

// One element of a field, never an array of them.
boost::json::value element_example_of(const google::protobuf::FieldDescriptor& field);

// What a person would write for a string field of that name: "email" gives "ada@example.com", "order_id"
// "order-1".
std::string text_example_of(std::string_view field_name);

} // namespace troupe::openapi
