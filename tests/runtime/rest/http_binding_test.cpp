#include "google/api/annotations.pb.h"
#include "runtime/rest/http_binding.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

using namespace troupe;

namespace {

// A contract written in the test: its service is "Test" with the given methods.
class contract {
public:
  explicit contract(const std::string& methods) : pool_(google::protobuf::DescriptorPool::generated_pool()) {
    // Linked only when it is used; the pool finds it by its file's name.
    (void)google::api::HttpRule::descriptor();
    const auto text = R"(
      syntax = "proto3";
      package test;
      import "google/api/annotations.proto";
      import "google/protobuf/timestamp.proto";
      message Request {
        string id = 1;
        int64 number = 2;
        Inner inner = 3;
        repeated string tags = 4;
        repeated Inner inners = 5;
        map<string, string> labels = 6;
        google.protobuf.Timestamp time = 7;
        string camel_case = 8;
      }
      message Inner { string name = 1; Inner inner = 2; }
      message Reply { Inner inner = 1; repeated Inner inners = 2; }
      service Test {)" + methods
                      + "}";
    google::protobuf::io::ArrayInputStream input{text.data(), static_cast<int>(text.size())};
    google::protobuf::io::Tokenizer tokenizer{&input, nullptr};
    google::protobuf::FileDescriptorProto file;
    google::protobuf::compiler::Parser parser;
    REQUIRE(parser.Parse(&tokenizer, &file));
    file.set_name("test.proto");
    file_ = pool_.BuildFile(file);
    REQUIRE(file_ != nullptr);
    for (int i = 0; i < file_->service(0)->method_count(); ++i)
      for (auto& binding : http_bindings_of(*file_->service(0)->method(i), problems, true))
        bindings.push_back(std::move(binding));
  }

  std::vector<http_binding> bindings;
  std::vector<http_rule_problem> problems;

private:
  google::protobuf::DescriptorPool pool_;
  const google::protobuf::FileDescriptor* file_ = nullptr;
};

// A contract of one method with this rule.
contract ruled(const std::string& rule) {
  return contract{"rpc Do(Request) returns (Reply) { option (google.api.http) = { " + rule + " }; }"};
}

// The problem of the only rule; "none" when it is sound.
std::string problem_of(const std::string& rule) {
  const auto tested = ruled(rule);
  if (tested.problems.empty()) {
    CHECK_FALSE(tested.bindings.empty());
    return "none";
  }
  CHECK(tested.problems.size() == 1);
  CHECK_FALSE(tested.problems[0].fix.empty());
  const auto& text = tested.problems[0].problem;
  REQUIRE(text.starts_with("test.Test.Do"));
  return text.substr(12);
}

} // namespace

TEST_CASE("http.proto: each pattern gives its HTTP method") {
  for (auto [rule, method] :
       {std::pair{R"(get: "/a")", "GET"}, std::pair{R"(put: "/a")", "PUT"},
        std::pair{R"(post: "/a")", "POST"}, std::pair{R"(delete: "/a")", "DELETE"},
        std::pair{R"(patch: "/a")", "PATCH"}, std::pair{R"(custom: { kind: "PURGE" path: "/a" })", "PURGE"},
        std::pair{R"(custom: { kind: "*" path: "/a" })", "*"}}) {
    const auto tested = ruled(rule);
    REQUIRE(tested.bindings.size() == 1);
    CHECK(tested.bindings[0].http_method == method);
    CHECK(tested.bindings[0].body == body_binding::none);
  }
}

TEST_CASE("http.proto: additional bindings are further ways to the method") {
  const auto tested = ruled(R"(get: "/a" additional_bindings { post: "/b" body: "*" }
                               additional_bindings { put: "/c" body: "inner" response_body: "inners" })");
  REQUIRE(tested.problems.empty());
  REQUIRE(tested.bindings.size() == 3);
  CHECK(tested.bindings[1].index == 1);
  CHECK(tested.bindings[1].body == body_binding::whole);
  CHECK(tested.bindings[2].body == body_binding::field);
  CHECK(tested.bindings[2].body_field->name() == "inner");
  CHECK(tested.bindings[2].response_field->name() == "inners");
}

TEST_CASE("http.proto: variables lead through messages to a field") {
  const auto tested = ruled(R"(get: "/{inner.inner.name}/{time}/{camelCase}")");
  REQUIRE(tested.bindings.size() == 1);
  REQUIRE(tested.bindings[0].variables.size() == 3);
  CHECK(tested.bindings[0].variables[0].size() == 3);
  CHECK(tested.bindings[0].variables[2][0]->name() == "camel_case");
}

