#include "runtime/configuration/suggestion.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

TEST_CASE("the distance counts insertions, removals, replacements and swaps of neighbours") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("port", "port") == 0);
  CHECK(edit_distance("", "port") == 4);
  CHECK(edit_distance("port", "") == 4);
  CHECK(edit_distance("prot", "port") == 1);
  CHECK(edit_distance("pot", "port") == 1);
  CHECK(edit_distance("ports", "port") == 1);
  CHECK(edit_distance("pork", "port") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("only what is near is suggested, the nearest first") {
  const std::vector<std::string> known = {"port", "address", "idle_timeout", "part"};
  CHECK(suggest("prot", known) == "port");
  CHECK(suggest("paart", known) == "part");
  CHECK(suggest("adress", known) == "address");
  CHECK(suggest("idletimeout", known) == "idle_timeout");
  CHECK_FALSE(suggest("zebra", known));
  CHECK_FALSE(suggest(std::string(101, 'p'), known));
  CHECK_FALSE(suggest("port", {}));
}
