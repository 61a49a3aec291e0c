// Health and reflection, by their protocols.
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "tests/actors/grpc_edge/probe.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/support/sync_stream.h>

#include <algorithm>
#include <set>

using namespace troupe;
using namespace troupe::probe;

namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// What generated stubs do, spelled out: these protocols come without gRPC's plugin.
grpc::Status check(const std::shared_ptr<grpc::Channel>& channel, const std::string& service,
                   HealthCheckResponse& reply) {
  patient context;
  HealthCheckRequest request;
  request.set_service(service);
  grpc::internal::RpcMethod method{"/grpc.health.v1.Health/Check", grpc::internal::RpcMethod::NORMAL_RPC,
                                   channel};
  return grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &reply);
}

std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> watch(const std::shared_ptr<grpc::Channel>& channel,
                                                               grpc::ClientContext& context,
                                                               const std::string& service) {
  HealthCheckRequest request;
  request.set_service(service);
  grpc::internal::RpcMethod method{"/grpc.health.v1.Health/Watch",
                                   grpc::internal::RpcMethod::SERVER_STREAMING, channel};
  return std::unique_ptr<grpc::ClientReader<HealthCheckResponse>>{
    grpc::internal::ClientReaderFactory<HealthCheckResponse>::Create(channel.get(), method, &context,
                                                                     request)};
}

template <class Request, class Response>
std::unique_ptr<grpc::ClientReaderWriter<Request, Response>>
reflect(const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext& context, const char* path) {
  grpc::internal::RpcMethod method{path, grpc::internal::RpcMethod::BIDI_STREAMING, channel};
  return std::unique_ptr<grpc::ClientReaderWriter<Request, Response>>{
    grpc::internal::ClientReaderWriterFactory<Request, Response>::Create(channel.get(), method, &context)};
}

constexpr auto v1_path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr auto alpha_path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

namespace v1 = grpc::reflection::v1;

// Asks one question on a stream of its own.
v1::ServerReflectionResponse ask(node& here, const v1::ServerReflectionRequest& request) {
  patient context;
  auto stream = reflect<v1::ServerReflectionRequest, v1::ServerReflectionResponse>(connect(here.edge->port()),
                                                                                   context, v1_path);
  v1::ServerReflectionResponse response;
  REQUIRE(stream->Write(request));
  REQUIRE(stream->Read(&response));
  stream->WritesDone();
  v1::ServerReflectionResponse more;
  CHECK_FALSE(stream->Read(&more));
  CHECK(stream->Finish().ok());
  CHECK(response.original_request().SerializeAsString() == request.SerializeAsString());
  return response;
}

std::set<std::string> file_names(const v1::ServerReflectionResponse& response) {
  std::set<std::string> out;
  for (const auto& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(bytes));
    CHECK(out.insert(file.name()).second);
  }
  return out;
}

} // namespace

TEST_CASE("grpc health: Check knows the node, its services, and nothing else") {
  node here;
  auto channel = connect(here.edge->port());
  HealthCheckResponse reply;
  for (const auto* name : {"", "troupe.probe.Probe", "grpc.health.v1.Health"}) {
    REQUIRE(check(channel, name, reply).ok());
    CHECK(reply.status() == HealthCheckResponse::SERVING);
  }
  CHECK(check(channel, "no.Such", reply).error_code() == grpc::StatusCode::NOT_FOUND);
  here.edge->set_serving("troupe.probe.Probe", false);
  REQUIRE(check(channel, "troupe.probe.Probe", reply).ok());
  CHECK(reply.status() == HealthCheckResponse::NOT_SERVING);
  REQUIRE(check(channel, "", reply).ok());
  CHECK(reply.status() == HealthCheckResponse::SERVING);
}

TEST_CASE("grpc health: Watch tells the present and every change") {
  node here;
  auto channel = connect(here.edge->port());
  patient context;
  auto reader = watch(channel, context, "troupe.probe.Probe");
  HealthCheckResponse state;
  REQUIRE(reader->Read(&state));
  CHECK(state.status() == HealthCheckResponse::SERVING);
  for (int i = 0; i < 50; ++i) {
    here.edge->set_serving("troupe.probe.Probe", i % 2 == 1);
    REQUIRE(reader->Read(&state));
    CHECK(state.status() == (i % 2 == 1 ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING));
  }
  context.TryCancel();
  CHECK_FALSE(reader->Read(&state));
}

TEST_CASE("grpc health: Watch of an unknown service waits for it") {
  node here;
  auto channel = connect(here.edge->port());
  patient context;
  auto reader = watch(channel, context, "later");
  HealthCheckResponse state;
  REQUIRE(reader->Read(&state));
  CHECK(state.status() == HealthCheckResponse::SERVICE_UNKNOWN);
  here.edge->set_serving("later", true);
  REQUIRE(reader->Read(&state));
  CHECK(state.status() == HealthCheckResponse::SERVING);
}

