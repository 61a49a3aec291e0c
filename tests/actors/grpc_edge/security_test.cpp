#include "grpc/health/v1/health.pb.h"
#include "tests/actors/grpc_edge/certificates.hpp"
#include "tests/actors/grpc_edge/probe.hpp"

#include <catch2/catch.hpp>
#include <grpcpp/impl/codegen/client_unary_call.h>

#include <atomic>

using namespace troupe;
using namespace troupe::probe;

namespace {

struct authority {
  certified root = make_authority("test authority");
  certified server = make_certificate(root, "server", "IP:127.0.0.1,DNS:localhost");
};

// Answers with the identity that the call came with.
void who_am_i(frame what) {
  if (what.kind == frame_kind::request) what.call->answer(item(what.call->metadata()->identity));
}

node::adjust with_tls(const authority& who, bool mutual, bool required = true) {
  return [&who, mutual, required](grpc_edge_options& options, grpc_edge_dependencies&) {
    options.tls = grpc_tls_options{.certificate_chain = who.server.certificate,
                                   .private_key = who.server.key,
                                   .client_roots = mutual ? who.root.certificate : "",
                                   .require_client_certificate = mutual && required};
  };
}

struct answer {
  grpc::Status status;
  std::string text;
};

answer call_over_tls(const node& here, const certified& root, const certified* own) {
  grpc::SslCredentialsOptions options{.pem_root_certs = root.certificate,
                                      .pem_private_key = own != nullptr ? own->key : "",
                                      .pem_cert_chain = own != nullptr ? own->certificate : ""};
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  auto channel = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(here.edge->port()),
                                           grpc::SslCredentials(options), arguments);
  patient context;
  Item reply;
  auto status = Probe::NewStub(channel)->One(&context, Item{}, &reply);
  return {status, reply.text()};
}

answer call_with_token(const node& here, const std::string& authorization) {
  patient context;
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
  Item reply;
  auto status = Probe::NewStub(connect(here.edge->port()))->One(&context, Item{}, &reply);
  return {status, reply.text()};
}

status start_error(const grpc_edge_options& options) {
  caf::actor_system_config configuration;
  caf::actor_system system{configuration};
  real_environment world;
  one_route nobody{nullptr};
  const service_info* services[] = {&probe_service_info};
  auto edge =
    grpc_edge::start(options, services, {.system = system, .directory = nobody, .clock = world.get().clock});
  return edge ? status{} : edge.error();
}

} // namespace

