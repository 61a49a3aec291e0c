#include "google/rpc/error_details.pb.h"
#include "runtime/contract/status_details.hpp"
#include "runtime/contract/status_proto.hpp"
#include "tests/actors/grpc_edge/probe.hpp"

#include <catch2/catch.hpp>
#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <grpc/support/time.h>
#include <thread>

using namespace troupe;
using namespace troupe::probe;

namespace {

// Answers unary calls with their own request.
void echo(frame what) {
  if (what.kind == frame_kind::request) what.call->answer(what.call->request());
}

std::optional<std::string> header(const call_metadata& metadata, std::string_view name) {
  for (const auto& [key, value] : metadata.headers)
    if (key == name) return value;
  return {};
}

// One unary exchange of raw bytes, so that they need not be what the contract says.
grpc::Status raw_unary(std::uint16_t port, const std::string& path, const std::string& request,
                       grpc::ClientContext& context) {
  grpc::GenericStub stub{connect(port)};
  grpc::CompletionQueue queue;
  grpc::Slice slice{request};
  grpc::ByteBuffer buffer{&slice, 1};
  auto call = stub.PrepareUnaryCall(&context, path, buffer, &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, &queue);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

} // namespace

TEST_CASE("grpc unary: a request reaches the service and its reply the client") {
  node here;
  here.service->on_frame = echo;
  auto stub = here.stub();
  Item request;
  Item reply;
  request.set_text("hello");
  request.set_data(std::string(100'000, 'x'));
  patient context;
  auto status = stub->One(&context, request, &reply);
  REQUIRE(status.ok());
  CHECK(reply.SerializeAsString() == request.SerializeAsString());
}

TEST_CASE("grpc unary: an empty request and an empty reply are messages too") {
  node here;
  here.service->on_frame = echo;
  patient context;
  Item reply;
  CHECK(here.stub()->One(&context, Item{}, &reply).ok());
}

TEST_CASE("grpc unary: headers travel both ways") {
  node here;
  here.service->on_frame = [](frame what) {
    const auto& seen = *what.call->metadata();
    CHECK(header(seen, "x-tenant") == "blue");
    CHECK(header(seen, "x-raw-bin") == std::string{"\0\xFF\n", 3});
    CHECK(header(seen, "authorization") == "Basic eA==");
    CHECK(header(seen, "user-agent").has_value());
    CHECK_FALSE(header(seen, "traceparent"));
    CHECK(seen.identity.empty());
    CHECK(seen.idempotency_key == "order-7");
    CHECK(seen.trace
          == trace_context{.trace_high = 0x0AF7651916CD43DD,
                           .trace_low = 0x8448EB211C80319C,
                           .span = 0xB7AD6B7169203331,
                           .sampled = true});
    what.call->reply_headers = {{"x-answer", "yes"}, {"x-answer-bin", std::string{"\x01\0", 2}}};
    what.call->answer(item("ok"));
  };
  patient context;
  context.AddMetadata("x-tenant", "blue");
  context.AddMetadata("x-raw-bin", std::string{"\0\xFF\n", 3});
  context.AddMetadata("authorization", "Basic eA==");
  context.AddMetadata("idempotency-key", "order-7");
  context.AddMetadata("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  Item reply;
  REQUIRE(here.stub()->One(&context, Item{}, &reply).ok());
  const auto& headers = context.GetServerInitialMetadata();
  REQUIRE(headers.count("x-answer") == 1);
  CHECK(headers.find("x-answer")->second == "yes");
  REQUIRE(headers.count("x-answer-bin") == 1);
  CHECK(headers.find("x-answer-bin")->second == grpc::string_ref{"\x01\0", 2});
}

TEST_CASE("grpc unary: reply headers that gRPC refuses are left out, and the operator is told") {
  node here;
  here.service->on_frame = [](frame what) {
    what.call->reply_headers = {
      {"Upper", "a"}, {"x-newline", "a\nb"}, {"grpc-status", "0"}, {"", "a"}, {"x-good", "a"}};
    what.call->answer(item("ok"));
  };
  patient context;
  Item reply;
  REQUIRE(here.stub()->One(&context, Item{}, &reply).ok());
  CHECK(context.GetServerInitialMetadata().count("x-good") == 1);
  CHECK(context.GetServerInitialMetadata().count("x-newline") == 0);
  std::lock_guard guard{here.warnings_mutex};
  CHECK(here.warnings.size() == 4);
}

TEST_CASE("grpc unary: the client's deadline arrives as a deadline") {
  node here;
  auto& clock = here.world.get().clock;
  here.service->on_frame = [&clock](frame what) {
    auto left = what.call->until().left(clock.now());
    CHECK(left > std::chrono::seconds{50});
    // gRPC rounds up what it sends.
    CHECK(left <= std::chrono::seconds{61});
    what.call->answer(item("ok"));
  };
  grpc::ClientContext context;
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(60, GPR_TIMESPAN)));
  Item reply;
  CHECK(here.stub()->One(&context, Item{}, &reply).ok());
}

TEST_CASE("grpc unary: no deadline stays no deadline") {
  node here;
  here.service->on_frame = [](frame what) {
    CHECK(what.call->until().is_never());
    what.call->answer(item("ok"));
  };
  grpc::ClientContext context;
  Item reply;
  CHECK(here.stub()->One(&context, Item{}, &reply).ok());
}

TEST_CASE("grpc unary: an error keeps its code, message, details and headers") {
  node here;
  here.service->on_frame = [](frame what) {
    what.call->reply_headers = {{"x-why", "tests"}};
    what.call->fail(with_field_violation(invalid_argument("no 100 % sense: \xC3\xA4"), "text", "is empty"));
  };
  patient context;
  Item reply;
  auto status = here.stub()->One(&context, Item{}, &reply);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(status.error_message() == "no 100 % sense: \xC3\xA4");
  auto parsed = parse_status(status.error_details());
  REQUIRE(parsed);
  CHECK(parsed->code() == status_code::invalid_argument);
  auto details = detail_of<google::rpc::BadRequest>(*parsed);
  REQUIRE(details);
  CHECK(details->field_violations(0).field() == "text");
  CHECK(context.GetServerInitialMetadata().count("x-why") == 1);
}

TEST_CASE("grpc unary: every canonical code arrives as itself") {
  node here;
  here.service->on_frame = [](frame what) {
    auto number = static_cast<const Item&>(*what.call->request()).number();
    what.call->fail(status{*status_code_from_number(number), "as asked"});
  };
  auto stub = here.stub();
  for (int number = 1; number < status_code_count; ++number) {
    Item request;
    Item reply;
    request.set_number(number);
    patient context;
    CHECK(stub->One(&context, request, &reply).error_code() == static_cast<grpc::StatusCode>(number));
  }
}

TEST_CASE("grpc unary: a service that nobody plays is UNAVAILABLE") {
  one_route nobody{nullptr};
  caf::actor_system_config configuration;
  caf::actor_system system{configuration};
  real_environment world;
  const service_info* services[] = {&probe_service_info};
  auto edge =
    grpc_edge::start({}, services, {.system = system, .directory = nobody, .clock = world.get().clock});
  REQUIRE(edge);
  patient context;
  Item reply;
  auto status = Probe::NewStub(connect((*edge)->port()))->One(&context, Item{}, &reply);
  CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(status.error_message() == "nobody plays troupe.probe.Probe");
}

TEST_CASE("grpc unary: unknown services and methods are UNIMPLEMENTED and say which") {
  node here;
  auto message = [&](const char* path) {
    patient context;
    auto status = raw_unary(here.edge->port(), path, "", context);
    CHECK(status.error_code() == grpc::StatusCode::UNIMPLEMENTED);
    return status.error_message();
  };
  CHECK(message("/no.Such/Method") == "there is no service no.Such here");
  CHECK(message("/troupe.probe.Probe/Nothing") == "service troupe.probe.Probe has no method Nothing");
  CHECK(message("/one") == "'/one' is not of the form /SERVICE/METHOD");
  CHECK(message("/") == "'/' is not of the form /SERVICE/METHOD");
}

TEST_CASE("grpc unary: bytes that are not the request's type are INTERNAL and reach nobody") {
  node here;
  std::atomic<bool> reached = false;
  here.service->on_frame = [&](frame) { reached = true; };
  patient context;
  auto status = raw_unary(here.edge->port(), "/troupe.probe.Probe/One", "\xFF\xFF\xFF", context);
  CHECK(status.error_code() == grpc::StatusCode::INTERNAL);
  CHECK(status.error_message() == "troupe.probe.Probe.One: the request is not a troupe.probe.Item");
  CHECK_FALSE(reached);
}

TEST_CASE("grpc unary: text that is not UTF-8 is refused as proto3 demands") {
  node here;
  here.service->on_frame = echo;
  patient context;
  auto status = raw_unary(here.edge->port(), "/troupe.probe.Probe/One", "\x0A\x01\xFF", context);
  CHECK(status.error_code() == grpc::StatusCode::INTERNAL);
}

TEST_CASE("grpc unary: a success without a message is the service's bug") {
  node here;
  here.service->on_frame = [](frame what) { what.call->answer(nullptr); };
  patient context;
  Item reply;
  CHECK(here.stub()->One(&context, Item{}, &reply).error_code() == grpc::StatusCode::INTERNAL);
}

TEST_CASE("grpc unary: messages above the limits are RESOURCE_EXHAUSTED in both directions") {
  node here{[](auto& options, auto&) {
    options.receive_limit = 10'000;
    options.send_limit = 20'000;
  }};
  here.service->on_frame = [](frame what) {
    auto size = static_cast<std::size_t>(static_cast<const Item&>(*what.call->request()).number());
    auto reply = std::make_shared<Item>();
    reply->set_data(std::string(size, 'x'));
    what.call->answer(reply);
  };
  auto stub = here.stub();
  auto code = [&](std::size_t request_size, int reply_size) {
    Item request;
    request.set_data(std::string(request_size, 'x'));
    request.set_number(reply_size);
    Item reply;
    patient context;
    return stub->One(&context, request, &reply).error_code();
  };
  CHECK(code(9'000, 19'000) == grpc::StatusCode::OK);
  CHECK(code(10'000, 1) == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(code(1, 20'000) == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(code(1, 1) == grpc::StatusCode::OK);
}

TEST_CASE("grpc unary: a client that cancels takes its call back from the service") {
  node here;
  auto stub = here.stub();
  patient context;
  Item reply;
  auto outcome = std::async(std::launch::async, [&] { return stub->One(&context, Item{}, &reply); });
  auto request = here.service->next(frame_kind::request);
  context.TryCancel();
  auto cancel = here.service->next(frame_kind::cancel);
  CHECK(cancel.call == request.call);
  CHECK(cancel.outcome.code() == status_code::cancelled);
  CHECK(outcome.get().error_code() == grpc::StatusCode::CANCELLED);
  CHECK_FALSE(request.call->answer(item("too late")));
}

TEST_CASE("grpc unary: a deadline that passes takes the call back from the service") {
  node here;
  auto stub = here.stub();
  grpc::ClientContext context;
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(50, GPR_TIMESPAN)));
  Item reply;
  auto outcome = std::async(std::launch::async, [&] { return stub->One(&context, Item{}, &reply); });
  auto request = here.service->next(frame_kind::request);
  here.service->next(frame_kind::cancel);
  CHECK(outcome.get().error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  CHECK(request.call->cancelled());
}

TEST_CASE("grpc unary: an answer may come from any thread, later") {
  node here;
  auto stub = here.stub();
  patient context;
  Item reply;
  auto outcome = std::async(std::launch::async, [&] { return stub->One(&context, Item{}, &reply); });
  auto request = here.service->next(frame_kind::request);
  std::thread other{[&] { request.call->answer(item("from afar")); }};
  other.join();
  CHECK(outcome.get().ok());
  CHECK(reply.text() == "from afar");
}

TEST_CASE("grpc unary: above calls_limit calls are refused at once") {
  node here{[](auto& options, auto&) { options.calls_limit = 2; }};
  auto stub = here.stub();
  std::vector<std::future<grpc::StatusCode>> waiting;
  std::vector<frame> requests;
  for (int i = 0; i < 2; ++i) {
    waiting.push_back(std::async(std::launch::async, [&] {
      patient context;
      Item reply;
      return stub->One(&context, Item{}, &reply).error_code();
    }));
    requests.push_back(here.service->next(frame_kind::request));
  }
  patient context;
  Item reply;
  CHECK(stub->One(&context, Item{}, &reply).error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (auto& request : requests)
    request.call->answer(item("done"));
  for (auto& outcome : waiting)
    CHECK(outcome.get() == grpc::StatusCode::OK);
  auto readings = here.edge->readings();
  CHECK(readings.accepted == 3);
  CHECK(readings.refused == 1);
}

TEST_CASE("grpc unary: every call is recorded when it ends") {
  std::mutex mutex;
  std::vector<std::pair<std::string, status_code>> records;
  node here{[&](auto&, auto& dependencies) {
    dependencies.on_call_end = [&](const grpc_call_record& record) {
      std::lock_guard guard{mutex};
      records.emplace_back(record.method.full_name, record.code);
      CHECK(record.elapsed >= duration::zero());
    };
  }};
  here.service->on_frame = [](frame what) {
    if (text_of(what.call->request()).empty())
      what.call->fail(not_found("nothing"));
    else
      what.call->answer(what.call->request());
  };
  auto stub = here.stub();
  Item reply;
  patient first;
  stub->One(&first, Item{}, &reply);
  patient second;
  Item request;
  request.set_text("x");
  stub->One(&second, request, &reply);
  here.edge->drain(std::chrono::seconds{10});
  std::lock_guard guard{mutex};
  CHECK(records
        == std::vector<std::pair<std::string, status_code>>{
          {"troupe.probe.Probe.One", status_code::not_found}, {"troupe.probe.Probe.One", status_code::ok}});
}
