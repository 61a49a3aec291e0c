// How the methods hang in gRPC's server. Unary methods are registered one by one, because gRPC then reads the
// request before it wakes anybody up; all else arrives at the generic service, with the path that the client
// asked for.
#pragma once

#include "actors/grpc_edge/edge_core.hpp"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/impl/codegen/service_type.h>

#include <deque>
#include <string>

namespace troupe::grpc_detail {

class unary_methods final : public grpc::Service {
public:
  explicit unary_methods(edge_core& core) : core_(core) {}

  // Before the server starts. `what` must stay where it is.
  void add(const served_method& what);

private:
  edge_core& core_;
  std::deque<std::string> paths_; // gRPC keeps pointers to them
};

class stream_methods final : public grpc::CallbackGenericService {
public:
  explicit stream_methods(edge_core& core) : core_(core) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;

private:
  edge_core& core_;
};

} // namespace troupe::grpc_detail
