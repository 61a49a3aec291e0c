#include "runtime/rest/percent_encoding.hpp"
#include "runtime/rest/query_string.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

std::string shown(std::string_view query) {
  const auto parameters = parse_query_string(query, 10);
  if (!parameters) return parameters.error().to_string();
  std::string out;
  for (const auto& each : *parameters)
    out += each.name + "->" + each.value + "|";
  return out;
}

} // namespace

TEST_CASE("URL standard: a query is pairs between ampersands") {
  CHECK(shown("") == "");
  CHECK(shown("a=1&b=2") == "a->1|b->2|");
  CHECK(shown("a") == "a->|");
  CHECK(shown("a=") == "a->|");
  CHECK(shown("=a") == "->a|");
  CHECK(shown("a=b=c") == "a->b=c|");
  CHECK(shown("&&a=1&&") == "a->1|");
  CHECK(shown("a=1&a=2") == "a->1|a->2|");
}

TEST_CASE("URL standard: names and values are percent-decoded, plus is a space") {
  CHECK(shown("a+b=c+d%2B") == "a b->c d+|");
  CHECK(shown("%61=%C3%BC%26%3D") == "a->\xC3\xBC&=|");
}

TEST_CASE("malformed queries are refused by name") {
  CHECK(shown("a=%")
        == "INVALID_ARGUMENT: query parameter \"a\": a \"%\" is not followed by two hexadecimal digits");
  CHECK(shown("a=%4").find("INVALID_ARGUMENT") == 0);
  CHECK(shown("a=%zz").find("INVALID_ARGUMENT") == 0);
  CHECK(shown("%FF=1") == "INVALID_ARGUMENT: query parameter \"%25FF\": it is not valid UTF-8");
  CHECK(shown("a=\xFF").find("INVALID_ARGUMENT") == 0);
  CHECK(shown("a&a&a&a&a&a&a&a&a&a&a") == "RESOURCE_EXHAUSTED: more than 10 query parameters");
}

TEST_CASE("RFC 3986 section 2.1: escapes") {
  CHECK(percent_decode("a%2fb%2Fc%20+") == "a/b/c +");
  CHECK(percent_decode_keeping_slashes("a%2fb%2Fc%20") == "a%2fb%2Fc ");
  CHECK_FALSE(percent_decode("%2"));
  CHECK_FALSE(
    percent_decode(std::string_view{"a%41"}.substr(0, 3))); // what follows the view is none of its business
  CHECK_FALSE(percent_decode("%"));
  CHECK_FALSE(percent_decode("a%g0"));
  CHECK_FALSE(percent_decode("%-1"));
  CHECK(percent_encode("a b/\xC3\xBC~") == "a%20b%2F%C3%BC~");
  CHECK(decodes_to("%61b%63", "abc"));
  CHECK(decodes_to("", ""));
  CHECK_FALSE(decodes_to("%61b", "abc"));
  CHECK_FALSE(decodes_to("%61bcd", "abc"));
  CHECK_FALSE(decodes_to("%6", "\x06"));
  CHECK_FALSE(decodes_to("a", ""));
}