TEST_CASE("grpc tls: the client verifies the server") {
  authority who;
  node here{with_tls(who, false)};
  here.service->on_frame = who_am_i;
  auto good = call_over_tls(here, who.root, nullptr);
  CHECK(good.status.ok());
  CHECK(good.text.empty());
  auto stranger = make_authority("somebody else");
  CHECK(call_over_tls(here, stranger, nullptr).status.error_code() == grpc::StatusCode::UNAVAILABLE);
  // Plain text gets nowhere.
  CHECK(call_with_token(here, "").status.error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("grpc mutual tls: the client's certificate says who it is") {
  authority who;
  node here{with_tls(who, true)};
  here.service->on_frame = who_am_i;
  auto spiffe = make_certificate(who.root, "orders", "URI:spiffe://troupe.example/orders");
  CHECK(call_over_tls(here, who.root, &spiffe).text == "spiffe://troupe.example/orders");
  auto dns = make_certificate(who.root, "orders", "DNS:orders.example");
  CHECK(call_over_tls(here, who.root, &dns).text == "orders.example");
  auto plain = make_certificate(who.root, "just a name", "");
  CHECK(call_over_tls(here, who.root, &plain).text == "just a name");
}

TEST_CASE("grpc mutual tls: strangers and clients without a certificate are not let in") {
  authority who;
  node here{with_tls(who, true)};
  here.service->on_frame = who_am_i;
  CHECK(call_over_tls(here, who.root, nullptr).status.error_code() == grpc::StatusCode::UNAVAILABLE);
  auto other_root = make_authority("somebody else");
  auto stranger = make_certificate(other_root, "orders", "URI:spiffe://troupe.example/orders");
  CHECK(call_over_tls(here, who.root, &stranger).status.error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("grpc mutual tls: when it is optional, a client without a certificate is nobody in particular") {
  authority who;
  node here{with_tls(who, true, false)};
  here.service->on_frame = who_am_i;
  auto nobody = call_over_tls(here, who.root, nullptr);
  CHECK(nobody.status.ok());
  CHECK(nobody.text.empty());
  auto somebody = make_certificate(who.root, "somebody", "");
  CHECK(call_over_tls(here, who.root, &somebody).text == "somebody");
}

TEST_CASE("grpc authentication: the hook sees the caller, and decides") {
  node here{[](auto&, auto& dependencies) {
    dependencies.authenticate = [](const grpc_caller& caller) -> result<std::string> {
      if (caller.bearer_token != "good") return unauthenticated("no valid token for {}", caller.method);
      return std::string{"user 7 from "} + std::string{caller.address.substr(0, 15)};
    };
  }};
  here.service->on_frame = [](frame what) {
    if (what.kind != frame_kind::request) return;
    for (const auto& [name, value] : what.call->metadata()->headers)
      CHECK(name != "authorization");
    who_am_i(what);
  };
  CHECK(call_with_token(here, "Bearer good").text == "user 7 from ipv4:127.0.0.1:");
  auto refused = call_with_token(here, "Bearer bad");
  CHECK(refused.status.error_code() == grpc::StatusCode::UNAUTHENTICATED);
  CHECK(refused.status.error_message() == "no valid token for /troupe.probe.Probe/One");
  CHECK(call_with_token(here, "").status.error_code() == grpc::StatusCode::UNAUTHENTICATED);
  CHECK(here.edge->readings().refused == 2);
}

TEST_CASE("grpc authentication: streams are refused too, before anything is read") {
  std::atomic<int> records = 0;
  std::atomic<bool> brief = false;
  node here{[&](auto&, auto& dependencies) {
    dependencies.on_call_end = [&](const grpc_call_record& record) {
      ++records;
      brief = record.code == status_code::unauthenticated && record.elapsed < std::chrono::minutes{1};
    };
    dependencies.authenticate = [](const grpc_caller&) -> result<std::string> {
      return unauthenticated("no");
    };
  }};
  auto stub = here.stub();
  patient context;
  auto stream = stub->Both(&context);
  Item got;
  CHECK_FALSE(stream->Read(&got));
  CHECK(stream->Finish().error_code() == grpc::StatusCode::UNAUTHENTICATED);
  CHECK(records == 1);
  CHECK(brief);
}

TEST_CASE("grpc authentication: health needs none unless asked for") {
  auto with_health = GENERATE(false, true);
  node here{[with_health](auto& options, auto& dependencies) {
    options.authenticate_health = with_health;
    dependencies.authenticate = [](const grpc_caller&) -> result<std::string> {
      return unauthenticated("no");
    };
  }};
  auto channel = connect(here.edge->port());
  grpc::internal::RpcMethod method{"/grpc.health.v1.Health/Check", grpc::internal::RpcMethod::NORMAL_RPC,
                                   channel};
  patient context;
  grpc::health::v1::HealthCheckRequest request;
  grpc::health::v1::HealthCheckResponse reply;
  auto status = grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &reply);
  CHECK(status.error_code() == (with_health ? grpc::StatusCode::UNAUTHENTICATED : grpc::StatusCode::OK));
}

TEST_CASE("grpc start: plain text stays on loopback unless it is allowed") {
  grpc_edge_options options;
  options.host = "0.0.0.0";
  auto refused = start_error(options);
  CHECK(refused.code() == status_code::invalid_argument);
  CHECK(refused.message().find("without TLS") != std::string::npos);
  options.host = "::";
  CHECK(start_error(options).code() == status_code::invalid_argument);
  for (const auto* host : {"localhost", "127.0.0.2", "127.0.0.1"}) {
    options.host = host;
    CHECK(start_error(options).ok());
  }
}

TEST_CASE("grpc start: a host that is no address, and a port that is taken") {
  grpc_edge_options options;
  options.host = "example.com";
  CHECK(start_error(options).code() == status_code::invalid_argument);
  node here;
  options.host = "127.0.0.1";
  options.port = here.edge->port();
  auto taken = start_error(options);
  CHECK(taken.code() == status_code::unavailable);
  CHECK(taken.message().find(std::to_string(options.port)) != std::string::npos);
}

TEST_CASE("grpc start: certificates that cannot work are named") {
  authority who;
  auto other = make_certificate(who.root, "other", "");
  auto error = [&](const grpc_tls_options& tls) {
    grpc_edge_options options;
    options.tls = tls;
    auto outcome = start_error(options);
    CHECK(outcome.code() == status_code::invalid_argument);
    return outcome.message();
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(error({}), Contains("certificate chain"));
  CHECK_THAT(error({.certificate_chain = who.server.certificate, .private_key = "nonsense"}),
             Contains("private key"));
  CHECK_THAT(error({.certificate_chain = who.server.certificate, .private_key = other.key}),
             Contains("does not belong"));
  CHECK_THAT(
    error({.certificate_chain = who.server.certificate, .private_key = who.server.key, .client_roots = "x"}),
    Contains("client roots"));
  CHECK_THAT(error({.certificate_chain = who.server.certificate,
                    .private_key = who.server.key,
                    .require_client_certificate = true}),
             Contains("no client roots"));
}

TEST_CASE("grpc start: options out of range and services given twice") {
  for (auto spoil : std::initializer_list<void (*)(grpc_edge_options&)>{
         [](grpc_edge_options& options) { options.receive_limit = 0; },
         [](grpc_edge_options& options) { options.send_limit = 0x80000000; },
         [](grpc_edge_options& options) { options.metadata_limit = 0; },
         [](grpc_edge_options& options) { options.calls_limit = 0; },
         [](grpc_edge_options& options) { options.streams_limit = 0; },
         [](grpc_edge_options& options) { options.stream_credit = 0; }}) {
    grpc_edge_options options;
    spoil(options);
    CHECK(start_error(options).code() == status_code::invalid_argument);
  }
  caf::actor_system_config configuration;
  caf::actor_system system{configuration};
  real_environment world;
  one_route nobody{nullptr};
  const service_info* twice[] = {&probe_service_info, &probe_service_info};
  auto edge =
    grpc_edge::start({}, twice, {.system = system, .directory = nobody, .clock = world.get().clock});
  REQUIRE_FALSE(edge);
  CHECK(edge.error().code() == status_code::invalid_argument);
}
