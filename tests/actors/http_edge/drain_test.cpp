#include "raw_client.hpp"
#include "test_server.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

const std::string get = "GET /now HTTP/1.1\r\nHost: t\r\n\r\n";
const std::string get_later = "GET /later HTTP/1.1\r\nHost: t\r\n\r\n";

struct draining_server {
  mailbox<http_exchange_ptr> waiting;
  function_handler handler;
  std::unique_ptr<http_server> server;

  explicit draining_server(http_server_options options = {}) {
    handler.on("/now", [](http_exchange& exchange) { answer(exchange, "now"); });
    handler.on("/later", [this](http_exchange& exchange) { waiting.put(&exchange); });
    server = start_server(handler, options);
  }
};

} // namespace

TEST_CASE("draining answers what is in flight and closes after it") {
  draining_server edge;
  raw_client client{edge.server->port()}, idle{edge.server->port()};
  CHECK(idle.ask(get).status == 200);
  client.send(get_later + get_later);
  auto exchange = edge.waiting.take();
  auto other = edge.waiting.take();
  std::thread drain{[&] { edge.server->drain(20s); }};
  // Idle connections end while the drain waits for the other one.
  CHECK(idle.at_end());
  exchange->post([exchange] { answer(*exchange, "later"); });
  auto first = client.read_response();
  CHECK(first.body == "later");
  CHECK(first.fields.count("connection") == 0);
  // Had arrived before as well: answered too, and only this answer is the last.
  other->post([other] { answer(*other, "now"); });
  auto second = client.read_response();
  CHECK(second.body == "now");
  CHECK(second.field("connection") == "close");
  CHECK(client.at_end());
  drain.join();
  CHECK(edge.server->connections() == 0);
  CHECK_THROWS(raw_client{edge.server->port()});
}

TEST_CASE("a drain that takes too long cuts") {
  draining_server edge;
  raw_client client{edge.server->port()};
  client.send(get_later);
  auto exchange = edge.waiting.take();
  edge.server->drain(20ms);
  CHECK(client.at_end());
  answer(*exchange, "too late"); // harmless
  exchange->post([] { FAIL("the server has stopped"); });
}

TEST_CASE("no request that was accepted before the drain fails") {
  for (int round = 0; round < 3; ++round) {
    // A client thread that is stalled between two requests must not lose its connection to the grace
    // meanwhile.
    http_server_options options;
    options.drain_idle_grace = 2s;
    draining_server edge{options};
    const auto port = edge.server->port();
    std::atomic<int> answered = 0, failed = 0;
    std::atomic<bool> draining = false;
    auto client = [&](raw_client& connection) {
      for (;;) {
        if (!connection.send(get)) break;
        auto response = connection.read_response();
        if (response.status != 200) {
          // Only a connection that was told so may end, and then nothing was sent on it any more.
          ++failed;
          break;
        }
        ++answered;
        if (response.field("connection") == "close") break;
      }
    };
    // Connected here, because a thread may be late and find the port closed.
    std::vector<std::unique_ptr<raw_client>> connections;
    std::vector<std::thread> clients;
    for (int at = 0; at < 8; ++at) {
      connections.push_back(std::make_unique<raw_client>(port));
      clients.emplace_back(client, std::ref(*connections.back()));
    }
    while (answered < 200)
      std::this_thread::yield();
    // Connected, but not yet taken in by the server, which must not lose it.
    raw_client late{port};
    late.send(get);
    edge.server->drain(20s);
    for (auto& each : clients)
      each.join();
    CHECK(failed == 0);
    auto last = late.read_response();
    CHECK(last.status == 200);
    // Without "close" when the server was quick enough to answer before the drain began.
    CHECK((last.field("connection") == "close" || last.fields.count("connection") == 0));
    CHECK(late.at_end());
  }
}

TEST_CASE("a server that ends with requests in flight tells their listeners") {
  struct listener final : http_exchange_listener {
    std::atomic<int> told = 0;
    void on_disconnect() override { ++told; }
  } seen;
  draining_server edge;
  edge.handler.on("/listen", [&](http_exchange& exchange) {
    exchange.listen(&seen);
    edge.waiting.put(&exchange);
  });
  raw_client client{edge.server->port()};
  client.send("GET /listen HTTP/1.1\r\nHost: t\r\n\r\nGET /listen HTTP/1.1\r\nHost: t\r\n\r\n");
  auto first = edge.waiting.take();
  auto second = edge.waiting.take();
  edge.server.reset();
  CHECK(seen.told == 2);
  CHECK(client.at_end());
}
