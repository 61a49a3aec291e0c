#include "runtime/rest/path_template.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

path_template parsed(std::string_view text) {
  auto out = parse_path_template(text);
  INFO(text);
  INFO((out ? "" : out.error().to_string()));
  REQUIRE(out.has_value());
  return *out;
}

std::string error_of(std::string_view text) {
  const auto out = parse_path_template(text);
  return out ? "none" : out.error().message();
}

} // namespace

TEST_CASE("http.proto: Template = \"/\" Segments [ Verb ]") {
  const auto t = parsed("/v1/orders/42:cancel");
  REQUIRE(t.segments.size() == 3);
  CHECK(t.segments[0] == path_segment{segment_kind::literal, "v1"});
  CHECK(t.segments[2] == path_segment{segment_kind::literal, "42"});
  CHECK(t.verb == "cancel");
  CHECK(t.variables.empty());
}

TEST_CASE("http.proto: Segment = \"*\" | \"**\" | LITERAL | Variable") {
  const auto t = parsed("/a/*/{x}/**");
  REQUIRE(t.segments.size() == 4);
  CHECK(t.segments[1].kind == segment_kind::single);
  CHECK(t.segments[2].kind == segment_kind::single);
  CHECK(t.segments[3].kind == segment_kind::rest);
}

TEST_CASE("http.proto: a variable without a template is {name=*}") {
  CHECK(parsed("/{id}").segments == parsed("/{id=*}").segments);
  CHECK(parsed("/{id}") == parsed("/{id=*}"));
  CHECK_FALSE(parsed("/{id}").variables[0].several_segments);
}

TEST_CASE("http.proto: Variable = \"{\" FieldPath [ \"=\" Segments ] \"}\"") {
  const auto t = parsed("/v1/{order.parent.name=shops/*/orders/*}/{line}");
  REQUIRE(t.variables.size() == 2);
  const auto& name = t.variables[0];
  CHECK(name.field_path == "order.parent.name");
  CHECK(name.fields == std::vector<std::string>{"order", "parent", "name"});
  CHECK(name.first_segment == 1);
  CHECK(name.segment_count == 4);
  CHECK(name.several_segments);
  CHECK(t.variables[1].first_segment == 5);
  CHECK_FALSE(t.variables[1].several_segments);
  CHECK(t.segments.size() == 6);
}

TEST_CASE("a variable of ** can have several segments, one of a literal cannot") {
  CHECK(parsed("/{path=**}").variables[0].several_segments);
  CHECK_FALSE(parsed("/{path=v1}").variables[0].several_segments);
  CHECK(parsed("/{path=v1/**}").variables[0].segment_count == 2);
}

TEST_CASE("http.proto: ** must be the last segment, except for the verb") {
  CHECK(parsed("/a/**:go").verb == "go");
  CHECK(parsed("/a/{b=**}:go").verb == "go");
  CHECK(error_of("/**/a") == "path template \"/**/a\": \"**\" must be the last segment");
  CHECK(error_of("/{a=**}/b") != "none");
  CHECK(error_of("/{a=**/b}") != "none");
}

TEST_CASE("the root is a template") { CHECK(parsed("/").segments.empty()); }

TEST_CASE("literals are decoded") {
  CHECK(parsed("/a%20b").segments[0].text == "a b");
  CHECK(parsed("/~a-b_c.d@e!").segments[0].text == "~a-b_c.d@e!");
}

TEST_CASE("what is no template is refused with the position") {
  CHECK(error_of("") == "path template \"\", position 1: a path template starts with \"/\"");
  CHECK(error_of("v1") == "path template \"v1\", position 1: a path template starts with \"/\"");
  CHECK(error_of("/v1//x") == "path template \"/v1//x\", position 5: a segment is empty");
  CHECK(error_of("/v1/") == "path template \"/v1/\", position 5: a segment is empty");
  CHECK(error_of("/v1:") == "path template \"/v1:\", position 5: a verb is missing after \":\"");
  CHECK(error_of("/v1/{id") == "path template \"/v1/{id\", position 8: a \"}\" is missing");
  CHECK(
    error_of("/v1/{}")
    == "path template \"/v1/{}\", position 6: a field name is expected, such as {order_id} or {order.id}");
  CHECK(error_of("/{a={b}}") == "path template \"/{a={b}}\", position 5: variables cannot be nested");
  CHECK(error_of("/***") == "path template \"/***\", position 4: write \"*\" or \"**\"");
  CHECK(error_of("/{a}/{a}") == "path template \"/{a}/{a}\", position 8: \"a\" is bound twice");
  CHECK(error_of("/a%2")
        == "path template \"/a%2\", position 5: a \"%\" is not followed by two hexadecimal digits");
  for (auto bad :
       {"/a b", "/{a.}", "/{.a}", "/{1a}", "/{a-b}",  "/{a=}",  "/{a=/b}", "/{a}b",   "/a{b}",  "/x:y:z",
        "/a?b", "/a#b",  "/:a",   "/*a",   "/{a=*}:", "/a\x01", "/a/}",    "/{a=b/}", "/a%2Fb", "/a:b/c"}) {
    CAPTURE(bad);
    CHECK(error_of(bad) != "none");
  }
}

TEST_CASE("templates are bounded") {
  std::string segments;
  for (std::size_t i = 0; i < max_template_segments; ++i)
    segments += "/a";
  CHECK(error_of(segments) == "none");
  CHECK(error_of(segments + "/a").find("more than 32 segments") != std::string::npos);
  CHECK(error_of(segments + "/{x}").find("more than 32 segments") != std::string::npos);
  std::string variables;
  for (std::size_t i = 0; i < max_template_variables; ++i)
    variables += "/{a" + std::to_string(i) + "}";
  CHECK(error_of(variables) == "none");
  CHECK(error_of(variables + "/{z}").find("more than 16 variables") != std::string::npos);
}

TEST_CASE("a template is shown in one canonical spelling that reads back the same") {
  for (auto text : {"/", "/v1", "/v1/{id}", "/v1/{a.b=x/*}/c/{d=**}:go", "/*/**", "/{a=x}", "/{a=**}:b",
                    "/{a=x/**}", "/a%20b:c%3Ad"}) {
    CAPTURE(text);
    CHECK(parsed(text).to_string() == text);
    CHECK(parsed(parsed(text).to_string()) == parsed(text));
  }
  CHECK(parsed("/{id=*}").to_string() == "/{id}");
}

TEST_CASE("the shape forgets the variables") {
  CHECK(parsed("/v1/{a.b=x/*}/c/{d=**}:go").shape() == "/v1/x/*/c/**:go");
  CHECK(parsed("/v1/{id}").shape() == parsed("/v1/{name}").shape());
}
