// The HTTP rules of a method, checked and resolved against its messages. Driven by descriptors alone: the
// code generator uses it on contracts that no program contains yet, the router on the services of a program.
#pragma once

#include "runtime/rest/path_template.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace google::protobuf {
class FieldDescriptor;
class MethodDescriptor;
} // namespace google::protobuf

namespace troupe {

enum class body_binding : std::uint8_t {
  none,  // the request has no body
  whole, // "*": every field that the path does not bind
  field, // one field of the request message
};

// One way to a method by HTTP. Holds pointers into the method's descriptor pool.
struct http_binding {
  const google::protobuf::MethodDescriptor* method = nullptr;
  std::size_t index = 0; // 0: the rule itself, 1...: its additional bindings in order
  bool implicit =
    false; // made up for a method without a rule: POST /package.Service/Method, the body is everything
  std::string http_method; // "GET"; "*" for every method
  path_template path;

  // The fields that each variable of `path` leads through; the last one takes the value.
  std::vector<std::vector<const google::protobuf::FieldDescriptor*>> variables;

  body_binding body = body_binding::none;
  const google::protobuf::FieldDescriptor* body_field = nullptr;     // kind field only
  const google::protobuf::FieldDescriptor* response_field = nullptr; // null: the reply is the whole message
};

// Something that is wrong with a rule, for the author of a contract.
struct http_rule_problem {
  const google::protobuf::MethodDescriptor* method = nullptr;
  std::size_t index = 0; // which binding, as http_binding::index
  std::string problem;   // what is wrong, naming the method: "shop.Orders.Get: ..."
  std::string fix;       // what to do about it
};

// Whether the method has a google.api.http option.
bool has_http_rule(const google::protobuf::MethodDescriptor& method);

// Every binding of a method's rule that is sound; what is wrong with the others is appended to `problems`.
// Without a rule: nothing, unless `implicit` is set, which then gives the implicit binding (not for methods
// whose client streams: HTTP has no way to them).
std::vector<http_binding> http_bindings_of(const google::protobuf::MethodDescriptor& method,
                                           std::vector<http_rule_problem>& problems, bool implicit = false);

// Every pair of bindings that match the same paths with the same HTTP method, so that one of them is never
// reached. Reported at the later of the two. Templates that overlap without being equal are no collision: the
// most specific one wins (see rest_router.hpp).
std::vector<http_rule_problem> find_route_collisions(std::span<const http_binding> bindings);

} // namespace troupe
