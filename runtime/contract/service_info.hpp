// What a program knows of a service without its generated code: names, kinds, and how to make its messages.
// protoc-gen-troupe emits one constant service_info a service; a service_info lives as long as the program.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace google::protobuf {
class Message;
class MethodDescriptor;
class ServiceDescriptor;
} // namespace google::protobuf

namespace troupe {

// A message that was sent is shared and never changes, so that on one node nothing is copied or serialized.
using message_ptr = std::shared_ptr<const google::protobuf::Message>;

enum class method_kind : std::uint8_t { unary, server_streaming, client_streaming, bidirectional };

// google.protobuf.MethodOptions.IdempotencyLevel.
enum class idempotency : std::uint8_t { unknown, no_side_effects, idempotent };

struct service_info;

struct method_info {
  const service_info* service = nullptr;
  std::uint16_t index = 0;    // position in service_info::methods
  std::string_view name;      // "Place"
  std::string_view full_name; // "shop.Orders.Place"
  std::string_view path;      // "/shop.Orders/Place", as gRPC addresses it
  method_kind kind = method_kind::unary;
  idempotency repeat = idempotency::unknown;

  // Empty messages of the method's types, in one allocation each.
  std::shared_ptr<google::protobuf::Message> (*new_request)() = nullptr;
  std::shared_ptr<google::protobuf::Message> (*new_reply)() = nullptr;

  // Whether repeating a call that may have executed does no harm.
  bool may_repeat() const noexcept { return repeat != idempotency::unknown; }
  bool client_streams() const noexcept {
    return kind == method_kind::client_streaming || kind == method_kind::bidirectional;
  }
  bool server_streams() const noexcept {
    return kind == method_kind::server_streaming || kind == method_kind::bidirectional;
  }

  const google::protobuf::MethodDescriptor& descriptor() const;
};

// A comment of the contract, which the descriptors that protoc embeds in a program do not carry.
struct comment_info {
  std::string_view full_name; // of a service, method, message, field, enum or enum value
  std::string_view text;      // as written above the element, without the comment marks
};

struct service_info {
  std::string_view name; // "shop.Orders"
  std::span<const method_info> methods;
  const google::protobuf::ServiceDescriptor* (*find_descriptor)() = nullptr;

  // The comments of the service's file and of the files it imports.
  std::span<const comment_info> comments = {};

  // With options; the first use builds the file's descriptor.
  const google::protobuf::ServiceDescriptor& descriptor() const { return *find_descriptor(); }

  // The method of a simple name ("Place"), or null.
  const method_info* find_method(std::string_view name) const noexcept;
};

} // namespace troupe
