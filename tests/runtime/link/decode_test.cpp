// Frames back from their bytes, and which bytes are no frames.
#include "runtime/link/envelope.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <functional>
#include <limits>

using namespace troupe;

namespace {

byte_buffer bytes(std::initializer_list<int> values) {
  byte_buffer out;
  for (const int value : values)
    out.push_back(static_cast<std::byte>(value));
  return out;
}

byte_view body_of(const byte_buffer& frame) { return byte_view{frame}.subspan(5); }

std::string text(byte_view from) { return {reinterpret_cast<const char*>(from.data()), from.size()}; }

call_metadata full_metadata() {
  return {.identity = "alice",
          .idempotency_key = "k-1",
          .trace = {.trace_high = 1, .trace_low = 2, .span = 3, .sampled = true},
          .headers = {{"x-a", "1"}, {"b-bin", std::string("\0\n", 2)}}};
}

request_fields full_request(const call_metadata& metadata) {
  return {.id = 1u << 20,
          .method = 7,
          .lane = 1ull << 40,
          .credit = 16,
          .priority = 255,
          .time_left = duration{123'456'789},
          .metadata = &metadata,
          .shard_key = "order-7"};
}

// Every proper beginning of a body is refused, and so is the body with a byte more.
void check_exact(const byte_buffer& frame, const std::function<status(byte_view)>& decode) {
  const auto body = body_of(frame);
  REQUIRE(decode(body).ok());
  for (std::size_t size = 0; size < body.size(); ++size) {
    // A copy of its own, so that a sanitizer sees a read beyond it.
    const byte_buffer cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    INFO(size << " of " << body.size() << " bytes");
    CHECK(decode(cut).code() == status_code::invalid_argument);
  }
  byte_buffer longer(body.begin(), body.end());
  longer.push_back({});
  CHECK(decode(longer).code() == status_code::invalid_argument);
}

template <class Into, class Decode>
std::string refusal(Decode decode, const byte_buffer& body) {
  Into into;
  const auto outcome = decode(body, into);
  CHECK(outcome.code() == status_code::invalid_argument);
  return outcome.message();
}

std::string refused_request(const byte_buffer& body) {
  return refusal<decoded_request>([](byte_view b, auto& into) { return decode_request(b, into); }, body);
}
std::string refused_item(const byte_buffer& body) {
  return refusal<decoded_item>([](byte_view b, auto& into) { return decode_item(b, into); }, body);
}
std::string refused_failure(const byte_buffer& body) {
  return refusal<decoded_failure>([](byte_view b, auto& into) { return decode_failure(b, into); }, body);
}

byte_buffer item_with(const header_list& headers) {
  byte_buffer frame;
  append_item(frame, {.id = 1}, &headers, 0);
  const auto body = body_of(frame);
  return {body.begin(), body.end()};
}

} // namespace

TEST_CASE("a request comes back with all its fields") {
  const auto metadata = full_metadata();
  const auto fields = full_request(metadata);
  byte_buffer frame;
  std::memcpy(append_request(frame, fields, true, 3), "abc", 3);
  decoded_request got;
  REQUIRE(decode_request(body_of(frame), got).ok());
  CHECK(got.id == fields.id);
  CHECK(got.method == fields.method);
  CHECK(got.lane == fields.lane);
  CHECK(got.credit == fields.credit);
  CHECK(got.priority == fields.priority);
  CHECK(got.time_left == fields.time_left);
  CHECK(got.shard_key == fields.shard_key);
  REQUIRE(got.metadata == &got.owned_metadata);
  CHECK(got.owned_metadata.identity == metadata.identity);
  CHECK(got.owned_metadata.idempotency_key == metadata.idempotency_key);
  CHECK(got.owned_metadata.trace == metadata.trace);
  CHECK(got.owned_metadata.headers == metadata.headers);
  CHECK(got.has_payload);
  CHECK(text(got.payload) == "abc");
}

