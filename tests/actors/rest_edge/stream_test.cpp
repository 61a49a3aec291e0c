#include "notes_edge.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

const std::string watch = "GET /v1/notes:watch";

void produce(const frame& what) {
  for (int at = 1; at <= request_of<notes::WatchNotes>(what).count(); ++at)
    what.call->reply_item(note(std::to_string(at), "x"));
  what.call->finish();
}

} // namespace

TEST_CASE("a stream of items in each form") {
  notes_edge edge;
  edge.callee->on("Watch", produce);
  raw_client client{edge.port()};
  auto with = [&](std::string_view fields, int count) {
    return client.ask(request(watch + "?count=" + std::to_string(count), fields));
  };
  auto lines = with("", 2);
  CHECK(lines.field("content-type") == "application/x-ndjson");
  CHECK(lines.field("transfer-encoding") == "chunked");
  CHECK(lines.field("cache-control") == "no-store");
  CHECK(lines.body == "{\"id\":\"1\",\"text\":\"x\"}\n{\"id\":\"2\",\"text\":\"x\"}\n");
  CHECK(lines.complete);
  auto events = with("Accept: text/event-stream\r\n", 1);
  CHECK(events.field("content-type") == "text/event-stream");
  CHECK(events.body == "id: 1\ndata: {\"id\":\"1\",\"text\":\"x\"}\n\n");
  auto array = with("Accept: application/json\r\n", 2);
  CHECK(array.field("content-type") == "application/json");
  CHECK(array.body == R"([{"id":"1","text":"x"},{"id":"2","text":"x"}])");
  CHECK(with("Accept: application/json\r\n", 0).body == "[]");
  CHECK(with("Accept: application/x-protobuf\r\n", 1).status == 406);
  auto head = client.ask(request("HEAD /v1/notes:watch"), false);
  CHECK(head.status == 200);
  CHECK(head.field("content-type") == "application/x-ndjson");
  CHECK(client.get("/v1/notes/a").status == 200);
}

TEST_CASE("HTTP/1.0 gets a stream that ends with the connection") {
  notes_edge edge;
  edge.callee->on("Watch", produce);
  raw_client client{edge.port()};
  auto response = client.ask("GET /v1/notes:watch?count=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(response.fields.count("transfer-encoding") == 0);
  CHECK(response.field("connection") == "close");
  CHECK(response.body == "{\"id\":\"1\",\"text\":\"x\"}\n");
}

TEST_CASE("an error before the first item has its own status, a later one is told in the stream") {
  notes_edge edge;
  int items = 0;
  edge.callee->on("Watch", [&](const frame& what) {
    for (int at = 0; at < items; ++at)
      what.call->reply_item(note("1", "x"));
    what.call->fail(permission_denied("enough"));
  });
  raw_client client{edge.port()};
  CHECK(client.ask(request(watch)).status == 403);
  items = 1;
  auto lines = client.ask(request(watch));
  CHECK(lines.status == 200);
  CHECK(lines.body.ends_with("\n{\"error\":{\"code\":7,\"message\":\"enough\",\"details\":[]}}\n"));
  auto events = client.ask(request(watch, "Accept: text/event-stream\r\n"));
  CHECK(events.body.find("event: error\ndata: {\"code\":7,") != std::string::npos);
  // An array has no place for it: the response ends without its last chunk.
  auto array = client.ask(request(watch, "Accept: application/json\r\n"));
  CHECK(array.status == 200);
  CHECK_FALSE(array.complete);
  CHECK(client.at_end());
}

TEST_CASE("an idle stream sends its head, and then heartbeats") {
  rest_edge_options options;
  options.stream_head_delay = 5ms;
  options.heartbeat = 10ms;
  notes_edge edge{options};
  raw_client client{edge.port()};
  client.send(request(watch, "Accept: text/event-stream\r\n"));
  auto asked = edge.callee->frames.take();
  CHECK(client.take_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(client.wait_for("3\r\n:\n\n\r\n3\r\n:\n\n\r\n"));
  asked.call->reply_item(note("1", "x"));
  CHECK(client.wait_for("data: {\"id\":\"1\",\"text\":\"x\"}"));
  SECTION("until the client goes") {
    client.close();
    for (;;) {
      auto next = edge.callee->frames.take();
      if (next.kind == frame_kind::cancel) break;
    }
  }
  SECTION("or the callee ends it") {
    asked.call->finish();
    CHECK(client.wait_for("\r\n0\r\n\r\n"));
  }
}

TEST_CASE("a stream has a deadline only when its client names one") {
  notes_edge edge;
  raw_client client{edge.port()};
  client.send(request(watch, "Request-Timeout: 30ms\r\n"));
  auto asked = edge.callee->frames.take();
  CHECK(client.read_response().status == 504);
  CHECK(edge.callee->frames.take().kind == frame_kind::cancel);
  raw_client other{edge.port()};
  other.send(request(watch));
  CHECK(edge.callee->frames.take().call->until().is_never());
}

TEST_CASE("a slow reader holds its producer: no more is buffered than the high water and one credit") {
  notes_edge edge;
  constexpr std::size_t item_size = 4096;
  struct producer {
    std::atomic<std::uint64_t> sent = 0;
    std::atomic<std::uint64_t> credit = 0;
  };
  auto state = std::make_shared<producer>();
  edge.callee->on("Watch", [&](const frame& what) {
    state->credit = what.call->initial_credit();
    edge.callee->frames.put(what);
  });
  raw_client client{edge.port(), 4096};
  client.send(request(watch));
  auto asked = edge.callee->frames.take();
  constexpr std::uint64_t all = 4000; // 16 MiB
  std::thread producer_thread{[&] {
    while (state->sent < all) {
      while (state->credit == 0) {
        auto next = edge.callee->frames.take();
        if (next.kind == frame_kind::credit) state->credit += next.credit;
      }
      --state->credit;
      ++state->sent;
      asked.call->reply_item(note(std::to_string(state->sent), std::string(item_size, 'x')));
    }
    asked.call->finish();
  }};
  CHECK(client.take_until("\r\n\r\n").size() > 0);
  // The kernel's buffers on both sides take a few hundred KiB, and then it stops: far from all of it is
  // produced.
  std::uint64_t read_bytes = 0;
  std::uint64_t most_ahead = 0;
  while (true) {
    auto part = client.take_until("\n\r\n");
    if (part.empty()) break;
    read_bytes += part.size();
    auto produced = state->sent.load() * item_size;
    if (produced > read_bytes) most_ahead = std::max(most_ahead, produced - read_bytes);
    if (read_bytes >= all * item_size) break;
  }
  producer_thread.join();
  CHECK(client.wait_for("0\r\n\r\n"));
  CHECK(most_ahead < 6u << 20);
}

TEST_CASE("a stream behind another answer of its connection waits for it") {
  notes_edge edge;
  edge.callee->on("Watch", produce);
  edge.callee->on("GetPage", [&](const frame& what) { edge.callee->frames.put(what); });
  raw_client client{edge.port()};
  client.send(request("GET /v1/pages/a") + request(watch + "?count=3") + request("GET /v1/notes/z"));
  auto first = edge.callee->frames.take();
  first.call->answer(std::make_shared<notes::Page>());
  CHECK(client.read_response().body == "{}");
  auto second = client.read_response();
  CHECK(second.complete);
  CHECK(std::count(second.body.begin(), second.body.end(), '\n') == 3);
  CHECK(client.read_response().field("etag") == "\"7\"");
}
