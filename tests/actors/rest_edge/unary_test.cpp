#include "notes_edge.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("a GET becomes a call, and its reply JSON") {
  notes_edge edge;
  raw_client client{edge.port()};
  auto response = client.get("/v1/notes/a%20b");
  CHECK(response.status == 200);
  CHECK(response.field("content-type") == "application/json");
  CHECK(response.body == R"({"id":"a b","text":"text of a b","version":"7"})");
  CHECK(response.field("etag") == "\"7\"");
  CHECK(response.field("vary") == "accept");
}

TEST_CASE("a status becomes problem+json, google.rpc.Status JSON or its binary form, by Accept") {
  notes_edge edge;
  raw_client client{edge.port()};
  auto problem = client.get("/v1/notes/none");
  CHECK(problem.status == 404);
  CHECK(problem.field("content-type") == "application/problem+json");
  CHECK(problem.body.find(R"("detail":"no note none")") != std::string::npos);
  auto json = client.ask(request("GET /v1/notes/none", "Accept: application/json\r\n"));
  CHECK(json.status == 404);
  CHECK(json.field("content-type") == "application/json");
  CHECK(json.body == R"({"code":5,"message":"no note none","details":[]})");
  auto binary = client.ask(request("GET /v1/notes/none", "Accept: application/x-protobuf\r\n"));
  CHECK(binary.field("content-type") == "application/x-protobuf");
  CHECK(binary.body == "\x08\x05\x12\x0cno note none");
}

TEST_CASE("what is not there: 404, 405 with Allow, OPTIONS, HEAD") {
  notes_edge edge;
  raw_client client{edge.port()};
  CHECK(client.get("/nowhere").status == 404);
  auto wrong = client.ask(request("PATCH /v1/notes/a"));
  CHECK(wrong.status == 405);
  CHECK(wrong.field("allow") == "DELETE, GET, HEAD, PUT, OPTIONS");
  auto options = client.ask(request("OPTIONS /v1/notes/a"));
  CHECK(options.status == 204);
  CHECK(options.field("allow") == "DELETE, GET, HEAD, PUT, OPTIONS");
  CHECK(client.ask(request("OPTIONS *")).status == 204);
  CHECK(client.ask(request("OPTIONS /nowhere")).status == 404);
  auto head = client.ask(request("HEAD /v1/notes/a"), false);
  CHECK(head.status == 200);
  CHECK(head.field("content-length") == "43");
  CHECK(client.ask(request("BREW /v1/notes/a")).status == 405);
}

TEST_CASE("a body becomes the request, by its Content-Type") {
  notes_edge edge;
  edge.callee->on("Create", [](const frame& what) {
    what.call->answer(std::make_shared<notes::Note>(request_of<notes::Note>(what)));
  });
  raw_client client{edge.port()};
  const std::string json = R"({"id":"n","text":"hi"})";
  auto post = [&](std::string_view type, std::string_view body) {
    return client.ask(
      request("POST /v1/notes", type.empty() ? "" : "Content-Type: " + std::string{type} + "\r\n", body));
  };
  CHECK(post("application/json", json).body == json);
  CHECK(post("Application/JSON; charset=\"UTF-8\"", json).body == json);
  CHECK(post("", json).body == json);
  CHECK(post("application/x-protobuf", note("n", "hi")->SerializeAsString()).body == json);
  CHECK(post("application/json; charset=latin1", json).status == 415);
  CHECK(post("text/plain", json).status == 415);
  CHECK(post("text/plain", json).field("accept") == "application/json, application/x-protobuf");
  CHECK(post("nonsense", json).status == 415);
  CHECK(post("application/json", "{").status == 400);
  CHECK(post("application/json", R"({"unknown":1})").status == 400);
  CHECK(post("application/x-protobuf", "\xff\xff").status == 400);
  CHECK(client.ask("POST /v1/notes HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").status == 411);
  CHECK(client.ask(request("POST /v1/notes")).status == 200);
}

TEST_CASE("the reply's form by Accept") {
  notes_edge edge;
  raw_client client{edge.port()};
  auto with = [&](std::string_view accept) {
    return client.ask(request("GET /v1/notes/a", "Accept: " + std::string{accept} + "\r\n"));
  };
  CHECK(with("application/x-protobuf").body == note("a", "text of a", 7)->SerializeAsString());
  CHECK(with("application/json;q=0.4, application/protobuf").field("content-type") == "application/protobuf");
  CHECK(with("text/html, */*;q=0.1").field("content-type") == "application/json");
  auto none = with("image/png");
  CHECK(none.status == 406);
  CHECK(none.field("content-type") == "application/problem+json");
}

