// Every kind of frame, bit by bit: golden/KIND.txt holds what this version writes, and the other versions of
// a rolling upgrade read. `TROUPE_REWRITE=1 test_link` writes the files anew.
#include "runtime/link/envelope.hpp"
#include "runtime/link/greeting.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

using namespace troupe;

namespace {

std::string hex(byte_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out += fmt::format("{}{:02x}", i == 0 ? "" : i % 24 == 0 ? "\n" : " ", std::to_integer<int>(bytes[i]));
  return out;
}

class golden_file {
public:
  explicit golden_file(std::string name) : name_(std::move(name)) {}

  void add(std::string_view title, byte_view bytes) {
    text_ += fmt::format("{}# {}\n{}\n", text_.empty() ? "" : "\n", title, hex(bytes));
  }

  // `append(buffer)` gives room for the payload.
  template <class Append>
  void frame(std::string_view title, std::string_view payload, Append append) {
    byte_buffer out;
    std::byte* room = append(out);
    if (!payload.empty()) std::memcpy(room, payload.data(), payload.size());
    add(title, out);
  }
  template <class Append>
  void frame(std::string_view title, Append append) {
    byte_buffer out;
    append(out);
    add(title, out);
  }

  void check() const {
    const auto path = fmt::format("{}/golden/{}.txt", TROUPE_TEST_FOLDER, name_);
    if (std::getenv("TROUPE_REWRITE") != nullptr) std::ofstream{path} << text_;
    std::ostringstream content;
    content << std::ifstream{path}.rdbuf();
    INFO(path);
    CHECK(content.str() == text_);
  }

private:
  std::string name_;
  std::string text_;
};

const header_list two_headers{{"x-request-id", "17"}, {"raw-bin", std::string("\0\r\n", 3)}};

} // namespace

TEST_CASE("requests are written as they were") {
  golden_file file{"request"};
  file.frame("id 1, method 2, lane 3; payload \"abc\"", "abc",
             [](byte_buffer& to) { return append_request(to, {.id = 1, .method = 2, .lane = 3}, true, 3); });
  file.frame("id 1, method 2, lane 3; no payload, as of a method whose client streams", "",
             [](byte_buffer& to) { return append_request(to, {.id = 1, .method = 2, .lane = 3}, false, 0); });
  file.frame("an empty payload is one", "",
             [](byte_buffer& to) { return append_request(to, {.id = 1, .method = 2, .lane = 3}, true, 0); });
  file.frame("the highest numbers: id 2^63-1, method 2^32-1, lane 2^64-1", "", [](byte_buffer& to) {
    return append_request(to, {.id = ~0ull >> 1, .method = ~0u, .lane = ~0ull}, false, 0);
  });
  file.frame("credit 16", "", [](byte_buffer& to) {
    return append_request(to, {.id = 300, .method = 2, .lane = 3, .credit = 16}, false, 0);
  });
  file.frame("priority 200", "", [](byte_buffer& to) {
    return append_request(to, {.id = 1, .method = 2, .lane = 3, .priority = 200}, false, 0);
  });
  file.frame("1.5 s left", "", [](byte_buffer& to) {
    return append_request(to, {.id = 1, .method = 2, .lane = 3, .time_left = std::chrono::milliseconds{1500}},
                          false, 0);
  });
  file.frame("no time left", "", [](byte_buffer& to) {
    return append_request(to, {.id = 1, .method = 2, .lane = 3, .time_left = duration{0}}, false, 0);
  });
  file.frame("shard key \"order-7\"", "", [](byte_buffer& to) {
    return append_request(to, {.id = 1, .method = 2, .lane = 3, .shard_key = "order-7"}, false, 0);
  });
  call_metadata metadata;
  const auto with = [&metadata](byte_buffer& to) {
    return append_request(to, {.id = 1, .method = 2, .lane = 3, .metadata = &metadata}, false, 0);
  };
  file.frame("metadata without content is none", "", with);
  metadata.identity = "alice";
  file.frame("identity \"alice\"", "", with);
  metadata = {.idempotency_key = "k-1"};
  file.frame("idempotency key \"k-1\"", "", with);
  metadata = {.trace = {.trace_high = 0x0102030405060708, .trace_low = 0x1112131415161718, .span = 0x21}};
  file.frame("a trace", "", with);
  metadata.trace.sampled = true;
  file.frame("a sampled trace", "", with);
  metadata = {.headers = two_headers};
  file.frame("two headers, one of raw bytes", "", with);
  metadata = {.identity = "alice",
              .idempotency_key = "k-1",
              .trace = {.trace_high = 1, .trace_low = 2, .span = 3, .sampled = true},
              .headers = two_headers};
  file.frame("everything; payload \"abc\"", "abc", [&](byte_buffer& to) {
    return append_request(to,
                          {.id = 1,
                           .method = 2,
                           .lane = 3,
                           .credit = 16,
                           .priority = 1,
                           .time_left = duration{1},
                           .metadata = &metadata,
                           .shard_key = "order-7"},
                          true, 3);
  });
  file.check();
}

