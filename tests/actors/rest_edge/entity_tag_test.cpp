#include "actors/rest_edge/entity_tag.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;

TEST_CASE("tags of representations tell them apart") {
  std::set<std::string> seen;
  std::string text;
  for (int size = 0; size < 200; ++size) {
    CHECK(seen.insert(entity_tag_of(text)).second);
    for (std::size_t at = 0; at < text.size(); ++at) {
      auto other = text;
      other[at] ^= 1;
      REQUIRE(seen.insert(entity_tag_of(other)).second);
    }
    text += static_cast<char>(0);
  }
  CHECK(entity_tag_of("abc") == entity_tag_of(std::string{"abc"}));
  CHECK(entity_tag_of("abc").size() == 34);
}

TEST_CASE("RFC 9110, 8.8.3: a version becomes a tag, and back") {
  for (std::string version : {"7", "a b", "\"q\"", "100%", "x-gzip", "back\\slash", "\x01\xff", "%41"}) {
    auto tag = entity_tag_of_version(version);
    auto parsed = single_condition(tag);
    REQUIRE(parsed);
    CHECK(opaque_version(parsed->opaque) == version);
  }
  CHECK(entity_tag_of_version("7") == "\"7\"");
  CHECK(entity_tag_of_version("a\"b") == "\"a%22b\"");
  CHECK(opaque_version("%4") == "%4");
  CHECK(opaque_version("%zz") == "%zz");
}

TEST_CASE("RFC 9110, 13.1.1: If-Match compares strongly") {
  CHECK(if_match_holds("\"a\"", "\"a\""));
  CHECK(if_match_holds("\"b\", \"a\"", "\"a\""));
  CHECK(if_match_holds("\"b\" ,\"a-gzip\"", "\"a\""));
  CHECK(if_match_holds("*", "\"a\""));
  CHECK(if_match_holds("\"x,y\"", "\"x,y\""));
  CHECK_FALSE(if_match_holds("\"b\"", "\"a\""));
  CHECK_FALSE(if_match_holds("W/\"a\"", "\"a\""));
  CHECK_FALSE(if_match_holds("\"a\"", "W/\"a\""));
  CHECK_FALSE(if_match_holds("*", ""));
  CHECK_FALSE(if_match_holds("a", "\"a\""));
  CHECK_FALSE(if_match_holds("", "\"a\""));
}

TEST_CASE("RFC 9110, 13.1.2: If-None-Match compares weakly") {
  CHECK(if_none_match_hits("W/\"a\"", "\"a\""));
  CHECK(if_none_match_hits("\"a\"", "\"a\""));
  CHECK(if_none_match_hits("*", "\"a\""));
  CHECK_FALSE(if_none_match_hits("\"b\"", "\"a\""));
  CHECK_FALSE(if_none_match_hits("*", ""));
}

TEST_CASE("a field with a single condition") {
  CHECK(single_condition("*")->any);
  CHECK(single_condition("W/\"a\"")->weak);
  CHECK(single_condition(" \"a\" ")->opaque == "a");
  CHECK_FALSE(single_condition("\"a\", \"b\""));
  CHECK_FALSE(single_condition("a"));
  CHECK_FALSE(single_condition(""));
  CHECK_FALSE(single_condition("\""));
}
