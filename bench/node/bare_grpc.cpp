// The peer of the gRPC row: a callback service of grpc++ without anything behind it. Prints its port.
#include "bench/node/quotes.hpp"
#include "quotes.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <cstdio>

namespace {

class quotes final : public bench::Quotes::CallbackService {
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const bench::GetQuote* request,
                                bench::Quote* reply) override {
    *reply = bench::quote_of(request->id());
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

} // namespace

int main() {
  quotes service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  std::printf("%d\n", port);
  std::fflush(stdout);
  server->Wait();
}