TEST_CASE("decoding overwrites what was there before") {
  const auto metadata = full_metadata();
  byte_buffer full;
  append_request(full, full_request(metadata), true, 3);
  byte_buffer plain;
  append_request(plain, {.id = 2}, false, 0);
  decoded_request got;
  REQUIRE(decode_request(body_of(full), got).ok());
  REQUIRE(decode_request(body_of(plain), got).ok());
  CHECK(got.id == 2);
  CHECK(got.credit == 0);
  CHECK(got.priority == 0);
  CHECK_FALSE(got.time_left);
  CHECK(got.shard_key.empty());
  CHECK(got.metadata == nullptr);
  CHECK(got.owned_metadata.headers.empty());
  CHECK_FALSE(got.has_payload);
  CHECK(got.payload.empty());

  const header_list headers{{"a", "b"}};
  byte_buffer with_headers;
  append_item(with_headers, {.id = 1}, &headers, 0);
  byte_buffer without;
  append_item(without, {.id = 1}, nullptr, 0);
  decoded_item item;
  REQUIRE(decode_item(body_of(with_headers), item).ok());
  CHECK(item.headers == headers);
  REQUIRE(decode_item(body_of(without), item).ok());
  CHECK(item.headers.empty());
}

TEST_CASE("whose call a frame means is turned around on its way") {
  for (const bool ours : {false, true}) {
    byte_buffer frame;
    append_item(frame, {.id = 9, .ours = ours}, nullptr, 0);
    decoded_item item;
    REQUIRE(decode_item(body_of(frame), item).ok());
    CHECK(item.call == call_key{.id = 9, .ours = !ours});
    frame.clear();
    append_credit(frame, {.id = 9, .ours = ours}, 3, 4);
    call_key call;
    std::uint32_t items = 0;
    std::uint64_t size = 0;
    REQUIRE(decode_credit(body_of(frame), call, items, size).ok());
    CHECK(call == call_key{.id = 9, .ours = !ours});
    CHECK(items == 3);
    CHECK(size == 4);
  }
}

TEST_CASE("replies, failures, messages and statuses come back") {
  const header_list headers{{"x-a", "1"}};
  byte_buffer frame;
  std::memcpy(append_reply(frame, {.id = 5, .headers = &headers}, true, 2), "hi", 2);
  decoded_reply reply;
  REQUIRE(decode_reply(body_of(frame), reply).ok());
  CHECK(reply.id == 5);
  CHECK(reply.headers == headers);
  CHECK(reply.has_payload);
  CHECK(text(reply.payload) == "hi");

  const auto why = not_found("no order {}", 42).with_detail({"a.B", "x"}).with_detail({"a.C", ""});
  frame.clear();
  append_failure(frame, 6, why, &headers);
  decoded_failure failure;
  REQUIRE(decode_failure(body_of(frame), failure).ok());
  CHECK(failure.id == 6);
  CHECK(failure.outcome == why);
  CHECK(failure.headers == headers);

  frame.clear();
  append_cancel(frame, 7, why);
  std::uint64_t id = 0;
  status reason;
  REQUIRE(decode_cancel(body_of(frame), id, reason).ok());
  CHECK(id == 7);
  CHECK(reason == why);

  for (const auto message_id : {std::uint64_t{0}, std::uint64_t{1} << 61, ~std::uint64_t{0}}) {
    frame.clear();
    const char node[] = {1, 0, 2};
    message_fields fields{.sender = 1, .sender_node = std::as_bytes(std::span{node}), .receiver = 2};
    fields.message_id = message_id;
    std::memcpy(append_message(frame, fields, 1), "m", 1);
    message_fields got;
    REQUIRE(decode_message(body_of(frame), got).ok());
    CHECK(got.sender == 1);
    CHECK(text(got.sender_node) == std::string(node, 3));
    CHECK(got.receiver == 2);
    CHECK(got.message_id == message_id);
    CHECK(text(got.payload) == "m");
  }
}

TEST_CASE("a negative time left is none left") {
  byte_buffer frame;
  append_request(frame, {.id = 1, .time_left = duration{-5}}, false, 0);
  decoded_request got;
  REQUIRE(decode_request(body_of(frame), got).ok());
  CHECK(got.time_left == duration{0});
}

