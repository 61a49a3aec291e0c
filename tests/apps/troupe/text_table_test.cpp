#include "apps/troupe/admin_client.hpp"
#include "apps/troupe/text_table.hpp"

#include <catch2/catch.hpp>

using namespace troupe::cli;

TEST_CASE("columns are as wide as their widest text, and an empty one shows") {
  text_table table{{"NODE", "ROLES", "X"}};
  table.add({"a", "", "1"});
  table.add({"front-12", "edge", ""});
  CHECK(table.to_string()
        == "NODE      ROLES  X\n"
           "a         -      1\n"
           "front-12  edge   -\n");
  CHECK(text_table{{"A", "B"}}.to_string() == "A  B\n");
}

TEST_CASE("a door is a host and a port") {
  for (const auto* text : {"127.0.0.1:9901", "[::1]:9901", "node-1.example.org:1", "[2001:db8::7]:65535"}) {
    const auto door = parse_admin_door(text);
    REQUIRE(door.has_value());
    CHECK(door->to_string() == text);
  }
  CHECK(parse_admin_door("[::1]:9901")->host == "::1");
  for (const auto* text :
       {"", "9901", ":9901", "a:", "a:0", "a:65536", "a:1x", "a:-1", "::1:9901", "[::1]", "[]:1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_admin_door(text).has_value());
  }
}
