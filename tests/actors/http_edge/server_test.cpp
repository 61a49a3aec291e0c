#include "raw_client.hpp"
#include "test_server.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct echo_server {
  function_handler handler;
  std::unique_ptr<http_server> server;

  explicit echo_server(http_server_options options = {}, http_server_hooks hooks = {}) {
    handler.on("/hello", [](http_exchange& exchange) { answer(exchange, "hello"); });
    handler.on("/echo", [](http_exchange& exchange) { answer(exchange, exchange.request().body()); });
    handler.on("/target", [](http_exchange& exchange) {
      answer(exchange,
             std::string{exchange.request().path()} + "|" + std::string{exchange.request().query()});
    });
    handler.on("/large", [](http_exchange& exchange) { answer(exchange, std::string(8 << 20, 'x')); });
    handler.on("/bug", [](http_exchange&) { throw std::logic_error("a bug"); });
    server = start_server(handler, std::move(options), std::move(hooks));
  }
  std::uint16_t port() const { return server->port(); }
};

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";

} // namespace

TEST_CASE("a request is answered and the connection is kept") {
  echo_server edge;
  raw_client client{edge.port()};
  for (int round = 0; round < 3; ++round) {
    auto response = client.get("/hello");
    CHECK(response.status == 200);
    CHECK(response.body == "hello");
    CHECK(response.field("content-length") == "5");
    CHECK(response.field("content-type") == "text/plain");
    CHECK(response.field("x-content-type-options") == "nosniff");
    CHECK(response.field("date").ends_with(" GMT"));
    CHECK(response.fields.count("server") == 0);
    CHECK(response.fields.count("connection") == 0);
  }
}

TEST_CASE("RFC 9112, 2.2: a request may be split at every byte") {
  echo_server edge;
  const std::string request = "\r\nPOST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t at = 1; at < request.size(); ++at) {
    raw_client client{edge.port()};
    client.send(request.substr(0, at));
    auto response = client.ask(request.substr(at));
    CAPTURE(at);
    REQUIRE(response.status == 200);
    REQUIRE(response.body == "hello world");
  }
  raw_client client{edge.port()};
  for (char c : request)
    client.send({&c, 1});
  CHECK(client.read_response().body == "hello world");
}

TEST_CASE("RFC 9112, 3.2: the forms of a target") {
  echo_server edge;
  raw_client client{edge.port()};
  CHECK(client.get("/target").body == "/target|");
  CHECK(client.get("/target?a=1&b=%20").body == "/target|a=1&b=%20");
  CHECK(client.get("http://elsewhere:80/target?a").body == "/target|a");
  CHECK(client.get("*").status == 404);
  CHECK(client.get("target").status == 400);
}

TEST_CASE("RFC 9110, 9.3.2: HEAD has the fields of GET without its body") {
  echo_server edge;
  raw_client client{edge.port()};
  auto response = client.ask("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\n", false);
  CHECK(response.status == 200);
  CHECK(response.field("content-length") == "5");
  CHECK(client.get("/hello").body == "hello");
}