TEST_CASE("bad input has clear errors") {
  notes_edge edge;
  raw_client client{edge.port()};
  auto unknown = client.get("/v1/notes/a?colour=red");
  CHECK(unknown.status == 400);
  CHECK(unknown.body.find("colour") != std::string::npos);
  std::string deep(100'000, '[');
  CHECK(client.ask(request("POST /v1/notes", "", deep)).status == 400);
  CHECK(client.ask(request("POST /v1/notes", "", "{\"text\":\"\xff\"}")).status == 400);
  CHECK(client.ask(request("POST /v1/notes", "", R"({"text":3})")).status == 400);
  CHECK(client.get("/v1/notes/%zz").status == 400);
}

TEST_CASE("RFC 9110, 13: conditions on tags that the message carries") {
  notes_edge edge;
  raw_client client{edge.port()};
  CHECK(client.ask(request("GET /v1/notes/a", "If-None-Match: \"6\", \"7\"\r\n")).status == 304);
  CHECK(client.ask(request("GET /v1/notes/a", "If-None-Match: W/\"7\"\r\n")).status == 304);
  CHECK(client.ask(request("GET /v1/notes/a", "If-None-Match: \"7-gzip\"\r\n")).status == 304);
  CHECK(client.ask(request("GET /v1/notes/a", "If-None-Match: \"6\"\r\n")).status == 200);
  SECTION("If-Match goes to the request's field") {
    edge.callee->on("Update", [](const frame& what) {
      const auto& wanted = request_of<notes::UpdateNote>(what).note();
      if (wanted.version() == 7)
        what.call->answer(note(wanted.id(), wanted.text(), 8));
      else
        what.call->fail(aborted("version is 7"));
    });
    auto good = client.ask(request("PUT /v1/notes/a", "If-Match: \"7\"\r\n", R"({"text":"new"})"));
    CHECK(good.status == 200);
    CHECK(good.field("etag") == "\"8\"");
    CHECK(client.ask(request("PUT /v1/notes/a", "If-Match: \"6\"\r\n", R"({"text":"new"})")).status == 412);
    CHECK(client.ask(request("PUT /v1/notes/a", "If-Match: \"x\"\r\n", R"({"text":"new"})")).status == 400);
    CHECK(client.ask(request("PUT /v1/notes/a", "If-Match: \"7\"\r\n", R"({"version":6})")).status == 400);
    CHECK(client.ask(request("PUT /v1/notes/a", "", R"({"version":6})")).status == 409);
  }
  SECTION("a request without such a field is preceded by a GET") {
    int deleted = 0;
    edge.callee->on("Delete", [&](const frame& what) {
      ++deleted;
      what.call->answer(std::make_shared<google::protobuf::Empty>());
    });
    CHECK(client.ask(request("DELETE /v1/notes/a", "If-Match: \"6\"\r\n")).status == 412);
    CHECK(client.ask(request("DELETE /v1/notes/none", "If-Match: *\r\n")).status == 412);
    CHECK(client.ask(request("DELETE /v1/notes/a", "If-None-Match: *\r\n")).status == 412);
    CHECK(deleted == 0);
    CHECK(client.ask(request("DELETE /v1/notes/a", "If-Match: \"6\", \"7\"\r\n")).status == 200);
    CHECK(client.ask(request("DELETE /v1/notes/a", "If-Match: *\r\n")).status == 200);
    CHECK(client.ask(request("DELETE /v1/notes/none", "If-None-Match: *\r\n")).status == 200);
    CHECK(deleted == 3);
  }
}

TEST_CASE("RFC 9110, 13: conditions on tags that are hashes of the representation") {
  notes_edge edge;
  edge.callee->on("PutPage", [](const frame& what) {
    what.call->answer(std::make_shared<notes::Page>(request_of<notes::Page>(what)));
  });
  raw_client client{edge.port()};
  auto tag = client.get("/v1/pages/a").field("etag");
  CHECK(tag.size() == 34);
  CHECK(client.get("/v1/pages/a").field("etag") == tag);
  CHECK(client.get("/v1/pages/b").field("etag") != tag);
  CHECK(client.ask(request("GET /v1/pages/a", "If-None-Match: " + tag + "\r\n")).status == 304);
  CHECK(client.ask(request("PUT /v1/pages/a", "If-Match: " + tag + "\r\n", "{}")).status == 200);
  CHECK(client.ask(request("PUT /v1/pages/a", "If-Match: \"other\"\r\n", "{}")).status == 412);
  auto binary = client.ask(request("GET /v1/pages/a", "Accept: application/x-protobuf\r\n")).field("etag");
  CHECK(binary != tag);
  CHECK(client.ask(request("PUT /v1/pages/a", "If-Match: " + binary + "\r\n", "{}")).status == 200);
}

TEST_CASE("metadata: who, the trace, the client's own headers") {
  rest_edge_hooks hooks;
  hooks.authenticate = bearer_authentication([](std::string_view token) -> result<std::string> {
    if (token == "good") return std::string{"ada"};
    if (token == "known") return permission_denied("not you");
    return unauthenticated("no such token");
  });
  notes_edge edge{{}, hooks};
  mailbox<call_metadata> seen;
  edge.callee->on("Get", [&](const frame& what) {
    seen.put(*what.call->metadata());
    what.call->reply_headers = {{"x-mine", "1"}, {"content-length", "9"}, {"x-two", "a\r\nX-Injected: b"}};
    what.call->answer(note("a", "b"));
  });
  raw_client client{edge.port()};
  auto refused = client.get("/v1/notes/a");
  CHECK(refused.status == 401);
  CHECK(refused.field("www-authenticate") == "Bearer");
  CHECK(client.ask(request("GET /v1/notes/a", "Authorization: Basic x\r\n")).status == 401);
  CHECK(client.ask(request("GET /v1/notes/a", "Authorization: Bearer bad\r\n")).status == 401);
  CHECK(client.ask(request("GET /v1/notes/a", "Authorization: bearer known\r\n")).status == 403);
  auto response = client.ask(
    request("GET /v1/notes/a", "Authorization: Bearer good\r\nX-Mine: hello\r\nAccept: */*\r\n"
                               "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"));
  CHECK(response.status == 200);
  auto metadata = seen.take();
  CHECK(metadata.identity == "ada");
  CHECK(metadata.headers == header_list{{"x-mine", "hello"}});
  CHECK(metadata.trace.trace_high == 0x4bf92f3577b34da6);
  CHECK(metadata.trace.trace_low == 0xa3ce929d0e0e4736);
  CHECK(metadata.trace.sampled);
  CHECK(metadata.trace.span != 0x00f067aa0ba902b7);
  CHECK(response.field("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  CHECK(response.field("traceparent").ends_with("-01"));
  CHECK(response.field("x-mine") == "1");
  CHECK(response.field("x-two") == "aX-Injected: b");
  CHECK(response.fields.count("x-injected") == 0);
  CHECK(response.fields.count("content-length") == 1);
}

TEST_CASE("deadlines: from headers, bounded, and kept by the edge itself") {
  rest_edge_options options;
  options.default_timeout = 30s;
  options.max_timeout = 60s;
  notes_edge edge{options};
  mailbox<duration> seen;
  edge.callee->on("Get", [&](const frame& what) {
    seen.put(what.call->until().left(std::chrono::steady_clock::now()));
    what.call->answer(note("a", "b"));
  });
  raw_client client{edge.port()};
  auto left = [&](std::string_view field) {
    CHECK(client.ask(request("GET /v1/notes/a", field)).status == 200);
    return seen.take();
  };
  CHECK(left("") <= 30s);
  CHECK(left("") > 20s);
  CHECK(left("Request-Timeout: 10\r\n") <= 10s);
  CHECK(left("X-Request-Timeout: 5000ms\r\n") <= 5s);
  CHECK(left("grpc-timeout: 4S\r\n") <= 4s);
  CHECK(left("Request-Timeout: 3600\r\n") <= 60s);
  CHECK(left("Request-Timeout: 3600\r\n") > 50s);
  CHECK(client.ask(request("GET /v1/notes/a", "Request-Timeout: soon\r\n")).status == 400);

  // Nobody answers this one.
  auto late = client.ask(request("PUT /v1/notes/a", "Request-Timeout: 30ms\r\n", "{}"));
  CHECK(late.status == 504);
  auto asked = edge.callee->frames.take();
  CHECK(asked.kind == frame_kind::request);
  auto cancel = edge.callee->frames.take();
  CHECK(cancel.kind == frame_kind::cancel);
  CHECK(cancel.outcome.code() == status_code::deadline_exceeded);
  CHECK_FALSE(asked.call->answer(note("too", "late")));
  CHECK(client.get("/v1/notes/a").status == 200);
}

TEST_CASE("a client that goes away cancels its call") {
  notes_edge edge;
  auto client = std::make_unique<raw_client>(edge.port());
  client->send(request("PUT /v1/notes/a", "", "{}"));
  auto asked = edge.callee->frames.take();
  SECTION("by closing") { client->close(); }
  SECTION("by a reset") { client->reset(); }
  SECTION("by closing its side") { client->half_close(); }
  auto cancel = edge.callee->frames.take();
  CHECK(cancel.kind == frame_kind::cancel);
  CHECK(cancel.call == asked.call);
  CHECK(cancel.outcome.code() == status_code::cancelled);
}

TEST_CASE("answers may come from any thread") {
  notes_edge edge;
  raw_client client{edge.port()};
  for (int round = 0; round < 50; ++round) {
    client.send(request("PUT /v1/notes/a", "", "{}"));
    auto asked = edge.callee->frames.take();
    std::thread other{[&] { asked.call->answer(note("a", std::to_string(round))); }};
    CHECK(client.read_response().body == "{\"id\":\"a\",\"text\":\"" + std::to_string(round) + "\"}");
    other.join();
  }
}
