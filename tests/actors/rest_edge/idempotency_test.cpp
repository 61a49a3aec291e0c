#include "notes_edge.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

std::string create(std::string_view key, std::string_view body = R"({"id":"n"})",
                   std::string_view more = "") {
  return request("POST /v1/notes", "Idempotency-Key: " + std::string{key} + "\r\n" + std::string{more}, body);
}

} // namespace

TEST_CASE("draft-ietf-httpapi-idempotency-key-header: a repeated request gets the recorded answer") {
  notes_edge edge;
  int executed = 0;
  std::string key;
  edge.callee->on("Create", [&](const frame& what) {
    key = what.call->metadata()->idempotency_key;
    what.call->answer(note("n", std::to_string(++executed), 3));
  });
  raw_client client{edge.port()};
  auto first = client.ask(create("\"k1\""));
  auto again = raw_client{edge.port()}.ask(create("k1"));
  CHECK(executed == 1);
  CHECK(key == "k1");
  CHECK(again.status == first.status);
  CHECK(again.body == first.body);
  CHECK(again.field("etag") == "\"3\"");
  CHECK(again.field("content-type") == "application/json");
  CHECK(again.field("idempotency-replayed") == "true");
  CHECK(first.fields.count("idempotency-replayed") == 0);
  CHECK(client.ask(create("k1", R"({"id":"other"})")).status == 422);
  CHECK(executed == 1);
}

TEST_CASE("an error is an answer, and recorded, unless it allows another execution") {
  notes_edge edge;
  int executed = 0;
  status outcome;
  edge.callee->on("Create", [&](const frame& what) {
    ++executed;
    what.call->fail(outcome);
  });
  raw_client client{edge.port()};
  outcome = failed_precondition("no");
  CHECK(client.ask(create("a")).status == 400);
  CHECK(client.ask(create("a")).field("idempotency-replayed") == "true");
  CHECK(executed == 1);
  outcome = unavailable("not now");
  CHECK(client.ask(create("b")).status == 503);
  CHECK(client.ask(create("b")).status == 503);
  CHECK(executed == 3);
}

TEST_CASE("a second request while the first is in progress is a conflict") {
  notes_edge edge;
  raw_client client{edge.port()};
  client.send(create("k"));
  auto asked = edge.callee->frames.take();
  auto second = raw_client{edge.port()}.ask(create("k"));
  CHECK(second.status == 409);
  asked.call->answer(note("n", "done"));
  CHECK(client.read_response().status == 200);
  CHECK(raw_client{edge.port()}.ask(create("k")).body.find("done") != std::string::npos);
}

TEST_CASE("a client that lost its connection finds its answer") {
  notes_edge edge;
  auto client = std::make_unique<raw_client>(edge.port());
  client->send(create("k"));
  auto asked = edge.callee->frames.take();
  client->reset();
  // The edge has noticed once the connection is gone; the call goes on all the same.
  while (edge.server->connections() > 0)
    std::this_thread::yield();
  CHECK_FALSE(asked.call->cancelled());
  CHECK(asked.call->answer(note("n", "done")));
  raw_client other{edge.port()};
  raw_response again;
  do
    again = other.ask(create("k")); // 409 until the answer has come to the edge's thread
  while (again.status == 409);
  CHECK(again.body.find("done") != std::string::npos);
  CHECK(edge.callee->frames.empty());
}

TEST_CASE("keys are the client's own, and well-formed") {
  rest_edge_hooks hooks;
  hooks.authenticate =
    bearer_authentication([](std::string_view token) -> result<std::string> { return std::string{token}; });
  notes_edge edge{{}, hooks};
  int executed = 0;
  edge.callee->on("Create", [&](const frame& what) {
    ++executed;
    what.call->answer(note("n", ""));
  });
  raw_client client{edge.port()};
  CHECK(client.ask(create("k", "{}", "Authorization: Bearer ada\r\n")).status == 200);
  CHECK(client.ask(create("k", "{}", "Authorization: Bearer bob\r\n")).status == 200);
  CHECK(executed == 2);
  CHECK(client.ask(create("k", "{}", "Authorization: Bearer bob\r\n")).status == 200);
  CHECK(executed == 2);
  for (auto key : {std::string(256, 'k'), std::string{"\"a\"b\""}, std::string{"\"\""}})
    CHECK(client.ask(create(key, "{}", "Authorization: Bearer bob\r\n")).status == 400);
}

TEST_CASE("a key names one request of one method") {
  notes_edge edge;
  edge.callee->on("Create", [](const frame& what) { what.call->answer(note("n", "created")); });
  edge.callee->on("Pay", [](const frame& what) { what.call->answer(std::make_shared<notes::Page>()); });
  raw_client client{edge.port()};
  CHECK(client.ask(create("k", "{}")).status == 200);
  CHECK(client.ask(request("POST /v1/pay", "Idempotency-Key: k\r\n", "{}")).body == "{}");
}

TEST_CASE("a contract can require a key, and bound the body") {
  notes_edge edge;
  edge.callee->on("Pay", [](const frame& what) { what.call->answer(std::make_shared<notes::Page>()); });
  raw_client client{edge.port()};
  auto refused = client.ask(request("POST /v1/pay", "", "{}"));
  CHECK(refused.status == 400);
  CHECK(refused.body.find("Idempotency-Key") != std::string::npos);
  CHECK(client.ask(request("POST /v1/pay", "Idempotency-Key: k\r\n", "{}")).status == 200);
  CHECK(client.ask(request("POST /v1/pay", "Idempotency-Key: l\r\n", std::string(65, ' '))).status == 413);
}
