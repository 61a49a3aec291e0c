// What the issue calls bad input: each ends in a clear error or a closed connection, and other clients are
// served.
#include "actors/http_edge/content_coding.hpp"
#include "raw_client.hpp"
#include "test_server.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

struct counting_metrics final : http_metrics {
  std::atomic<int> opened = 0, closed = 0, refused = 0, timed_out = 0, rejected = 0, answered = 0;
  void connection_opened() override { ++opened; }
  void connection_closed() override { ++closed; }
  void connection_refused() override { ++refused; }
  void connection_timed_out() override { ++timed_out; }
  void request_rejected(int) override { ++rejected; }
  void request_answered(const http_access_record&) override { ++answered; }
};

struct small_server {
  counting_metrics metrics;
  function_handler handler;
  std::unique_ptr<http_server> server;

  explicit small_server(http_server_options options = {}) {
    handler.on("/", [](http_exchange& exchange) { answer(exchange, exchange.request().body()); });
    handler.on("/text", [](http_exchange& exchange) { answer(exchange, std::string(5000, 't')); });
    handler.on("/large", [](http_exchange& exchange) { answer(exchange, std::string(64 << 20, 'x')); });
    handler.on("/tagged", [](http_exchange& exchange) {
      exchange.response().set_entity_tag("\"v1\"");
      answer(exchange, std::string(5000, 't'));
    });
    server = start_server(handler, std::move(options), {.metrics = &metrics});
  }
  std::uint16_t port() const { return server->port(); }
};

// The whole conversation: what came back, until the server closed.
raw_response refusal(std::uint16_t port, std::string_view bytes) {
  raw_client client{port};
  client.send(bytes);
  auto response = client.read_response();
  CHECK(response.field("connection") == "close");
  CHECK(client.at_end());
  return response;
}

const std::string get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";

} // namespace

TEST_CASE("malformed requests are 400 and close") {
  small_server edge;
  for (const auto& request : std::initializer_list<std::string>{
         "GET / HTTP/1.1\r\n\r\n",                                   // no Host
         "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",             // two of them
         "GET / HTTP/1.1\nHost: t\n\n",                              // bare line feeds
         "GET  / HTTP/1.1\r\nHost: t\r\n\r\n",                       // two spaces
         "GET / HTTP/1.1\r\nHost : t\r\n\r\n",                       // space before the colon
         "GET / HTTP/1.1\r\nHost: t\r\nbad name: x\r\n\r\n",         // space in a name
         "GET / HTTP/1.1\r\nHost: t\r\nno colon\r\n\r\n",            //
         "GET / HTTP/1.1\r\nHost: t\r\nx: a\x01z\r\n\r\n",           // a control character
         "GET /\x01 HTTP/1.1\r\nHost: t\r\n\r\n",                    //
         "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",             // TLS to a plain port
         std::string{"GET\0/ HTTP/1.1\r\nHost: t\r\n\r\n", 27},      //
         "{}\r\n\r\n",                                               //
         "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n",  //
         "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n", //
         "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999999\r\n\r\n",         //
         "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",          //
         "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",               //
         "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n",           //
         "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", // size too
                                                                                                  // small
         "POST / HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",             //
       }) {
    CAPTURE(request);
    auto response = refusal(edge.port(), request);
    CHECK(response.status == 400);
    CHECK(response.field("content-type") == "application/problem+json");
  }
  CHECK(raw_client{edge.port()}.ask(get).status == 200);
}

TEST_CASE("RFC 9112, 6.3: request smuggling is refused") {
  small_server edge;
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n";
  CHECK(
    refusal(edge.port(),
            "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
              + smuggled)
      .status
    == 400);
  CHECK(
    refusal(edge.port(),
            "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
              + smuggled)
      .status
    == 400);
  for (auto coding : {"gzip, chunked", "chunked, chunked", "identity", "xchunked", "chunked;a=b"}) {
    CAPTURE(coding);
    CHECK(refusal(edge.port(), "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: " + std::string{coding}
                                 + "\r\n\r\n0\r\n\r\n" + smuggled)
            .status
          == 501);
  }
  CHECK(
    refusal(edge.port(),
            "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\n")
      .status
    == 400);
}

