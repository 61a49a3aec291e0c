#include "runtime/configuration/yaml_document.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace troupe;

namespace {

std::string error_of(std::string_view text) {
  const auto parsed = parse_yaml(text);
  if (parsed.has_value()) return "none";
  const auto& error = parsed.error();
  return fmt::format("{}:{}: {}", error.at.line, error.at.column, error.message);
}

} // namespace

TEST_CASE("a document is a tree that knows its positions") {
  const auto parsed = parse_yaml("# comment\nhttp:\n  port: 80\n  seeds: [a, 'b']\n  none:\n");
  REQUIRE(parsed.has_value());
  REQUIRE(parsed->kind == yaml_node::type::mapping);
  REQUIRE(parsed->entries.size() == 1);
  const yaml_entry& http = parsed->entries[0];
  CHECK(http.key == "http");
  CHECK(http.at == text_position{2, 1});
  REQUIRE(http.value.entries.size() == 3);
  CHECK(http.value.entries[0].value.text == "80");
  CHECK(http.value.entries[0].value.at == text_position{3, 9});
  const yaml_node& seeds = http.value.entries[1].value;
  REQUIRE(seeds.items.size() == 2);
  CHECK(seeds.items[1].text == "b");
  CHECK(seeds.items[1].at == text_position{4, 14});
  CHECK(http.value.entries[2].value.kind == yaml_node::type::null);
}

TEST_CASE("an empty text, and one of comments, is nothing") {
  CHECK(parse_yaml("")->kind == yaml_node::type::null);
  CHECK(parse_yaml("# only\n\n")->kind == yaml_node::type::null);
  CHECK(parse_yaml("~")->kind == yaml_node::type::null);
}

TEST_CASE("aliases are followed") {
  const auto parsed = parse_yaml("a: &x [1, 2]\nb: *x\nc: *x\n");
  REQUIRE(parsed.has_value());
  CHECK(parsed->entries[1].value.items[1].text == "2");
  CHECK(parsed->entries[2].value.at == text_position{3, 4});
}

TEST_CASE("what is not supported is said, with its place") {
  CHECK(error_of("a: !!int 5") == "1:4: tags are not supported (here tag:yaml.org,2002:int)");
  CHECK(error_of("a: &x {}\nb: {<<: *x}") == "2:5: merge keys (<<) are not supported");
  CHECK(error_of("? [k]\n: v") == "1:3: a key must be a plain word");
  CHECK(error_of("a: 1\n---\nb: 2") == "2:1: a second document in the same file");
  CHECK(error_of("a: &x [*x]") == "1:8: an alias refers to the value it is part of");
}

TEST_CASE("broken YAML is refused with its place") {
  CHECK(error_of("a: [1, 2") == "1:9: not valid YAML: end of sequence flow not found");
  CHECK(error_of("a: b: c") == "1:5: not valid YAML: illegal map value");
  CHECK(error_of("a: *nobody") == "1:4: not valid YAML: the referenced anchor is not defined");
  CHECK(error_of("a:\n\tb: 1") == "2:3: not valid YAML: illegal map value"); // indented by a tab
}

TEST_CASE("size, depth and number of values are bounded") {
  CHECK(error_of("#" + std::string(max_yaml_bytes, 'x')) == "1:1: more than 1048576 bytes");
  CHECK(error_of(std::string(100'000, '[')) == "1:17: nested more than 32 levels deep");
  CHECK(error_of(std::string(32, '[') + std::string(32, ']')) == "none");
  std::string many = "a: [";
  for (std::size_t i = 0; i < max_yaml_nodes; ++i)
    many += "x,";
  CHECK(error_of(many + "]").find("more than 20000 values") != std::string::npos);
  // Nine levels of nine aliases each: 400 million values of 300 bytes of text.
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  }
  CHECK(error_of(bomb) == "5:14: more than 20000 values (aliases count as often as they are used)");
  std::string deep = "a0: &a0 x\n";
  for (int i = 1; i < 40; ++i)
    deep += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
  CHECK(error_of(deep).find("nested more than 32 levels deep") != std::string::npos);
}