TEST_CASE("a frame that ends too early or too late is refused") {
  const auto metadata = full_metadata();
  const header_list headers{{"x-a", "1"}, {"y", "2"}};
  const auto why = aborted("no").with_detail({"a.B", "x"});
  byte_buffer frame;
  const auto make = [&frame](auto append) -> const byte_buffer& {
    frame.clear();
    append();
    return frame;
  };
  check_exact(make([&] { append_request(frame, full_request(metadata), false, 0); }), [](byte_view body) {
    decoded_request into;
    return decode_request(body, into);
  });
  check_exact(make([&] { append_reply(frame, {.id = 300, .headers = &headers}, false, 0); }),
              [](byte_view body) {
                decoded_reply into;
                return decode_reply(body, into);
              });
  check_exact(make([&] { append_failure(frame, 300, why, &headers); }), [](byte_view body) {
    decoded_failure into;
    return decode_failure(body, into);
  });
  check_exact(make([&] { append_credit(frame, {.id = 300}, 300, 300); }), [](byte_view body) {
    call_key call;
    std::uint32_t items = 0;
    std::uint64_t size = 0;
    return decode_credit(body, call, items, size);
  });
  check_exact(make([&] { append_cancel(frame, 300, why); }), [](byte_view body) {
    std::uint64_t id = 0;
    status reason;
    return decode_cancel(body, id, reason);
  });
  check_exact(make([&] { append_goodbye(frame, why); }), [](byte_view body) {
    status reason;
    return decode_goodbye(body, reason);
  });
  check_exact(make([&] { append_ping(frame, 300); }), [](byte_view body) {
    std::uint64_t number = 0;
    return decode_number(body, number);
  });
}

TEST_CASE("numbers out of range are refused, longer forms of numbers are not") {
  decoded_item item;
  CHECK(decode_item(bytes({0x82, 0x00, 0}), item).ok());
  CHECK(item.call.id == 1);
  // 2^64 and eleven bytes.
  CHECK(refused_item(bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 0}))
        == "a broken item frame: the call's id is cut off or out of range");
  CHECK(refused_item(bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0})).size()
        > 0);
  // Ids are below 2^63.
  CHECK(refused_request(bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0, 0, 0}))
        == "a broken request frame: the call's id is cut off or out of range");
  // A method of 2^32.
  CHECK(refused_request(bytes({1, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 0}))
        == "a broken request frame: the method's number is cut off or out of range");
  // 2^63 ns.
  CHECK(refused_request(bytes({1, 8, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}))
        == "a broken request frame: the time left is cut off or out of range");
  CHECK(refused_request(bytes({1, 2, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x10}))
        == "a broken request frame: the credit is cut off or out of range");
  std::uint32_t stream = 0;
  bool last = false;
  byte_view piece;
  CHECK(decode_fragment(bytes({0x80, 0x80, 0x80, 0x80, 0x20}), stream, last, piece).code()
        == status_code::invalid_argument);
}

TEST_CASE("flags of later versions are refused") {
  CHECK(refused_request(bytes({1, 64, 0, 0}))
        == "a broken request frame: flags that are cut off or of another version");
  CHECK(refused_item(bytes({2, 2})) == "a broken item frame: flags that are cut off or of another version");
  CHECK(refused_failure(bytes({2, 2, 1, 0, 0}))
        == "a broken failure frame: flags that are cut off or of another version");
  CHECK(refused_request(bytes({1, 32, 0, 0, 32}))
        == "a broken request frame: metadata's flags of another version");
  CHECK(refused_request(bytes({1, 32, 0, 0, 8}))
        == "a broken request frame: a sampled trace without its numbers");
}

TEST_CASE("headers that could do harm are refused") {
  CHECK(refused_item(item_with({{"", "x"}})) == "a broken item frame: a header without a name");
  for (const auto* name : {"Upper", "with space", "colon:", "new\nline", "nul\x01", "ü"}) {
    INFO(name);
    CHECK(refused_item(item_with({{name, "x"}}))
          == "a broken item frame: a header's name that is not a lower-case token");
  }
  for (const auto& value : {std::string("a\rb"), std::string("a\nb"), std::string("a\0b", 3)}) {
    CHECK(refused_item(item_with({{"x", value}}))
          == "a broken item frame: a header's value with a line break or a zero byte");
    decoded_item item;
    CHECK(decode_item(item_with({{"x-bin", value}}), item).ok());
    CHECK(item.headers == header_list{{"x-bin", value}});
  }
  decoded_item item;
  CHECK(decode_item(item_with(header_list(max_headers, {"a", "b"})), item).ok());
  CHECK(refused_item(item_with(header_list(max_headers + 1, {"a", "b"})))
        == "a broken item frame: more than 256 headers");
  const header_list heavy{{"a", std::string(40'000, 'x')}, {"b", std::string(25'534, 'x')}};
  CHECK(decode_item(item_with(heavy), item).ok());
  const header_list heavier{{"a", std::string(40'000, 'x')}, {"b", std::string(25'535, 'x')}};
  CHECK(refused_item(item_with(heavier)) == "a broken item frame: more than 64 KiB of headers");
  // What decoding refuses, the check before sending refuses, too.
  CHECK(check_headers(heavy).ok());
  CHECK(check_headers(heavier).message() == "more than 64 KiB of headers");
  CHECK(check_headers({{"Upper", "x"}}).message() == "a header's name that is not a lower-case token");
  CHECK(check_headers(header_list(257, {"a", "b"})).message() == "more than 256 headers");
  CHECK(check_metadata(full_metadata()).ok());
  CHECK(check_metadata({.identity = std::string(8193, 'x')}).code() == status_code::invalid_argument);
  CHECK(check_metadata({.idempotency_key = std::string(8193, 'x')}).code() == status_code::invalid_argument);
  CHECK(check_metadata({.headers = {{"", ""}}}).code() == status_code::invalid_argument);
}

