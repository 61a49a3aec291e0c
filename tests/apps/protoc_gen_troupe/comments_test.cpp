#include "apps/protoc_gen_troupe/comments.hpp"
#include "apps/protoc_gen_troupe/service_shape.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

using namespace troupe::codegen;

namespace {

std::string cleaned(std::string leading, std::string trailing = {}) {
  google::protobuf::SourceLocation location;
  location.leading_comments = std::move(leading);
  location.trailing_comments = std::move(trailing);
  return comment_text(location);
}

} // namespace

TEST_CASE("a comment loses its marks and its margin, not its inner indentation") {
  CHECK(cleaned(" One.\n   indented\n\n Two.  \n") == "One.\n  indented\n\nTwo.");
  CHECK(cleaned("\n\n One.\n \n") == "One.");
  CHECK(cleaned("* One.\n Two.\n") == "One.\nTwo."); // "/** One."
  CHECK(cleaned(" One.\r\n Two.\r\n") == "One.\nTwo.");
  CHECK(cleaned("") == "");
  CHECK(cleaned(" \n \n") == "");
}

TEST_CASE("the comment behind an element counts when there is none above it") {
  CHECK(cleaned("", " behind\n") == "behind");
  CHECK(cleaned(" above\n", " behind\n") == "above");
}

TEST_CASE("C++ comments are wrapped at words") {
  CHECK(as_cpp_comment("", 2) == "");
  CHECK(as_cpp_comment("One.\n\nTwo.", 2) == "  // One.\n  //\n  // Two.\n");
  CHECK(as_cpp_comment("aaa bbb ccc", 0, 10) == "// aaa bbb\n// ccc\n");
  CHECK(as_cpp_comment("aaaaaaaaaaaa bbb", 0, 10) == "// aaaaaaaaaaaa\n// bbb\n");
  CHECK(as_cpp_comment("aaaaaaaaaaaa", 0, 10) == "// aaaaaaaaaaaa\n");
}

TEST_CASE("a backslash at a comment's end does not swallow the next line of code") {
  CHECK(as_cpp_comment("C:\\dir\\", 0) == "// C:\\dir\\.\n");
}

TEST_CASE("C++ literals keep every byte") {
  CHECK(as_cpp_literal("", "\n") == R"("")");
  CHECK(as_cpp_literal("a\nb", " ") == R"("a\n" "b")");
  CHECK(as_cpp_literal("\"\\\t", " ") == R"("\"\\\t")");
  CHECK(as_cpp_literal("\x01"
                       "1",
                       " ")
        == R"("\0011")");
  CHECK(as_cpp_literal("ü", " ") == "\"ü\"");
  CHECK(as_cpp_literal("\xFF", " ") == R"("\377")");
}

TEST_CASE("declarations are laid out within the line") {
  CHECK(declaration("  void", "f", {}, " const;") == "  void f() const;");
  CHECK(declaration("  void", "f", {"int a", "int b"}, ";", 20) == "  void f(int a,\n         int b);");
  CHECK(declaration("  void", "f", {"int a", "int b"}, ";", 22) == "  void f(int a,\n         int b);");
  CHECK(declaration("  void", "f", {"int a", "int b"}, ";", 23) == "  void f(int a, int b);");
  CHECK(declaration("  long_result_type", "f", {"int a"}, ";", 24) == "  long_result_type\n  f(int a);");
  CHECK(declaration("  void", "long_function", {"int a"}, ";", 18)
        == "  void\n  long_function(\n    int a);");
}
