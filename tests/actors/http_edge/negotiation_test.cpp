#include "actors/http_edge/negotiation.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace troupe;

namespace {

constexpr std::array<std::string_view, 3> offered{"application/json", "application/x-protobuf", "text/html"};

int chosen(std::string_view accept) {
  auto out = negotiate_media_type(accept, offered);
  return out ? static_cast<int>(*out) : -1;
}

} // namespace

TEST_CASE("RFC 9110, 12.5.1: Accept") {
  CHECK(chosen("") == 0);
  CHECK(chosen("*/*") == 0);
  CHECK(chosen("text/html") == 2);
  CHECK(chosen("TEXT/HTML") == 2);
  CHECK(chosen("text/*") == 2);
  CHECK(chosen("application/*") == 0);
  CHECK(chosen("application/json;q=0.5, application/x-protobuf") == 1);
  CHECK(chosen("application/json;q=0.5, application/x-protobuf;q=0.501") == 1);
  CHECK(chosen("text/html;level=1;q=0.4, */*;q=0.1") == 2);
  CHECK(chosen("text/html;title=\"a,b;q=0\"") == 2);
  CHECK(chosen("image/png") == -1);
  CHECK(chosen("application/json;q=0") == -1);
  CHECK(chosen("application/json;q=0, */*") == 1); // the most specific range decides
  CHECK(chosen("*/*, application/json;q=0") == 1);
  CHECK(chosen("application/json;q=nonsense") == -1);
  CHECK(chosen("application/json;q=1.001") == -1);
  CHECK(chosen(",, text/html ,") == 2);
  CHECK(chosen(std::string(10'000, ',')) == -1);
  CHECK(media_type_quality("a/b;q=0.123", "a/b") == 123);
  CHECK(media_type_quality("a/b;q=1.000", "a/b") == 1000);
}

TEST_CASE("RFC 9110, 12.5.3: Accept-Encoding") {
  CHECK(prefers_coding("gzip", "gzip"));
  CHECK(prefers_coding("br, GZIP;q=0.1", "gzip"));
  CHECK(prefers_coding("*", "gzip"));
  CHECK(prefers_coding("gzip;q=0.5, identity;q=0.5", "gzip"));
  CHECK_FALSE(prefers_coding("", "gzip"));
  CHECK_FALSE(prefers_coding("br", "gzip"));
  CHECK_FALSE(prefers_coding("gzip;q=0", "gzip"));
  CHECK_FALSE(prefers_coding("gzip;q=0, *", "gzip"));
  CHECK_FALSE(prefers_coding("gzip;q=0.5, identity;q=0.6", "gzip"));
  CHECK_FALSE(prefers_coding("*;q=0", "gzip"));
}

TEST_CASE("RFC 9110, 8.3.1: a media type taken apart") {
  auto json = parse_media_type("application/json; charset=\"utf-8\"; x=y");
  REQUIRE(json);
  CHECK(json->type == "application/json");
  CHECK(json->charset == "utf-8");
  CHECK(parse_media_type(" text/plain ;")->charset.empty());
  for (const char* text :
       {"", "text", "/plain", "text/", "text/plain; charset", "text/plain; =x", "te xt/plain", "a/b,c/d"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_media_type(text));
  }
}

TEST_CASE("RFC 9110, 5.6.1: lists") {
  std::string_view list = "a, \"b,c\" ,, \"d\\\",e\"";
  CHECK(*next_list_element(list) == "a");
  CHECK(*next_list_element(list) == "\"b,c\"");
  CHECK(next_list_element(list)->empty());
  CHECK(*next_list_element(list) == "\"d\\\",e\"");
  CHECK_FALSE(next_list_element(list));
}
