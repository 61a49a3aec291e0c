// Bytes that no gRPC library would send, and compression as it is on the wire.
#include "tests/actors/grpc_edge/probe.hpp"
#include "tests/actors/grpc_edge/raw_http2.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::probe;

namespace {

constexpr auto one_path = "/troupe.probe.Probe/One";

void echo(frame what) {
  if (what.kind == frame_kind::request) what.call->answer(what.call->request());
}

std::string encoded(std::string text) {
  Item out;
  out.set_text(std::move(text));
  return out.SerializeAsString();
}

// Whatever happened to others, a well-behaved client is served.
void check_still_serving(node& here) {
  patient context;
  Item reply;
  CHECK(here.stub()->One(&context, Item{}, &reply).ok());
}

raw_http2::answer talk(node& here, const std::string& bytes) {
  raw_http2 client{here.edge->port()};
  client.send(bytes);
  return client.read_answer();
}

} // namespace

TEST_CASE("grpc bytes: a request cut into single bytes is a request") {
  node here;
  here.service->on_frame = echo;
  raw_http2 client{here.edge->port()};
  auto message = encoded("hello");
  for (auto c : preface() + request_headers(one_path)
                  + last_data(prefixed(0, static_cast<std::uint32_t>(message.size()), message)))
    REQUIRE(client.send({&c, 1}));
  auto answer = client.read_answer();
  CHECK(answer.grpc_status() == 0);
  CHECK(answer.data == prefixed(0, static_cast<std::uint32_t>(message.size()), message));
}

TEST_CASE("grpc bytes: wrong lengths are errors of that call alone") {
  node here;
  here.service->on_frame = echo;
  auto message = encoded("hello");
  auto size = static_cast<std::uint32_t>(message.size());
  auto status = [&](const std::string& body) {
    auto answer = talk(here, preface() + request_headers(one_path) + last_data(body));
    CHECK_FALSE(answer.closed);
    return answer.grpc_status();
  };
  CHECK(status(prefixed(0, size, message)) == 0);
  // Shorter than promised.
  CHECK(status(prefixed(0, size + 1, message)) > 0);
  // Cut inside the length, and no message at all.
  CHECK(status(std::string(3, '\0')) != 0);
  CHECK(status("") != 0);
  // A message that ends inside a field.
  CHECK(status(prefixed(0, size - 1, message.substr(0, size - 1)))
        == static_cast<int>(status_code::internal));
  // A coding that nobody named is no coding, to gRPC.
  CHECK(status(prefixed(1, size, message)) == 0);
  check_still_serving(here);
}

