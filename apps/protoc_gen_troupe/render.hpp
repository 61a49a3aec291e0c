// The C++ that stands for a contract's services. Pure: descriptors in, text out.
#pragma once

#include <string>

namespace google::protobuf {
class FileDescriptor;
} // namespace google::protobuf

namespace troupe::codegen {

// What a file's services look like to their authors and callers: NAME.troupe.hpp. The file must have a
// service.
std::string render_header(const google::protobuf::FileDescriptor& file);

// Their tables, dispatch and comments: NAME.troupe.cpp.
std::string render_source(const google::protobuf::FileDescriptor& file);

} // namespace troupe::codegen