TEST_CASE("a count that promises much reserves nothing for it") {
  // 255 headers in a body of three bytes; 64 details in a status without any.
  CHECK(refused_item(bytes({2, 1, 0xFF, 0x01})) == "a broken item frame: a header is cut off or too long");
  CHECK(refused_failure(bytes({2, 0, 5, 0, 65}))
        == "a broken failure frame: more than 64 details of a status");
  CHECK(refused_failure(bytes({2, 0, 5, 0, 64}))
        == "a broken failure frame: a detail of a status is cut off or longer than 64 KiB");
}

TEST_CASE("a status that is too large is sent with less of it") {
  const auto sent = [](const status& what) {
    byte_buffer frame;
    append_failure(frame, 1, what, nullptr);
    decoded_failure got;
    REQUIRE(decode_failure(body_of(frame), got).ok());
    return got.outcome;
  };
  const status long_message{status_code::internal, std::string(max_status_message_bytes + 1, 'x')};
  CHECK(sent(long_message).message() == std::string(max_status_message_bytes, 'x'));
  // Not cut in the middle of a character.
  const status umlauts{status_code::internal, std::string(max_status_message_bytes - 1, 'x') + "ü"};
  CHECK(sent(umlauts).message() == std::string(max_status_message_bytes - 1, 'x'));
  auto detailed = aborted("no");
  for (int i = 0; i < 100; ++i)
    detailed = detailed.with_detail({"t", "v"});
  CHECK(sent(detailed).details().size() == max_status_details);
  auto heavy = aborted("no").with_detail({"small", "1"}).with_detail({"large", std::string(70'000, 'x')});
  CHECK(sent(heavy).details() == std::vector<status_detail>{{"small", "1"}});
}

TEST_CASE("a failure is never OK, and codes of later versions are UNKNOWN") {
  CHECK(refused_failure(bytes({2, 0, 0, 0, 0})) == "a broken failure frame: a failure that says OK");
  decoded_failure got;
  REQUIRE(decode_failure(bytes({2, 0, 77, 1, 'x', 0}), got).ok());
  CHECK(got.outcome == unknown("x"));
  byte_buffer frame;
  append_failure(frame, 1, {}, nullptr);
  REQUIRE(decode_failure(body_of(frame), got).ok());
  CHECK(got.outcome.code() == status_code::unknown);
  frame.clear();
  append_cancel(frame, 1, {});
  std::uint64_t id = 0;
  status reason;
  REQUIRE(decode_cancel(body_of(frame), id, reason).ok());
  CHECK(reason.code() == status_code::cancelled);
  frame.clear();
  append_goodbye(frame, {});
  REQUIRE(decode_goodbye(body_of(frame), reason).ok());
  CHECK(reason.ok());
}

TEST_CASE("a frame's extent is found as soon as it is there") {
  byte_buffer two;
  append_ping(two, 300);
  append_drain(two);
  const std::size_t first = 7;
  for (std::size_t size = 0; size <= two.size(); ++size) {
    const byte_buffer some(two.begin(), two.begin() + static_cast<std::ptrdiff_t>(size));
    const auto found = find_frame(some, 100);
    REQUIRE(found.has_value());
    REQUIRE(found->has_value() == (size >= first));
    if (!*found) continue;
    CHECK((*found)->kind == envelope_kind::ping);
    CHECK((*found)->size == first);
    CHECK((*found)->body.size() == 2);
  }
  CHECK(find_frame(bytes({0, 0, 0, 0}), 100).error().message() == "a frame without a kind");
  CHECK(find_frame(bytes({101, 0, 0, 0}), 100).error().code() == status_code::invalid_argument);
  CHECK(find_frame(bytes({100, 0, 0, 0}), 100).has_value());
  CHECK(find_frame(bytes({0xFF, 0xFF, 0xFF, 0xFF}), 1u << 20).has_error());
}
