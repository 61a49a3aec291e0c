// Messages as JSON and back: the proto3 JSON mapping (protobuf.dev/programming-guides/json), well-known types
// included. Own reader and writer over reflection, because the library's go through a type resolver and a
// binary form, at several times the cost, and report less of what is wrong.
#pragma once

#include "runtime/core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace google::protobuf {
class FieldDescriptor;
class Message;
} // namespace google::protobuf

namespace troupe {

// How deep objects and arrays may nest in JSON that comes from outside.
inline constexpr std::uint32_t default_json_depth = 64;

struct json_parse_options {
  // Objects and arrays inside of each other, the outermost one counted. At most 1000.
  std::uint32_t max_depth = default_json_depth;
  // Whether members that name no field are skipped (their syntax is still checked) instead of refused.
  // Unknown names of enum values are then skipped as well.
  bool ignore_unknown_fields = false;
  // Whether a number that names no value of its enum is refused. The mapping lets open enums take any number,
  // so that newer peers can send newer values; a door to the outside tells its client instead.
  bool refuse_unknown_enum_numbers = false;
};

struct json_render_options {
  // "order_id" instead of "orderId".
  bool preserve_field_names = false;
  // Whether fields without presence are written when they have their default value.
  bool print_defaults = false;
  // Numbers instead of names.
  bool enums_as_numbers = false;
};

// Reads one JSON value into `into`, which is cleared first. Strict: RFC 8259 and UTF-8, no duplicate members,
// no two members of one oneof, nothing after the value. INVALID_ARGUMENT says what is wrong and where (line
// and column); where a field is to blame, its path ("items[2].quantity") is in a google.rpc.BadRequest
// detail. RESOURCE_EXHAUSTED is never given; too deep nesting is INVALID_ARGUMENT. After a failure `into` is
// valid with unspecified content.
status parse_json(std::string_view text, google::protobuf::Message& into,
                  const json_parse_options& options = {});

// Reads one JSON value into one field of `into`: an array for a repeated field, an object for a map.
status parse_json_field(std::string_view text, google::protobuf::Message& into,
                        const google::protobuf::FieldDescriptor& field,
                        const json_parse_options& options = {});

// Appends a message as compact JSON, members in the order of the contract, map entries by key. INTERNAL for
// what has no JSON form: a Timestamp, Duration or FieldMask out of its range, a Value without a kind or not
// finite, an Any of a type that is not linked in. `out` then holds a part of the text.
status append_json(const google::protobuf::Message& message, std::string& out,
                   const json_render_options& options = {});

// Appends one field's value as JSON: an array for a repeated field, an object for a map, null for an unset
// message.
status append_json_field(const google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor& field, std::string& out,
                         const json_render_options& options = {});

// append_json into a string of its own.
result<std::string> render_json(const google::protobuf::Message& message,
                                const json_render_options& options = {});

} // namespace troupe
