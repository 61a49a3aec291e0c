// Load for the gRPC row: `bench_grpc_load PORT CALLS IN_FLIGHT` prints calls a second. One thread, one connection.
#include "quotes.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace {

struct pending {
  grpc::ClientContext context;
  bench::Quote reply;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<bench::Quote>> reader;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int calls = std::atoi(argv[2]);
  const int in_flight = std::atoi(argv[3]);
  auto channel = grpc::CreateChannel("127.0.0.1:" + std::string{argv[1]}, grpc::InsecureChannelCredentials());
  auto stub = bench::Quotes::NewStub(channel);
  grpc::CompletionQueue done;
  bench::GetQuote request;
  request.set_id("42");
  auto start = [&] {
    auto* call = new pending;
    call->reader = stub->AsyncGet(&call->context, request, &done);
    call->reader->Finish(&call->reply, &call->status, call);
  };
  const auto measure = [&](int count) {
    const auto began = std::chrono::steady_clock::now();
    int started = 0;
    for (; started < in_flight && started < count; ++started) start();
    for (int ended = 0; ended < count; ++ended) {
      void* tag = nullptr;
      bool ok = false;
      if (!done.Next(&tag, &ok)) std::exit(1);
      std::unique_ptr<pending> call{static_cast<pending*>(tag)};
      if (!call->status.ok() || call->reply.author().empty()) {
        std::fprintf(stderr, "a call failed: %s\n", call->status.error_message().c_str());
        std::exit(1);
      }
      if (started < count) {
        ++started;
        start();
      }
    }
    return count / std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  measure(calls / 10);
  std::printf("%.0f\n", measure(calls));
}