TEST_CASE("grpc bytes: garbage closes its connection and no other") {
  node here;
  here.service->on_frame = echo;
  for (const auto& bytes : {std::string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"}, std::string(1'000, '\xFF'),
                            preface() + std::string(1'000, '\xFF'),
                            preface() + frame_of(1, 4, 1, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")}) {
    auto answer = talk(here, bytes);
    CHECK((answer.closed || answer.goaway || answer.reset || answer.grpc_status() > 0));
  }
  check_still_serving(here);
}

TEST_CASE("grpc bytes: more header than allowed is refused") {
  node here{[](auto& options, auto&) { options.metadata_limit = 4'096; }};
  here.service->on_frame = echo;
  std::vector<std::pair<std::string, std::string>> bomb;
  for (int i = 0; i < 100; ++i)
    bomb.emplace_back("x-bomb-" + std::to_string(i), std::string(100, 'x'));
  auto answer = talk(here, preface() + request_headers(one_path, bomb) + last_data(prefixed(0, 0, "")));
  CHECK(answer.grpc_status() == static_cast<int>(status_code::resource_exhausted));
  check_still_serving(here);
}

TEST_CASE("grpc bytes: a connection that never speaks is cut") {
  // Long enough for those who do speak on a busy machine.
  node here{[](auto& options, auto&) { options.keepalive_timeout = std::chrono::seconds{1}; }};
  here.service->on_frame = echo;
  raw_http2 silent{here.edge->port()};
  CHECK(silent.read_answer().closed);
  raw_http2 halted{here.edge->port()};
  halted.send("PRI * HT");
  CHECK(halted.read_answer().closed);
  check_still_serving(here);
}

TEST_CASE("grpc bytes: a client that vanishes takes its call back") {
  node here;
  {
    raw_http2 client{here.edge->port()};
    client.send(preface() + request_headers(one_path) + last_data(prefixed(0, 0, "")));
    here.service->next(frame_kind::request);
  }
  CHECK(here.service->next(frame_kind::cancel).outcome.code() == status_code::cancelled);
}

TEST_CASE("grpc compression: replies are compressed when the client accepts it and it is worth it") {
  node here{[](auto& options, auto&) {
    options.compression = grpc_compression::medium;
    options.compress_from = 500;
  }};
  here.service->on_frame = echo;
  auto reply = [&](std::size_t size, const char* accepted) {
    auto message = encoded(std::string(size, 'x'));
    auto answer = talk(here, preface() + request_headers(one_path, {{"grpc-accept-encoding", accepted}})
                               + last_data(prefixed(0, static_cast<std::uint32_t>(message.size()), message)));
    CHECK(answer.grpc_status() == 0);
    return answer;
  };
  for (const auto* coding : {"gzip", "deflate"}) {
    auto compressed = reply(5'000, coding);
    REQUIRE_FALSE(compressed.data.empty());
    CHECK(compressed.data[0] == 1);
    CHECK(compressed.data.size() < 500);
    CHECK(compressed.headers.find(coding) != std::string::npos);
  }
  CHECK(reply(5'000, "identity").data[0] == 0);
  CHECK(reply(5'000, "snappy").data[0] == 0);
  CHECK(reply(100, "gzip").data[0] == 0);
}

TEST_CASE("grpc compression: compressed requests and streams are understood") {
  auto algorithm = GENERATE(GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE);
  node here{[](auto& options, auto&) { options.compression = grpc_compression::high; }};
  here.service->on_frame = [](frame what) {
    if (what.kind == frame_kind::request && what.call->method().kind == method_kind::unary) return echo(what);
    if (what.kind == frame_kind::request) return what.call->grant_caller(1);
    if (what.kind == frame_kind::half_close) what.call->finish();
    if (what.kind != frame_kind::item) return;
    what.call->reply_item(what.message);
    what.call->grant_caller(1);
  };
  auto stub = here.stub();
  Item request;
  request.set_data(std::string(100'000, 'x'));
  Item reply;
  patient context;
  context.set_compression_algorithm(algorithm);
  REQUIRE(stub->One(&context, request, &reply).ok());
  CHECK(reply.data() == request.data());
  patient stream_context;
  stream_context.set_compression_algorithm(algorithm);
  auto stream = stub->Both(&stream_context);
  for (auto size : {100'000, 10, 50'000}) {
    request.set_data(std::string(static_cast<std::size_t>(size), 'x'));
    REQUIRE(stream->Write(request));
    REQUIRE(stream->Read(&reply));
    CHECK(reply.data() == request.data());
  }
  stream->WritesDone();
  CHECK(stream->Finish().ok());
}

TEST_CASE("grpc compression: a message that unpacks beyond the limit is refused before it does") {
  node here{[](auto& options, auto&) { options.receive_limit = 1024 * 1024; }};
  here.service->on_frame = echo;
  patient context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  Item request;
  request.set_data(std::string(16 * 1024 * 1024, 'x'));
  Item reply;
  auto status = here.stub()->One(&context, request, &reply);
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(status.error_message()
        == "troupe.probe.Probe.One: the request unpacks to more than the limit of 1048576 bytes");
  check_still_serving(here);
}

TEST_CASE("grpc compression: bytes that are not compressed as they claim") {
  node here;
  here.service->on_frame = echo;
  for (const auto* coding : {"gzip", "deflate"}) {
    auto answer = talk(here, preface() + request_headers(one_path, {{"grpc-encoding", coding}})
                               + last_data(prefixed(1, 7, "garbage")));
    CHECK(answer.grpc_status() == static_cast<int>(status_code::internal));
  }
  // A coding that gRPC does not know is no coding to it.
  auto unknown = talk(here, preface() + request_headers(one_path, {{"grpc-encoding", "snappy"}})
                              + last_data(prefixed(1, 7, "garbage")));
  CHECK(unknown.grpc_status() > 0);
}

TEST_CASE(
  "grpc bytes: of a message of a gibibyte no more is taken than the memory limit, and others are served") {
  constexpr std::size_t memory_limit = 64 * 1024 * 1024;
  node here{[](auto& options, auto&) { options.memory_limit = memory_limit; }};
  here.service->on_frame = echo;
  raw_http2 client{here.edge->port(), 1};
  client.send(preface() + request_headers(one_path));
  const std::string part(1024 * 1024, 'x');
  std::size_t sent = 0;
  try {
    auto open = client.send_data(prefixed(0, 0x40000000, ""), false);
    for (; open && sent < 8 * memory_limit; sent += part.size())
      open = client.send_data(part, false);
  } catch (const silent_server&) {
    // gRPC has stopped to take more, rather than cut the call.
  }
  CHECK(sent < 2 * memory_limit);
  check_still_serving(here);
}
