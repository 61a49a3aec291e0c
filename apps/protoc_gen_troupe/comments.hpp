// The comments of a contract: as plain text, as C++ comments, and as the table that a program carries along,
// because the descriptors that protoc embeds have none. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class FileDescriptor;
class MethodDescriptor;
class ServiceDescriptor;
struct SourceLocation;
} // namespace google::protobuf

namespace troupe::codegen {

// The comment above an element; where there is none, the one behind it on its line. Without comment marks,
// without the space that follows them, without empty lines at either end. Empty when the element has no
// comment.
std::string comment_text(const google::protobuf::SourceLocation& location);

// The same of an element; empty as well when the descriptor has no source information.
template <class Descriptor>
std::string comment_of(const Descriptor& element);

// Text as lines of a C++ comment, indented by `indent` spaces and wrapped at `columns`. Empty for an empty
// text. A line never ends with a backslash, which would pull the next line of code into the comment.
std::string as_cpp_comment(std::string_view text, std::size_t indent, std::size_t columns = 110);

// A text as one or more adjacent C++ string literals, one a line of the text, each begun with `separator` but
// the first. Bytes outside printable ASCII are kept when they are UTF-8, else escaped.
std::string as_cpp_literal(std::string_view text, std::string_view separator);

struct named_comment {
  std::string full_name; // of a service, method, message, field, enum or enum value
  std::string text;
};

// The comments of a file's elements, and of the types in other files that its requests and replies are made
// of, in the order of declaration and use; without google.protobuf's own types, which every reader knows.
std::vector<named_comment> comments_of(const google::protobuf::FileDescriptor& file);

} // namespace troupe::codegen