TEST_CASE("the other frames of calls are written as they were") {
  golden_file item{"item"};
  item.frame("of a call that the receiver made", "abc",
             [](byte_buffer& to) { return append_item(to, {.id = 5, .ours = false}, nullptr, 3); });
  item.frame("of a call that the sender made", "abc",
             [](byte_buffer& to) { return append_item(to, {.id = 5, .ours = true}, nullptr, 3); });
  item.frame("the first of a reply, with headers", "abc",
             [](byte_buffer& to) { return append_item(to, {.id = 5, .ours = false}, &two_headers, 3); });
  item.check();

  golden_file reply{"reply"};
  reply.frame("payload \"abc\"", "abc",
              [](byte_buffer& to) { return append_reply(to, {.id = 200}, true, 3); });
  reply.frame("no payload, as of a method whose server streams", "",
              [](byte_buffer& to) { return append_reply(to, {.id = 200}, false, 0); });
  reply.frame("with headers", "abc", [](byte_buffer& to) {
    return append_reply(to, {.id = 200, .headers = &two_headers}, true, 3);
  });
  reply.check();

  golden_file failure{"failure"};
  failure.frame("NOT_FOUND",
                [](byte_buffer& to) { append_failure(to, 3, not_found("no order 42"), nullptr); });
  failure.frame("with a detail", [](byte_buffer& to) {
    append_failure(to, 3, aborted("no").with_detail({"google.rpc.ErrorInfo", "\x0a\x01x"}), nullptr);
  });
  failure.frame("with headers", [](byte_buffer& to) { append_failure(to, 3, aborted("no"), &two_headers); });
  failure.check();

  golden_file rest{"call_control"};
  rest.frame("half_close of call 300", [](byte_buffer& to) { append_half_close(to, 300); });
  rest.frame("credit: 4 items and 1000 bytes for call 5, which the receiver made",
             [](byte_buffer& to) { append_credit(to, {.id = 5, .ours = false}, 4, 1000); });
  rest.frame("credit: the same for a call that the sender made",
             [](byte_buffer& to) { append_credit(to, {.id = 5, .ours = true}, 4, 1000); });
  rest.frame("cancel of call 5: DEADLINE_EXCEEDED",
             [](byte_buffer& to) { append_cancel(to, 5, deadline_exceeded("too late")); });
  rest.check();
}

TEST_CASE("the frames of actors are written as they were") {
  golden_file file{"actors"};
  file.frame("message: actor 7 to actor 9, asynchronous of usual priority (CAF's id 2^61), payload \"abc\"",
             "abc", [](byte_buffer& to) {
               return append_message(to, {.sender = 7, .receiver = 9, .message_id = 1ull << 61}, 3);
             });
  const char node[] = {1, 2, 3};
  file.frame("message: from a third node's actor, the response to request 5", "abc", [&](byte_buffer& to) {
    message_fields fields{.sender = 7, .receiver = 9, .message_id = 1ull << 63 | 1ull << 61 | 5};
    fields.sender_node = std::as_bytes(std::span{node});
    return append_message(to, fields, 3);
  });
  file.frame("watch actor 300", [](byte_buffer& to) { append_watch(to, 300); });
  file.frame("unwatch actor 300", [](byte_buffer& to) { append_unwatch(to, 300); });
  file.frame("actor 300 ended, reason 1 2 3",
             [&](byte_buffer& to) { append_ended(to, 300, std::as_bytes(std::span{node})); });
  file.check();
}

TEST_CASE("the frames of the connection are written as they were") {
  golden_file file{"connection"};
  const char piece[] = {1, 5, 0};
  file.frame("fragment of stream 3, more to come",
             [&](byte_buffer& to) { append_fragment(to, 3, false, std::as_bytes(std::span{piece})); });
  file.frame("fragment of stream 3, the last",
             [&](byte_buffer& to) { append_fragment(to, 3, true, std::as_bytes(std::span{piece})); });
  file.frame("fragment: stream 3 is given up", [](byte_buffer& to) { append_fragment(to, 3, true, {}); });
  file.frame("window: 4194304 bytes", [](byte_buffer& to) { append_window(to, 4u << 20); });
  file.frame("ping 1", [](byte_buffer& to) { append_ping(to, 1); });
  file.frame("pong 1", [](byte_buffer& to) { append_pong(to, 1); });
  file.frame("drain", [](byte_buffer& to) { append_drain(to); });
  file.frame("goodbye: OK", [](byte_buffer& to) { append_goodbye(to, {}); });
  file.frame("goodbye: INVALID_ARGUMENT",
             [](byte_buffer& to) { append_goodbye(to, invalid_argument("a broken item frame")); });
  file.check();
}

TEST_CASE("greetings are written as they were") {
  golden_file file{"greeting"};
  greeting what;
  what.lowest_version = 1;
  what.highest_version = 2;
  what.cluster = "shop";
  what.node = "n1";
  what.incarnation = 5;
  what.actor_node = std::string("\x01\x02", 2);
  what.application_version = "1.4.0";
  what.services = {{"shop.Orders", {"Place", "Get"}}, {"shop.Stock", {"Count"}}};
  what.max_message_bytes = 16u << 20;
  what.request_window_bytes = 16u << 20;
  what.item_window_bytes = 16u << 20;
  what.stream_window_bytes = 1u << 20;
  what.max_open_calls = 100'000;
  file.add("greeting of n1, versions 1 to 2", encode_greeting(what));
  file.add("refusal", encode_refusal(failed_precondition("another cluster")));
  file.check();
}
