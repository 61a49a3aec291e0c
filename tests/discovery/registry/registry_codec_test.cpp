#include "discovery/registry/registry_codec.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <string_view>

using namespace troupe;

namespace {

registry_message example() {
  service_entry orders;
  orders.service = "shop.Orders";
  orders.version = "1.4";
  orders.instances = 3;
  orders.health = service_health::ready;
  orders.load = 300;
  orders.metadata = {{"zone", "north"}, {"größe", ""}};
  service_entry gone;
  gone.service = "shop.Stock";
  return {{{"ada", 7, 2, 9, {{orders, 5, false}, {gone, 9, true}}}, {"bob", ~0ull, 0, 1, {}}},
          {{"ada", 7, 9}, {"eve", 1, 0}}};
}

std::string hex(std::span<const std::byte> bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out += fmt::format("{:02x}{}", std::to_integer<int>(bytes[i]), i % 32 == 31 ? "\n" : " ");
  return out + "\n";
}

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

void refuses(std::string_view what, const std::string& why) {
  const auto got = decode_registry_message(bytes(what));
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error().code() == status_code::invalid_argument);
  INFO(got.error().message());
  CHECK(got.error().message().find(why) != std::string::npos);
}

// A field with a length.
std::string field(char number, std::string_view content) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(content.size())}
         + std::string{content};
}

// A delta with one entry of these fields.
std::string delta_with(std::string_view entry) {
  using namespace std::string_view_literals;
  return field(1, field(1, "ada") + "\x20\x01" + field(5, std::string{entry} + "\x38\x01"));
}

} // namespace

TEST_CASE("a fingerprint is nine bytes, and messages one behind the other are one") {
  registry_message asks;
  asks.fingerprint = ~0ull;
  auto both = encode(asks);
  CHECK(both.size() == 9);
  CHECK(decode_registry_message(both).value() == asks);
  const auto more = encode(example());
  both.insert(both.end(), more.begin(), more.end());
  auto expected = example();
  expected.fingerprint = ~0ull;
  CHECK(decode_registry_message(both).value() == expected);
}

TEST_CASE("what is encoded is decoded again") {
  CHECK(decode_registry_message(encode(example())).value() == example());
  CHECK(decode_registry_message(encode({})).value() == registry_message{});
}

TEST_CASE("the bytes are those that other versions know") {
  const auto path = std::string{TROUPE_TEST_FOLDER} + "/golden/message.txt";
  const auto now = hex(encode(example()));
  if (std::getenv("TROUPE_REWRITE") != nullptr) std::ofstream{path} << now;
  std::ostringstream then;
  then << std::ifstream{path}.rdbuf();
  CHECK(then.str() == now);
}

TEST_CASE("no entry takes more bytes than is counted") {
  for (const auto& [text, number] : {std::pair{1u, 1u}, std::pair{200u, ~0u}}) {
    service_entry entry;
    entry.service = std::string(text, 's');
    entry.version = std::string(text, 'v');
    entry.instances = entry.load = number;
    entry.health = service_health::draining;
    for (int i = 0; i < 3; ++i)
      entry.metadata[std::string(text / 2, 'k') + std::to_string(i)] = std::string(text / 2, 'x');
    const auto with = [&](std::vector<numbered_entry> entries) {
      return encode({{{"ada", 1, 0, ~0ull, std::move(entries)}}, {}}).size();
    };
    // The delta's own length may grow by a byte.
    CHECK(with({{entry, ~0ull, false}}) - with({}) <= size_of(entry) + 1);
  }
}

TEST_CASE("a message cut off anywhere is refused, or says less") {
  const auto whole = encode(example());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto got = decode_registry_message(std::span{whole}.first(size));
    if (got) CHECK_FALSE(*got == example());
  }
}

TEST_CASE("what no node says is refused with a reason") {
  refuses(std::string(max_registry_message + 1, '\0'), "262145 bytes");
  refuses("\xff", "1 bytes are no message");
  refuses(field(1, field(1, "a\xff")), "the name of a node that is not valid UTF-8");
  refuses(field(1, field(1, "ada")), "from change 0 to 0");
  refuses(field(1, "\x20\x01"), "without the name of its node");
  refuses(field(2, field(1, "")), "a node whose name has 0 bytes");
  refuses(field(2, field(1, "\xc0\x80")), "the name of a node that is not valid UTF-8");
  refuses(delta_with(field(1, "\xff")), "the name of a service that is not valid UTF-8");
  refuses(delta_with(field(1, "a") + field(2, "\xff")), "a version that is not valid UTF-8");
  refuses(delta_with(field(1, "a") + field(6, field(2, "\xff"))), "metadata that is not valid UTF-8");
  refuses(delta_with(field(1, "a") + field(6, field(1, "k")) + field(6, field(1, "k"))), "metadata twice");
  refuses(delta_with(""), "without the name of a service");
}

TEST_CASE("what later versions add is left out; a health that is not known is not ready") {
  const auto got = decode_registry_message(bytes(delta_with(field(1, "a") + "\x20\x63" + field(15, "new"))));
  REQUIRE(got.has_value());
  REQUIRE(got->deltas.size() == 1);
  CHECK(got->deltas[0].entries[0].entry.health == service_health::unhealthy);
  CHECK(decode_registry_message(bytes(field(15, "new"))).value() == registry_message{});
}
