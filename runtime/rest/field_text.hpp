// Fields written as plain text, as paths and query strings do.
#pragma once

#include "runtime/core/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
class Message;
} // namespace google::protobuf

namespace troupe {

// The fields that lead from `message` to the last of `names`, each a proto or a JSON name. Fails, saying why,
// when a name is unknown or a field on the way is not a singular message.
result<std::vector<const google::protobuf::FieldDescriptor*>>
resolve_field_path(const google::protobuf::Descriptor& message, const std::vector<std::string>& names);

// "a.b.c" of such a path, in proto names.
std::string field_path_text(const std::vector<const google::protobuf::FieldDescriptor*>& path);

// Whether one value of the field can be written as plain text: scalars, enums, wrappers, Timestamp, Duration,
// FieldMask. Maps cannot; of a repeated field this says it of each element.
bool has_text_form(const google::protobuf::FieldDescriptor& field);

// Sets the field at the end of `path`, or adds to it when it is repeated; creates the messages on the way.
// INVALID_ARGUMENT with what was expected when the text is no value of the field. The message says nothing of
// the field's name.
status set_field_from_text(google::protobuf::Message& message,
                           const std::vector<const google::protobuf::FieldDescriptor*>& path,
                           std::string_view text);

} // namespace troupe
