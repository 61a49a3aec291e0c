#include "runtime/link/greeting.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace troupe;

namespace {

greeting some_greeting() {
  greeting out;
  out.lowest_version = 3;
  out.highest_version = 4;
  out.cluster = "shop";
  out.node = "n1";
  out.incarnation = ~0ull;
  out.actor_node = std::string("\0\xFF", 2);
  out.application_version = "1.4.0";
  out.services = {{"shop.Orders", {"Place", "Get"}}, {"shop.Empty", {}}};
  out.max_message_bytes = 1024;
  out.request_window_bytes = 4ull << 30;
  out.item_window_bytes = 65536;
  out.stream_window_bytes = 1024;
  out.max_open_calls = 9;
  return out;
}

byte_buffer text_bytes(std::string_view text) {
  const auto view = std::as_bytes(std::span{text.data(), text.size()});
  return {view.begin(), view.end()};
}

status refused(const greeting& what) {
  const auto got = decode_greeting(encode_greeting(what));
  REQUIRE(got.has_error());
  return got.error();
}

} // namespace

TEST_CASE("a greeting comes back, and says how many bytes it took") {
  const auto sent = some_greeting();
  auto bytes = encode_greeting(sent);
  const auto size = bytes.size();
  bytes.push_back(std::byte{7}); // the first frame's beginning
  const auto got = decode_greeting(bytes);
  REQUIRE(got.has_value());
  REQUIRE(got->has_value());
  CHECK((*got)->theirs == sent);
  CHECK((*got)->size == size);
}

TEST_CASE("a greeting may come in pieces") {
  const auto bytes = encode_greeting(some_greeting());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const byte_buffer some(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto got = decode_greeting(some);
    REQUIRE(got.has_value());
    CHECK_FALSE(got->has_value());
  }
}

TEST_CASE("a stranger is told from a node by his first bytes") {
  for (const auto* text : {"GET / HTTP/1.1\r\n", "T_", "TROUPE\n", "\x16\x03\x01", "X"}) {
    const auto got = decode_greeting(text_bytes(text));
    REQUIRE(got.has_error());
    CHECK(got.error() == invalid_argument("bytes that are no greeting of a node"));
  }
  CHECK(decode_greeting(text_bytes("TROUPE")).has_value());
  CHECK(decode_greeting({}).has_value());
}

TEST_CASE("a greeting that announces too many bytes is refused before they come") {
  auto bytes = text_bytes("TROUPE\r\n");
  for (const int byte : {1, 0, 1, 0, 1, 0, 0x10, 0}) // one more than 1 MiB
    bytes.push_back(static_cast<std::byte>(byte));
  const auto got = decode_greeting(bytes);
  REQUIRE(got.has_error());
  CHECK(got.error() == invalid_argument("a greeting of 1048577 bytes, where 1048576 are the most"));
  bytes[12] = std::byte{0}; // exactly as many
  CHECK(decode_greeting(bytes).has_value());
}

TEST_CASE("impossible versions are refused") {
  auto bytes = encode_greeting(some_greeting());
  bytes[8] = std::byte{5}; // 5 to 4
  CHECK(decode_greeting(bytes).error() == invalid_argument("a greeting with the impossible versions 5 to 4"));
  bytes[8] = std::byte{0};
  CHECK(decode_greeting(bytes).error() == invalid_argument("a greeting with the impossible versions 0 to 4"));
}

TEST_CASE("a refusal gives the peer's own words") {
  CHECK(decode_greeting(encode_refusal(failed_precondition("another cluster"))).error()
        == failed_precondition("another cluster"));
  // Never success, whatever it is made of.
  CHECK(decode_greeting(encode_refusal({})).error().code() == status_code::unknown);
  // Words for a log have one line, and an end.
  CHECK(decode_greeting(encode_refusal(aborted("a\nb\x1b[0m\xff"))).error() == aborted("a?b?[0m?"));
  CHECK(
    decode_greeting(encode_refusal({status_code::aborted, std::string(5000, 'x')})).error().message().size()
    == max_refusal_bytes);
}