TEST_CASE("other versions are 505") {
  small_server edge;
  CHECK(refusal(edge.port(), "GET / HTTP/2.0\r\nHost: t\r\n\r\n").status == 505);
  CHECK(refusal(edge.port(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505);
  CHECK(refusal(edge.port(), "GET / HTTP/1.2\r\nHost: t\r\n\r\n").status == 505);
}

TEST_CASE("heads that are too large: 414 and 431") {
  http_server_options options;
  options.limits.target_bytes = 1000;
  options.limits.header_bytes = 4000;
  options.limits.header_count = 20;
  small_server edge{options};
  auto line = [](std::size_t size) { return "GET /?" + std::string(size, 'a') + " HTTP/1.1\r\nHost: t\r\n"; };
  CHECK(raw_client{edge.port()}.ask(line(990) + "\r\n").status == 200);
  CHECK(refusal(edge.port(), line(1000) + "\r\n").status == 414);
  CHECK(refusal(edge.port(), line(100'000) + "\r\n").status == 414);
  CHECK(refusal(edge.port(), "GET /" + std::string(1 << 20, 'a')).status == 414);
  auto field = [](std::size_t size) { return "x: " + std::string(size, 'a') + "\r\n"; };
  CHECK(raw_client{edge.port()}.ask(line(1) + field(3000) + "\r\n").status == 200);
  CHECK(refusal(edge.port(), line(1) + field(4100) + "\r\n").status == 431);
  CHECK(refusal(edge.port(), line(1) + field(2000) + field(2000) + "\r\n").status == 431);
  CHECK(refusal(edge.port(), line(1) + "x: " + std::string(1 << 20, 'a')).status == 431);
  std::string many, more;
  for (int at = 0; at < 19; ++at)
    many += "x: y\r\n";
  CHECK(raw_client{edge.port()}.ask(line(1) + many + "\r\n").status == 200);
  CHECK(refusal(edge.port(), line(1) + many + "x: y\r\n\r\n").status == 431);
  // A bomb that trickles in.
  raw_client client{edge.port()};
  client.send(line(1));
  while (client.send(field(10))) {
    if (client.handle() < 0) break;
    char byte;
    if (::recv(client.handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) break;
  }
  CHECK(client.read_response().status == 431);
}

TEST_CASE("bodies that are too large are 413, before they are read") {
  http_server_options options;
  options.limits.body_bytes = 10'000;
  small_server edge{options};
  CHECK(refusal(edge.port(), "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1073741824\r\n\r\n").status
        == 413);
  CHECK(refusal(edge.port(), "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n")
          .status
        == 413);
  CHECK(refusal(edge.port(),
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n")
          .status
        == 413);
  std::string chunks;
  for (int at = 0; at < 11; ++at)
    chunks += "3e8\r\n" + std::string(1000, 'x') + "\r\n";
  CHECK(
    refusal(edge.port(), "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks).status
    == 413);
  CHECK(raw_client{edge.port()}
          .ask("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10000\r\n\r\n" + std::string(10'000, 'x'))
          .body.size()
        == 10'000);
  SECTION("a client that sends it all the same still gets the answer") {
    raw_client client{edge.port()};
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 8000000\r\n\r\n");
    client.send(std::string(4'000'000, 'x'));
    CHECK(client.read_response().status == 413);
  }
  SECTION("endless chunk extensions and trailers") {
    const std::string head = "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(refusal(edge.port(), head + "5;" + std::string(100'000, 'x')).status == 431);
    CHECK(refusal(edge.port(), head + "0\r\nx: " + std::string(100'000, 'x')).status == 431);
  }
}

TEST_CASE("pipelined garbage: what was good before it is answered") {
  small_server edge;
  raw_client client{edge.port()};
  client.send(get + get + "nonsense\r\n\r\n" + get);
  CHECK(client.read_response().status == 200);
  CHECK(client.read_response().status == 200);
  CHECK(client.read_response().status == 400);
  CHECK(client.at_end());
}

TEST_CASE("gzip request bodies") {
  http_server_options options;
  options.limits.body_bytes = 100'000;
  small_server edge{options};
  gzip_encoder encoder;
  auto post = [&](const std::string& plain, std::string coding = "gzip") {
    std::string body;
    encoder.encode(plain, body);
    return raw_client{edge.port()}.ask("POST / HTTP/1.1\r\nHost: t\r\nContent-Encoding: " + coding
                                       + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n"
                                       + body);
  };
  CHECK(post(std::string(50'000, 'a')).body == std::string(50'000, 'a'));
  CHECK(post(std::string(50'000, 'a'), "x-gzip").status == 200);
  CHECK(post(std::string(100'001, 'a')).status == 413);
  auto unknown = post(std::string(1000, 'a'), "br");
  CHECK(unknown.status == 415);
  CHECK(unknown.field("accept-encoding") == "gzip");
  CHECK(raw_client{edge.port()}
          .ask("POST / HTTP/1.1\r\nHost: t\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone")
          .status
        == 400);
}

TEST_CASE("gzip responses, when accepted and worth it") {
  small_server edge;
  raw_client client{edge.port()};
  auto with = [&](std::string path, std::string accept) {
    return client.ask("GET " + path + " HTTP/1.1\r\nHost: t\r\nAccept-Encoding: " + accept + "\r\n\r\n");
  };
  auto coded = with("/text", "gzip");
  CHECK(coded.field("content-encoding") == "gzip");
  CHECK(coded.field("vary") == "accept-encoding");
  CHECK(*gzip_decode(coded.body, 10'000) == std::string(5000, 't'));
  auto plain = with("/text", "br");
  CHECK(plain.body == std::string(5000, 't'));
  CHECK(plain.field("vary") == "accept-encoding");
  CHECK(with("/", "gzip").fields.count("content-encoding") == 0);
  CHECK(with("/tagged", "gzip").field("etag") == "\"v1-gzip\"");
  CHECK(with("/tagged", "br").field("etag") == "\"v1\"");
}

TEST_CASE("slow clients are cut, and others are served") {
  // One limit at a time is short, and long where the client must have done something before it is over: on a
  // busy machine the test itself is slow between two of its steps.
  http_server_options options;
  options.limits.minimum_rate = 1 << 30;
  auto& limits = options.limits;
  SECTION("a connection without a request") {
    limits.header_timeout = 40ms;
    small_server edge{options};
    raw_client client{edge.port()};
    CHECK(client.at_end());
    CHECK(edge.metrics.timed_out == 1);
  }
  SECTION("a head that does not end") {
    limits.header_timeout = 1s;
    small_server edge{options};
    raw_client client{edge.port()};
    client.send("GET / HTTP/1.1\r\nHo");
    CHECK(client.read_response().status == 408);
    CHECK(client.at_end());
  }
  SECTION("a second head that does not end") {
    limits.header_timeout = 1s;
    small_server edge{options};
    raw_client client{edge.port()};
    client.send(get + "G");
    CHECK(client.read_response().status == 200);
    CHECK(client.read_response().status == 408);
  }
  SECTION("a body that does not end") {
    limits.body_timeout = 40ms;
    small_server edge{options};
    raw_client client{edge.port()};
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
    CHECK(client.read_response().status == 408);
    CHECK(client.at_end());
  }
  SECTION("an idle connection") {
    limits.idle_timeout = 1s;
    small_server edge{options};
    raw_client client{edge.port()};
    CHECK(client.ask(get).status == 200);
    CHECK(client.at_end());
    CHECK(edge.metrics.timed_out == 0);
  }
  SECTION("a client that does not read its answer") {
    limits.write_timeout = 40ms;
    limits.linger_timeout = 40ms;
    small_server edge{options};
    raw_client client{edge.port(), 4096};
    client.send("GET /large HTTP/1.1\r\nHost: t\r\n\r\n");
    while (edge.metrics.timed_out == 0)
      CHECK(raw_client{edge.port()}.ask(get).status == 200);
    CHECK(client.rest().size() < 64u << 20);
  }
}

TEST_CASE("too many connections are refused politely") {
  http_server_options options;
  options.limits.connections = 2;
  small_server edge{options};
  raw_client first{edge.port()}, second{edge.port()};
  CHECK(first.ask(get).status == 200);
  CHECK(second.ask(get).status == 200);
  raw_client third{edge.port()};
  auto refused = third.read_response();
  CHECK(refused.status == 503);
  CHECK(refused.field("connection") == "close");
  CHECK(third.at_end());
  CHECK(edge.metrics.refused == 1);
  first.close();
  while (edge.server->connections() == 2)
    std::this_thread::yield();
  CHECK(raw_client{edge.port()}.ask(get).status == 200);
}

TEST_CASE("random bytes never hurt") {
  small_server edge;
  std::uint64_t random = 12345;
  for (int round = 0; round < 200; ++round) {
    std::string bytes =
      round % 2 ? get
                : "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for (int flips = 0; flips < 3; ++flips) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      bytes[(random >> 33) % bytes.size()] = static_cast<char>(random >> 24);
    }
    raw_client client{edge.port()};
    client.send(bytes);
    client.half_close();
    client.rest();
  }
  CHECK(raw_client{edge.port()}.ask(get).status == 200);
}
