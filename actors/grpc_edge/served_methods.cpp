#include "actors/grpc_edge/served_methods.hpp"

#include "actors/grpc_edge/stream_call.hpp"
#include "actors/grpc_edge/unary_call.hpp"

#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>

namespace troupe::grpc_detail {

void unary_methods::add(const served_method& what) {
  using handler = grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
  auto index = static_cast<int>(paths_.size());
  paths_.emplace_back(what.method->path);
  AddMethod(new grpc::internal::RpcServiceMethod{paths_.back().c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
                                                 nullptr});
  MarkMethodRawCallback(index,
                        new handler{[this, &what](grpc::CallbackServerContext* context,
                                                  const grpc::ByteBuffer* request, grpc::ByteBuffer* reply) {
                          return unary_call::open(core_, what, *context, *request, *reply);
                        }});
}

grpc::ServerGenericBidiReactor* stream_methods::CreateReactor(grpc::GenericCallbackServerContext* context) {
  auto found = core_.methods.find(context->method());
  if (found == core_.methods.end()) return new refused_stream{core_.unimplemented_path(context->method())};
  return stream_call::open(core_, found->second, *context);
}

} // namespace troupe::grpc_detail
