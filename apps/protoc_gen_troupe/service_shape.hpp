// A service as the two writers need it: every name and type spelled out once, so that header and source
// agree.
#pragma once

#include <string>
#include <vector>

namespace google::protobuf {
class MethodDescriptor;
class ServiceDescriptor;
} // namespace google::protobuf

namespace troupe::codegen {

struct method_shape {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  std::string name;    // "place_order"
  std::string request; // type, as code in the service's namespace names it
  std::string reply;
  bool client_streams = false;
  bool server_streams = false;

  std::string handler_result;                  // "troupe::task<Order>"
  std::vector<std::string> handler_parameters; // "const PlaceOrder& request"
  std::string client_result;                   // "troupe::unary_call<Order>"
  std::vector<std::string> client_parameters;  // "PlaceOrder request"
};

struct service_shape {
  const google::protobuf::ServiceDescriptor* descriptor = nullptr;
  std::string name; // "Orders"
  std::string
    type; // the same as its classes name it: where it could be a function's name as well, "::shop::orders"
  std::string handler; // "OrdersHandler"
  std::string client;  // "OrdersClient"
  std::string table;   // "orders_service": prefix of the constants in the source
  std::string runtime; // "troupe::"
  std::vector<method_shape> methods;
};

service_shape shape_of(const google::protobuf::ServiceDescriptor& service);

// A function's declaration laid out within `columns`, as clang-format does where it can: on one line; else
// with the parameters below each other; else with the result on a line of its own. `result` carries the
// indentation.
std::string declaration(const std::string& result, const std::string& name,
                        const std::vector<std::string>& parameters, const std::string& tail,
                        std::size_t columns = 110);

// What the rules of the contract say of a method, for its documentation: "POST /v1/orders", "PUT
// /v1/orders/{id} (body: order)", "read only", "idempotent". One line each.
std::vector<std::string> method_notes(const google::protobuf::MethodDescriptor& method);

} // namespace troupe::codegen