TEST_CASE("a greeting that cannot be is refused") {
  auto what = some_greeting();
  what.node.clear();
  CHECK(refused(what) == invalid_argument("a greeting without the name of its node"));
  what.node = "n1\nn2";
  CHECK(refused(what) == invalid_argument("a greeting with a name that is too long or not printable"));
  what.node = std::string(256, 'x');
  CHECK(refused(what).code() == status_code::invalid_argument);
  what = some_greeting();
  what.cluster = "\x7f";
  CHECK(refused(what).code() == status_code::invalid_argument);
  what = some_greeting();
  what.max_message_bytes = 1023;
  CHECK(refused(what) == invalid_argument("a greeting with max_message_bytes out of range: 1023"));
  what.max_message_bytes = (1ull << 30) + 1;
  CHECK(refused(what).code() == status_code::invalid_argument);
  for (const auto window :
       {&greeting::request_window_bytes, &greeting::item_window_bytes, &greeting::stream_window_bytes}) {
    what = some_greeting();
    what.*window = 0;
    CHECK(refused(what) == invalid_argument("a greeting with a window out of range: 0"));
    what.*window = (4ull << 30) + 1;
    CHECK(refused(what).code() == status_code::invalid_argument);
  }
  what = some_greeting();
  what.max_open_calls = 0;
  CHECK(refused(what) == invalid_argument("a greeting that allows no calls"));

  auto bytes = encode_greeting(some_greeting());
  bytes[16] = std::byte{0xFF};
  CHECK(decode_greeting(bytes).error().code() == status_code::invalid_argument);
}

TEST_CASE("a greeting of countless services is refused before anything is made of them") {
  const auto* const text = "a greeting that is broken or announces too many services";
  auto what = some_greeting();
  what.services.assign(max_announced_services, {});
  CHECK(decode_greeting(encode_greeting(what)).has_value());
  what.services.emplace_back();
  CHECK(refused(what) == invalid_argument("{}", text));
  what.services.assign(2, {"s", std::vector<std::string>(max_announced_methods / 2, "")});
  CHECK(decode_greeting(encode_greeting(what)).has_value());
  what.services[1].methods.emplace_back();
  CHECK(refused(what) == invalid_argument("{}", text));
}

TEST_CASE("a greeting of a later version may have fields that this one does not know") {
  const auto sent = some_greeting();
  auto bytes = encode_greeting(sent);
  for (const int byte : {0xFA, 0x01, 0x02, 0xFF, 0xFE, 0xF8, 0x01, 0x05}) // bytes 31 and a number 31
    bytes.push_back(static_cast<std::byte>(byte));
  bytes[12] = static_cast<std::byte>(std::to_integer<int>(bytes[12]) + 8);
  const auto got = decode_greeting(bytes);
  REQUIRE(got.has_value());
  REQUIRE(got->has_value());
  CHECK((*got)->theirs == sent);
}

TEST_CASE("names that are no text are refused") {
  for (const std::string_view name : {"shop", "n1", "1.4.0", "shop.Orders", "Place"}) {
    INFO(name);
    auto bytes = encode_greeting(some_greeting());
    const auto part = text_bytes(name);
    const auto at = std::search(bytes.begin(), bytes.end(), part.begin(), part.end());
    REQUIRE(at != bytes.end());
    *at = std::byte{0xFF};
    CHECK(decode_greeting(bytes).error()
          == invalid_argument("a greeting that is broken or announces too many services"));
  }
}

TEST_CASE("nodes speak the highest version that both know") {
  greeting ours = some_greeting();
  greeting theirs = some_greeting();
  const auto chosen = [&](int a, int b, int c, int d) {
    ours.lowest_version = static_cast<std::uint16_t>(a);
    ours.highest_version = static_cast<std::uint16_t>(b);
    theirs.lowest_version = static_cast<std::uint16_t>(c);
    theirs.highest_version = static_cast<std::uint16_t>(d);
    return choose_version(ours, theirs);
  };
  CHECK(chosen(1, 1, 1, 1).value() == 1);
  CHECK(chosen(1, 1, 1, 2).value() == 1);
  CHECK(chosen(1, 2, 1, 1).value() == 1);
  CHECK(chosen(1, 2, 2, 3).value() == 2);
  CHECK(chosen(1, 5, 2, 4).value() == 4);
  theirs.node = "n2";
  CHECK(chosen(2, 3, 1, 1).error()
        == failed_precondition(
          "node \"n1\" speaks versions 2 to 3 of the link, node \"n2\" 1 to 1: there is none "
          "that both speak; upgrade a cluster one version at a time"));
}