TEST_CASE("a rule that is wrong says what and how to mend it") {
  CHECK(problem_of("") == ": the HTTP rule has no pattern");
  CHECK(problem_of(R"(get: "v1")")
        == ": path template \"v1\", position 1: a path template starts with \"/\"");
  CHECK(problem_of(R"(custom: { kind: "get it" path: "/a" })")
        == ": custom kind \"get it\" is not an HTTP method");
  CHECK(problem_of(R"(custom: { path: "/a" })") == ": custom kind \"\" is not an HTTP method");
  CHECK(problem_of(R"(get: "/{nope}")") == ": path variable \"nope\": test.Request has no field \"nope\"");
  CHECK(problem_of(R"(get: "/{inner.nope}")")
        == ": path variable \"inner.nope\": test.Inner has no field \"nope\"");
  CHECK(problem_of(R"(get: "/{id.x}")")
        == ": path variable \"id.x\": field \"id\" has no fields of its own, so not \"x\"");
  CHECK(problem_of(R"(get: "/{inners.name}")")
        == ": path variable \"inners.name\": field \"inners\" is repeated, so its \"name\" has no place");
  CHECK(problem_of(R"(get: "/{time.seconds}")") != "none");
  CHECK(problem_of(R"(get: "/{tags}")") == ": path variable \"tags\" names a repeated field");
  CHECK(problem_of(R"(get: "/{labels}")") == ": path variable \"labels\" names a repeated field");
  CHECK(problem_of(R"(get: "/{inner}")")
        == ": path variable \"inner\" names a field of message type test.Inner");
  CHECK(problem_of(R"(get: "/a" body: "*")") == ": GET with a body");
  CHECK(problem_of(R"(delete: "/a" body: "inner")") == ": DELETE with a body");
  CHECK(problem_of(R"(post: "/a" body: "nope")") == ": body \"nope\" is not a field of test.Request");
  CHECK(problem_of(R"(post: "/a" body: "inner.name")")
        == ": body \"inner.name\" is not a field of test.Request");
  CHECK(problem_of(R"(post: "/{id}" body: "id")") == ": field \"id\" is both a path variable and the body");
  CHECK(problem_of(R"(post: "/{inner.name}" body: "inner")") == "none");
  CHECK(problem_of(R"(post: "/a" body: "tags")") == "none");
  CHECK(problem_of(R"(get: "/a" response_body: "nope")")
        == ": response_body \"nope\" is not a field of test.Reply");
  CHECK(problem_of(R"(get: "/a" additional_bindings { get: "/{nope}" })")
        == " (additional binding 1): path variable \"nope\": test.Request has no field \"nope\"");
  CHECK(problem_of(R"(get: "/a" additional_bindings { get: "/b" additional_bindings { get: "/c" } })")
        == " (additional binding 1): it has additional bindings of its own");
}

TEST_CASE("every problem of a rule is found at once, and sound bindings remain") {
  const auto tested = ruled(R"(get: "/{nope}/{tags}" body: "gone" additional_bindings { get: "/ok" })");
  CHECK(tested.problems.size() == 4);
  REQUIRE(tested.bindings.size() == 1);
  CHECK(tested.bindings[0].index == 1);
}

TEST_CASE("a method whose client streams cannot have a rule") {
  const contract tested{
    R"(rpc Do(stream Request) returns (Reply) { option (google.api.http) = { get: "/a" }; })"};
  REQUIRE(tested.problems.size() == 1);
  CHECK(tested.problems[0].problem == "test.Test.Do: a method whose client streams has an HTTP rule");
  CHECK(tested.bindings.empty());
}

TEST_CASE("a method without a rule has the implicit binding") {
  const contract tested{"rpc Do(Request) returns (Reply); rpc Up(stream Request) returns (Reply);"};
  REQUIRE(tested.bindings.size() == 1);
  CHECK(tested.bindings[0].implicit);
  CHECK(tested.bindings[0].http_method == "POST");
  CHECK(tested.bindings[0].path.to_string() == "/test.Test/Do");
  CHECK(tested.bindings[0].body == body_binding::whole);
}

TEST_CASE("two routes of one shape collide, whatever their variables are called") {
  const contract tested{R"(
    rpc A(Request) returns (Reply) { option (google.api.http) = { get: "/v1/{id}" }; }
    rpc B(Request) returns (Reply) { option (google.api.http) = { get: "/v1/{number}" }; })"};
  REQUIRE(tested.problems.empty());
  const auto collisions = find_route_collisions(tested.bindings);
  REQUIRE(collisions.size() == 1);
  CHECK(collisions[0].problem == "test.Test.B: GET /v1/{number} is taken by test.Test.A (GET /v1/{id})");
  CHECK(collisions[0].method->name() == "B");
}

TEST_CASE("templates that merely overlap, or differ in method or verb, do not collide") {
  const contract tested{R"(
    rpc A(Request) returns (Reply) { option (google.api.http) = { get: "/v1/{id}" }; }
    rpc B(Request) returns (Reply) { option (google.api.http) = { get: "/v1/latest" }; }
    rpc C(Request) returns (Reply) { option (google.api.http) = { post: "/v1/{id}" }; }
    rpc D(Request) returns (Reply) { option (google.api.http) = { get: "/v1/{id}:check" }; }
    rpc E(Request) returns (Reply) { option (google.api.http) = { get: "/v1/{id=**}" }; }
    rpc F(Request) returns (Reply) { option (google.api.http) = { custom: { kind: "*" path: "/v1/{id}" } }; })"};
  CHECK(find_route_collisions(tested.bindings).empty());
}

TEST_CASE("a method can collide with itself") {
  const auto tested = ruled(R"(get: "/a/{id}" additional_bindings { get: "/a/{number}" })");
  CHECK(find_route_collisions(tested.bindings).size() == 1);
}