TEST_CASE("grpc health: draining tells watchers and ends their streams") {
  node here;
  auto channel = connect(here.edge->port());
  patient context;
  auto reader = watch(channel, context, "");
  HealthCheckResponse state;
  REQUIRE(reader->Read(&state));
  CHECK(state.status() == HealthCheckResponse::SERVING);
  // Without an end of the stream this would take until the limit.
  here.edge->drain(std::chrono::hours{1});
  REQUIRE(reader->Read(&state));
  CHECK(state.status() == HealthCheckResponse::NOT_SERVING);
  CHECK_FALSE(reader->Read(&state));
  CHECK(reader->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("grpc reflection: lists the services, built-in ones too") {
  node here;
  v1::ServerReflectionRequest request;
  request.set_host("somewhere");
  request.set_list_services("*");
  auto response = ask(here, request);
  CHECK(response.valid_host() == "somewhere");
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service())
    names.push_back(service.name());
  CHECK(names
        == std::vector<std::string>{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                                    "grpc.reflection.v1alpha.ServerReflection", "troupe.probe.Probe"});
}

TEST_CASE("grpc reflection: files by name and by symbol come with what they import") {
  node here;
  const std::set<std::string> expected{"probe.proto", "google/protobuf/duration.proto"};
  v1::ServerReflectionRequest request;
  request.set_file_by_filename("probe.proto");
  CHECK(file_names(ask(here, request)) == expected);
  for (const auto* symbol :
       {"troupe.probe.Probe", "troupe.probe.Probe.One", "troupe.probe.Item", "troupe.probe.Item.text"}) {
    request.set_file_containing_symbol(symbol);
    CHECK(file_names(ask(here, request)) == expected);
  }
  request.set_file_by_filename("google/protobuf/duration.proto");
  CHECK(file_names(ask(here, request)) == std::set<std::string>{"google/protobuf/duration.proto"});
}

TEST_CASE("grpc reflection: what is linked in but not served stays hidden") {
  node here;
  auto code = [&](const v1::ServerReflectionRequest& request) {
    return static_cast<grpc::StatusCode>(ask(here, request).error_response().error_code());
  };
  v1::ServerReflectionRequest request;
  // The standard library of protobuf is part of this program, but of no contract here.
  request.set_file_by_filename("google/protobuf/wrappers.proto");
  CHECK(code(request) == grpc::StatusCode::NOT_FOUND);
  request.set_file_containing_symbol("google.protobuf.StringValue");
  CHECK(code(request) == grpc::StatusCode::NOT_FOUND);
  request.set_file_containing_symbol("no.Such");
  CHECK(code(request) == grpc::StatusCode::NOT_FOUND);
  request.set_all_extension_numbers_of_type("google.protobuf.FieldOptions");
  CHECK(code(request) == grpc::StatusCode::NOT_FOUND);
  request.mutable_file_containing_extension()->set_containing_type("troupe.probe.Item");
  CHECK(code(request) == grpc::StatusCode::NOT_FOUND);
  CHECK(code({}) == grpc::StatusCode::INVALID_ARGUMENT);
  request.set_all_extension_numbers_of_type("troupe.probe.Item");
  auto response = ask(here, request);
  CHECK(response.all_extension_numbers_response().base_type_name() == "troupe.probe.Item");
  CHECK(response.all_extension_numbers_response().extension_number_size() == 0);
}

TEST_CASE("grpc reflection: a client with nothing but reflection can build the contract") {
  node here;
  v1::ServerReflectionRequest request;
  request.set_file_containing_symbol("troupe.probe.Probe");
  auto response = ask(here, request);
  google::protobuf::SimpleDescriptorDatabase database;
  for (const auto& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(bytes));
    database.Add(file);
  }
  google::protobuf::DescriptorPool pool{&database};
  const auto* service = pool.FindServiceByName("troupe.probe.Probe");
  REQUIRE(service != nullptr);
  REQUIRE(service->method_count() == 4);
  CHECK(service->FindMethodByName("Both")->client_streaming());
  CHECK(service->FindMethodByName("One")->input_type()->full_name() == "troupe.probe.Item");
}

TEST_CASE("grpc reflection: v1alpha answers like v1, many questions on one stream") {
  namespace alpha = grpc::reflection::v1alpha;
  node here;
  patient context;
  auto stream = reflect<alpha::ServerReflectionRequest, alpha::ServerReflectionResponse>(
    connect(here.edge->port()), context, alpha_path);
  alpha::ServerReflectionRequest request;
  alpha::ServerReflectionResponse response;
  // More than the stream's credit, written before anything is read.
  for (int i = 0; i < 60; ++i) {
    request.set_file_by_filename(i % 2 == 0 ? "probe.proto" : "nothing.proto");
    REQUIRE(stream->Write(request));
  }
  stream->WritesDone();
  for (int i = 0; i < 60; ++i) {
    REQUIRE(stream->Read(&response));
    CHECK(response.has_file_descriptor_response() == (i % 2 == 0));
    CHECK(response.has_error_response() == (i % 2 == 1));
  }
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().ok());
}

TEST_CASE("grpc reflection: an open stream does not hold up a drain") {
  node here;
  patient context;
  auto stream = reflect<v1::ServerReflectionRequest, v1::ServerReflectionResponse>(connect(here.edge->port()),
                                                                                   context, v1_path);
  v1::ServerReflectionRequest request;
  request.set_list_services("");
  v1::ServerReflectionResponse response;
  REQUIRE(stream->Write(request));
  REQUIRE(stream->Read(&response));
  here.edge->drain(std::chrono::hours{1});
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("grpc reflection: it can be switched off") {
  node here{[](auto& options, auto&) { options.reflection = false; }};
  patient context;
  auto stream = reflect<v1::ServerReflectionRequest, v1::ServerReflectionResponse>(connect(here.edge->port()),
                                                                                   context, v1_path);
  v1::ServerReflectionResponse response;
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().error_code() == grpc::StatusCode::UNIMPLEMENTED);
}
