#include "runtime/contract_check/contract_source.hpp"
#include "runtime/contract_check/cpp_names.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

using namespace troupe;
using namespace troupe::codegen;

TEST_CASE("RPC names become snake_case") {
  CHECK(snake_case("Place") == "place");
  CHECK(snake_case("PlaceOrder") == "place_order");
  CHECK(snake_case("GetHTTPRoute") == "get_http_route");
  CHECK(snake_case("GetHTTP") == "get_http");
  CHECK(snake_case("HTTP") == "http");
  CHECK(snake_case("ListV2Orders") == "list_v2_orders");
  CHECK(snake_case("V2") == "v2");
  CHECK(snake_case("Get2FAToken") == "get2_fa_token");
  CHECK(snake_case("place_order") == "place_order");
  CHECK(snake_case("Place_Order") == "place_order");
  CHECK(snake_case("placeOrder") == "place_order");
  CHECK(snake_case("A") == "a");
}

TEST_CASE("every keyword of C++20 is known") {
  for (const auto* word :
       {"alignas", "and_eq", "char8_t", "co_await", "consteval", "delete", "import_", "xor_eq"})
    CHECK(is_cpp_keyword(word) == (std::string_view{word} != "import_"));
  CHECK_FALSE(is_cpp_keyword(""));
  CHECK_FALSE(is_cpp_keyword("order"));
}

TEST_CASE("names that C++ or the base classes take get an underscore") {
  const auto source = contract_source::parse(
    {{"a.proto", "syntax = \"proto3\"; package a.class.b;\n"
                 "message delete { message Inner {} }\n"
                 "message lower {}\n"
                 "service union { rpc Delete(lower) returns (lower); rpc Start(lower) returns (lower);\n"
                 "  rpc MakeUnary(lower) returns (lower); rpc Place(lower) returns (lower); }"}});
  REQUIRE(source.has_value());
  const auto& file = *source->files()[0];
  const auto& service = *file.service(0);
  CHECK(namespace_of(file) == "a::class_::b");
  CHECK(class_of(*file.message_type(0)) == "delete_");
  CHECK(class_of(*file.message_type(0)->nested_type(0)) == "delete__Inner");
  CHECK(service_class(service) == "union_");
  CHECK(method_name(*service.method(0)) == "delete_");
  CHECK(method_name(*service.method(1)) == "start_");
  CHECK(method_name(*service.method(2)) == "make_unary_");
  CHECK(method_name(*service.method(3)) == "place");
  CHECK(type_name(*file.message_type(1), file) == "::a::class_::b::lower");
}

TEST_CASE("types are short in their own namespace and full elsewhere") {
  const auto source =
    contract_source::parse({{"a.proto", "syntax = \"proto3\"; package a; message M { message N {} }"},
                            {"b.proto", "syntax = \"proto3\"; package b; message M {}"},
                            {"c.proto", "syntax = \"proto3\"; message M {}"}});
  REQUIRE(source.has_value());
  const auto& a = *source->files()[0];
  const auto& b = *source->files()[1];
  const auto& c = *source->files()[2];
  CHECK(type_name(*a.message_type(0)->nested_type(0), a) == "M_N");
  CHECK(type_name(*a.message_type(0)->nested_type(0), b) == "::a::M_N");
  CHECK(type_name(*c.message_type(0), b) == "::M");
  CHECK(namespace_of(c) == "");
}

TEST_CASE("a package that hides the runtime's namespace is stepped around") {
  const auto source = contract_source::parse(
    {{"a.proto", "syntax = \"proto3\"; package shop.troupe; message M {}"},
     {"b.proto", "syntax = \"proto3\"; package shop.b; import \"a.proto\"; message N {}"},
     {"c.proto", "syntax = \"proto3\"; package troupe.c; message N {}"},
     {"dir.d/d", "syntax = \"proto3\"; package troupes; message N {}"},
     {"e.proto", "syntax = \"proto3\"; package e; message troupe {}"}});
  REQUIRE(source.has_value());
  CHECK(runtime_prefix(*source->files()[0]) == "::troupe::");
  CHECK(runtime_prefix(*source->files()[1]) == "::troupe::");
  CHECK(runtime_prefix(*source->files()[2]) == "troupe::");
  CHECK(runtime_prefix(*source->files()[3]) == "troupe::");
  CHECK(runtime_prefix(*source->files()[4]) == "::troupe::");
  CHECK(file_stem(*source->files()[2]) == "c");
  CHECK(file_stem(*source->files()[3]) == "dir.d/d");
}
