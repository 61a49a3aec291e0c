// The table of well-known types in https://protobuf.dev/programming-guides/json/.
#include "actors/openapi/schema.hpp"

#include <boost/json.hpp>
#include <google/protobuf/descriptor.h>

namespace troupe::openapi {

namespace {

namespace json = boost::json;
using table = std::map<std::string, json::object, std::less<>>;

table well_known_table() {
  table out;
  const auto add = [&out](const char* name, json::object schema) {
    out.emplace(std::string{"google.protobuf."} + name, std::move(schema));
  };
  add("Timestamp", {{"type", "string"}, {"format", "date-time"}});
  add("Duration", {{"type", "string"}, {"pattern", "^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$"}});
  add("FieldMask", {{"type", "string"}, {"pattern", "^[^,]*(,[^,]+)*$"}});
  add("Struct", {{"type", "object"}, {"additionalProperties", true}});
  add("Value", {{"title", "Any JSON value"}});
  add("ListValue", {{"type", "array"}, {"items", json::object{}}});
  add("Empty", {{"type", "object"}, {"maxProperties", 0}});
  add("Any",
      {{"type", "object"},
       {"properties",
        {{"@type", {{"type", "string"}, {"description", "The URL of the type of the other members."}}}}},
       {"required", {"@type"}},
       {"additionalProperties", true}});

  // A wrapper is its value, or null when it is not set.
  add("DoubleValue", {{"type", {"number", "null"}}, {"format", "double"}});
  add("FloatValue", {{"type", {"number", "null"}}, {"format", "float"}});
  add("Int64Value", {{"type", {"string", "null"}}, {"format", "int64"}, {"pattern", "^-?[0-9]{1,19}$"}});
  add("UInt64Value", {{"type", {"string", "null"}}, {"format", "uint64"}, {"pattern", "^[0-9]{1,20}$"}});
  add("Int32Value", {{"type", {"integer", "null"}}, {"format", "int32"}});
  add("UInt32Value", {{"type", {"integer", "null"}}, {"minimum", 0}, {"maximum", 4294967295U}});
  add("BoolValue", {{"type", {"boolean", "null"}}});
  add("StringValue", {{"type", {"string", "null"}}});
  add("BytesValue", {{"type", {"string", "null"}}, {"contentEncoding", "base64"}});
  return out;
}

} // namespace

const json::object* well_known_schema(const google::protobuf::Descriptor& message) {
  static const table known = well_known_table();
  const auto found = known.find(message.full_name());
  return found == known.end() ? nullptr : &found->second;
}

} // namespace troupe::openapi
