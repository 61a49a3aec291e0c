// What a check of a contract has to say, and where: as compilers put it, so that editors find the line.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace google::protobuf {
class Descriptor;
class EnumDescriptor;
class EnumValueDescriptor;
class FieldDescriptor;
class FileDescriptor;
class MethodDescriptor;
class OneofDescriptor;
class ServiceDescriptor;
} // namespace google::protobuf

namespace troupe {

// A place in a contract. Lines and columns count from 1; line 0: the file as a whole, or its descriptor has
// no source information.
struct source_position {
  std::string file; // its import name
  int line = 0;
  int column = 0;

  // "shop/orders.proto:12:3", or the file alone without a line.
  std::string to_string() const;

  auto operator<=>(const source_position&) const = default;
};

// Where an element is declared; where its option with this field or extension number is set (where the
// element is declared, when it is not set).
source_position position_of(const google::protobuf::FileDescriptor& file);
source_position position_of(const google::protobuf::Descriptor& message, int option = 0);
source_position position_of(const google::protobuf::FieldDescriptor& field, int option = 0);
source_position position_of(const google::protobuf::OneofDescriptor& oneof);
source_position position_of(const google::protobuf::EnumDescriptor& enumeration);
source_position position_of(const google::protobuf::EnumValueDescriptor& value);
source_position position_of(const google::protobuf::ServiceDescriptor& service, int option = 0);
source_position position_of(const google::protobuf::MethodDescriptor& method, int option = 0);
source_position position_of_package(const google::protobuf::FileDescriptor& file);
source_position position_of_file_option(const google::protobuf::FileDescriptor& file, int option);

enum class problem_severity : std::uint8_t {
  error,   // nothing is generated from the contract
  warning, // it works, but hardly as its author means it
};

struct contract_problem {
  problem_severity severity = problem_severity::error;
  source_position where;
  std::string problem; // names the element: "shop.Orders.Get: ..."
  std::string fix;     // what to do about it

  // "shop/orders.proto:12:3: error: shop.Orders.Get: ...; fix: ..."
  std::string to_string() const;
};

} // namespace troupe
