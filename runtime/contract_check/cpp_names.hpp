// How the names of a contract read in C++. Pure functions; the spelling of messages is protoc's own, so that
// generated code finds them.
#pragma once

#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
class FileDescriptor;
class MethodDescriptor;
class ServiceDescriptor;
} // namespace google::protobuf

namespace troupe::codegen {

// "PlaceOrder" -> "place_order", "GetHTTPRoute" -> "get_http_route", "V2List" -> "v2_list". Lower case input
// stays.
std::string snake_case(std::string_view name);

// Whether C++20 reserves the word (keywords and alternative tokens).
bool is_cpp_keyword(std::string_view word);

// The C++ function that stands for an RPC: snake_case, with a trailing underscore where the plain name is a
// keyword or a member of the generated classes' bases.
std::string method_name(const google::protobuf::MethodDescriptor& method);

// "shop.v1" -> "shop::v1", keywords with protoc's trailing underscore; empty without a package.
std::string namespace_of(const google::protobuf::FileDescriptor& file);

// The class that protoc generates for a message, without its namespace: "Outer_Inner".
std::string class_of(const google::protobuf::Descriptor& message);

// How code in `from`'s namespace names a message: short within the namespace, else "::other::Outer_Inner".
std::string type_name(const google::protobuf::Descriptor& message,
                      const google::protobuf::FileDescriptor& from);

// The C++ name of a service's struct; "OrdersHandler" and "OrdersClient" are made of it.
std::string service_class(const google::protobuf::ServiceDescriptor& service);

// "troupe::", or "::troupe::" where a package of the file or of its imports has a part named troupe, which
// would hide the namespace.
std::string runtime_prefix(const google::protobuf::FileDescriptor& file);

// "shop/orders.proto" -> "shop/orders".
std::string file_stem(const google::protobuf::FileDescriptor& file);

} // namespace troupe::codegen