TEST_CASE("RFC 9112, 9.3: persistence") {
  echo_server edge;
  SECTION("Connection: close") {
    raw_client client{edge.port()};
    auto response = client.ask("GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    CHECK(response.field("connection") == "close");
    CHECK(client.at_end());
  }
  SECTION("HTTP/1.0 closes") {
    raw_client client{edge.port()};
    CHECK(client.ask("GET /hello HTTP/1.0\r\n\r\n").body == "hello");
    CHECK(client.at_end());
  }
  SECTION("HTTP/1.0 keeps when asked to") {
    raw_client client{edge.port()};
    auto response = client.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(response.field("connection") == "keep-alive");
    CHECK(client.get("/hello").body == "hello");
  }
}

TEST_CASE("RFC 9110, 10.1.1: Expect: 100-continue") {
  echo_server edge;
  raw_client client{edge.port()};
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(client.read_response().status == 100);
  CHECK(client.ask("hello").body == "hello");
  SECTION("is not answered when the body is there") {
    CHECK(
      client.ask("POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
        .body
      == "hi");
  }
  SECTION("comes before a refusal of the size") {
    CHECK(
      client
        .ask(
          "POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 9999999999\r\n\r\n")
        .status
      == 413);
  }
  SECTION("anything else is 417") {
    CHECK(client.ask("GET /hello HTTP/1.1\r\nHost: test\r\nExpect: tea\r\n\r\n").status == 417);
  }
}

TEST_CASE("a handler that throws is a 500 and closes") {
  mailbox<std::string> warnings;
  echo_server edge{{}, {.warn = [&](std::string_view text) { warnings.put(std::string{text}); }}};
  raw_client client{edge.port()};
  auto response = client.get("/bug");
  CHECK(response.status == 500);
  CHECK(response.body.find("a bug") == std::string::npos);
  CHECK(warnings.take() == "the handler of GET /bug threw: a bug");
  CHECK(client.at_end());
}

TEST_CASE("a large response reaches a client that reads slowly") {
  echo_server edge;
  raw_client client{edge.port(), 4096};
  auto response = client.get("/large");
  CHECK(response.body.size() == 8u << 20);
  CHECK(response.complete);
  CHECK(client.get("/hello").body == "hello");
}

TEST_CASE("pipelined requests are answered in order") {
  echo_server edge;
  raw_client client{edge.port()};
  std::string requests;
  for (int at = 0; at < 200; ++at)
    requests += "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\n" + std::to_string(100 + at);
  client.send(requests);
  for (int at = 0; at < 200; ++at)
    REQUIRE(client.read_response().body == std::to_string(100 + at));
}

TEST_CASE("safe requests of one connection are worked on in parallel, and answered in order") {
  function_handler handler;
  mailbox<http_exchange_ptr> waiting;
  auto keep = [&](http_exchange& exchange) { waiting.put(&exchange); };
  for (const char* path : {"/a", "/b", "/c"})
    handler.on(path, keep);
  auto server = start_server(handler);
  raw_client client{server->port()};
  auto answer_later = [](const http_exchange_ptr& exchange) {
    exchange->post([exchange] { answer(*exchange, exchange->request().path()); });
  };

  SECTION("in parallel") {
    client.send("GET /a HTTP/1.1\r\nHost: t\r\n\r\nGET /b HTTP/1.1\r\nHost: t\r\n\r\n");
    auto first = waiting.take();
    auto second = waiting.take();
    answer_later(second);
    answer_later(first);
    CHECK(client.read_response().body == "/a");
    CHECK(client.read_response().body == "/b");
  }
  SECTION("RFC 9112, 9.3.2: but not with an unsafe one") {
    client.send("GET /a HTTP/1.1\r\nHost: t\r\n\r\nPOST /b HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n"
                "GET /c HTTP/1.1\r\nHost: t\r\n\r\n");
    auto first = waiting.take();
    CHECK(first->request().path() == "/a");
    answer_later(first);
    CHECK(client.read_response().body == "/a");
    auto second = waiting.take();
    CHECK(second->request().path() == "/b");
    CHECK(waiting.empty());
    answer_later(second);
    CHECK(client.read_response().body == "/b");
    answer_later(waiting.take());
    CHECK(client.read_response().body == "/c");
  }
}

TEST_CASE("no more requests than the limit are worked on at a time") {
  function_handler handler;
  mailbox<http_exchange_ptr> waiting;
  handler.on("/a", [&](http_exchange& exchange) { waiting.put(&exchange); });
  http_server_options options;
  options.limits.pipelined = 2;
  auto server = start_server(handler, options);
  raw_client client{server->port()};
  std::string requests;
  for (int at = 0; at < 5; ++at)
    requests += "GET /a?" + std::to_string(at) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  client.send(requests);
  for (int at = 0; at < 5; ++at) {
    auto exchange = waiting.take();
    CHECK(exchange->request().query() == std::to_string(at));
    if (at == 0) {
      auto second = waiting.take();
      // Both run and a third does not: it would have been given out in the same turn of the thread.
      mailbox<bool> seen;
      second->post([&] { seen.put(waiting.empty()); });
      CHECK(seen.take());
      waiting.put(second);
    }
    exchange->post([exchange] { answer(*exchange, exchange->request().query()); });
    CHECK(client.read_response().body == std::to_string(at));
  }
}

TEST_CASE("the access log tells each answer, and who did not wait for it") {
  struct line {
    std::string method, target, peer;
    int status;
    std::uint64_t request_bytes, response_bytes;
    bool aborted, took_time;
  };
  mailbox<line> log;
  mailbox<http_exchange_ptr> waiting;
  function_handler handler;
  handler.on("/echo", [](http_exchange& exchange) { answer(exchange, exchange.request().body(), 201); });
  handler.on("/wait", [&](http_exchange& exchange) { waiting.put(&exchange); });
  http_server_hooks hooks;
  hooks.access_log = [&](const http_access_record& seen) {
    log.put({std::string{seen.method}, std::string{seen.target}, std::string{seen.peer}, seen.status,
             seen.request_bytes, seen.response_bytes, seen.aborted, seen.took > duration::zero()});
  };
  auto server = start_server(handler, {}, hooks);
  raw_client client{server->port()};
  client.ask("POST /echo?a=b HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
  auto first = log.take();
  CHECK(first.method == "POST");
  CHECK(first.target == "/echo?a=b");
  CHECK(first.peer == "127.0.0.1");
  CHECK(first.status == 201);
  CHECK(first.request_bytes == 5);
  CHECK(first.response_bytes == 5);
  CHECK_FALSE(first.aborted);
  CHECK(first.took_time);
  client.send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n");
  auto exchange = waiting.take();
  client.close();
  auto second = log.take();
  CHECK(second.target == "/wait");
  CHECK(second.aborted);
}
