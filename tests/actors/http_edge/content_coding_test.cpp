#include "actors/http_edge/content_coding.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

std::string coded(gzip_encoder& encoder, std::string_view plain) {
  std::string out;
  REQUIRE(encoder.encode(plain, out));
  return out;
}

} // namespace

TEST_CASE("gzip there and back, with one encoder for many bodies") {
  gzip_encoder encoder;
  for (std::size_t size : {100u, 5'000u, 100'000u, 3'000'000u}) {
    std::string plain;
    for (std::size_t at = 0; plain.size() < size; ++at)
      plain += "item " + std::to_string(at % 1000) + ", ";
    auto packed = coded(encoder, plain);
    CHECK(packed.size() < plain.size());
    CHECK(*gzip_decode(packed, plain.size()) == plain);
  }
}

TEST_CASE("what would not get smaller is left as it is") {
  gzip_encoder encoder;
  std::string out;
  CHECK_FALSE(encoder.encode("", out));
  CHECK_FALSE(encoder.encode("short", out));
  CHECK(coded(encoder, std::string(1000, 'x')).size() < 100);
}

TEST_CASE("a bomb is found out at the limit") {
  gzip_encoder encoder;
  auto bomb = coded(encoder, std::string(50 << 20, '\0'));
  CHECK(bomb.size() < 300'000);
  CHECK(gzip_decode(bomb, 1 << 20).error().code() == status_code::resource_exhausted);
  CHECK(gzip_decode(bomb, 50 << 20)->size() == 50u << 20);
  CHECK(gzip_decode(bomb, (50 << 20) - 1).error().code() == status_code::resource_exhausted);
}

TEST_CASE("RFC 1952, 2.2: several members are one body") {
  gzip_encoder encoder;
  auto first = coded(encoder, std::string(100, 'a'));
  auto second = coded(encoder, std::string(100, 'b'));
  CHECK(*gzip_decode(first + second, 200) == std::string(100, 'a') + std::string(100, 'b'));
  CHECK(gzip_decode(first + second, 199).error().code() == status_code::resource_exhausted);
}

TEST_CASE("damaged gzip is refused") {
  gzip_encoder encoder;
  auto good = coded(encoder, std::string(1000, 'a') + "tail");
  for (std::size_t size = 0; size < good.size(); ++size)
    REQUIRE(gzip_decode(std::string_view{good}.substr(0, size), 10'000).error().code()
            == status_code::invalid_argument);
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0xff);
    auto outcome = gzip_decode(bad, 10'000);
    if (at < 4 || at >= 10) REQUIRE_FALSE(outcome); // the time and the system in the head are not checked
  }
  CHECK_FALSE(gzip_decode(good + "garbage", 10'000));
  CHECK_FALSE(gzip_decode("not gzip at all", 10'000));
}

TEST_CASE("what is worth compressing") {
  for (const char* type : {"application/json", "application/problem+json", "text/html; charset=utf-8",
                           "image/svg+xml", "application/x-protobuf"})
    CHECK(worth_compressing(type));
  for (const char* type : {"image/png", "application/gzip", "", "nonsense"})
    CHECK_FALSE(worth_compressing(type));
}
