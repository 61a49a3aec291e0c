#include "google/api/annotations.pb.h"
#include "runtime/contract_check/contract_problem.hpp"
#include "runtime/contract_check/contract_source.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

using namespace troupe;

namespace {

std::string set_of(const contract_source& source, bool with_positions) {
  google::protobuf::FileDescriptorSet set;
  for (const auto* file : source.files()) {
    auto& out = *set.add_file();
    file->CopyTo(&out);
    if (with_positions) file->CopySourceCodeInfoTo(&out);
  }
  return set.SerializeAsString();
}

} // namespace

TEST_CASE("texts become descriptors with positions, options and the files they import") {
  const auto source = contract_source::parse(
    {{"b.proto", "syntax = \"proto3\"; import \"a.proto\"; import \"google/api/annotations.proto\";\n"
                 "service S {\n"
                 "  rpc Do(M) returns (M) {\n"
                 "    option (google.api.http) = { get: \"/v1\" };\n"
                 "  }\n"
                 "}\n"}},
    {{"a.proto", "syntax = \"proto3\"; message M {}"}});
  REQUIRE(source.has_value());
  REQUIRE(source->files().size() == 1);
  const auto& method = *source->files()[0]->service(0)->method(0);
  CHECK(method.options().GetExtension(google::api::http).get() == "/v1");
  CHECK(position_of(method).to_string() == "b.proto:3:3");
  CHECK(position_of(method, google::api::kHttpFieldNumber).to_string() == "b.proto:4:5");
  CHECK(position_of(method, 34).to_string() == "b.proto:3:3"); // not set: where the method is
  CHECK(position_of(*source->files()[0]).to_string() == "b.proto");
}

TEST_CASE("every error of a text is said once, with its place") {
  const auto source =
    contract_source::parse({{"a.proto", "syntax = \"proto3\";\nmessage M { Missing m = 1; }\n"},
                            {"b.proto", "syntax = \"proto3\"; import \"nowhere.proto\"; message"}});
  REQUIRE_FALSE(source.has_value());
  CHECK(source.error().code() == status_code::invalid_argument);
  CHECK(source.error().message()
        == "a.proto:2:13: error: \"Missing\" is not defined.\n"
           "b.proto:1:51: error: Expected message name.");
}

TEST_CASE("an import that nobody has is an error of the file that imports it") {
  const auto source =
    contract_source::parse({{"b.proto", "syntax = \"proto3\";\nimport \"nowhere.proto\";\n"}});
  REQUIRE_FALSE(source.has_value());
  CHECK(source.error().message()
        == "nowhere.proto: error: file not found\n"
           "b.proto:2:1: error: Import \"nowhere.proto\" was not found or had errors.");
}

TEST_CASE("imports in a circle are an error") {
  const auto source = contract_source::parse({{"a.proto", "syntax = \"proto3\"; import \"b.proto\";"},
                                              {"b.proto", "syntax = \"proto3\"; import \"a.proto\";"}});
  REQUIRE_FALSE(source.has_value());
  CHECK(source.error().message().find("recursively imports itself") != std::string::npos);
}

TEST_CASE("a descriptor set is read, with and without positions") {
  const auto text =
    contract_source::parse({{"shop/a.proto", "syntax = \"proto3\"; package shop;\nmessage M {}"}});
  for (const bool with_positions : {true, false}) {
    const auto set = contract_source::from_descriptor_set(set_of(*text, with_positions), "a.binpb");
    REQUIRE(set.has_value());
    REQUIRE(set->files().size() == 1);
    CHECK(position_of(*set->files()[0]->message_type(0)).to_string()
          == (with_positions ? "shop/a.proto:2:1" : "shop/a.proto"));
  }
}

TEST_CASE("a descriptor set's known imports are not part of the contract") {
  google::protobuf::FileDescriptorSet set;
  google::api::HttpRule::descriptor()->file()->CopyTo(set.add_file());
  auto& file = *set.add_file();
  file.set_name("a.proto");
  file.add_dependency("google/api/http.proto");
  const auto source = contract_source::from_descriptor_set(set.SerializeAsString(), "a.binpb");
  REQUIRE(source.has_value());
  REQUIRE(source->files().size() == 1);
  CHECK(source->files()[0]->name() == "a.proto");
}

TEST_CASE("what is no descriptor set is refused") {
  for (const std::string& bytes :
       {std::string{}, std::string{"not a descriptor set"}, std::string(1000, '\xFF')}) {
    const auto source = contract_source::from_descriptor_set(bytes, "a.binpb");
    REQUIRE_FALSE(source.has_value());
    CHECK(source.error().message().starts_with("a.binpb: error: not a file descriptor set; fix: "));
  }
}

TEST_CASE("a descriptor set that contradicts itself is refused") {
  google::protobuf::FileDescriptorSet set;
  auto& file = *set.add_file();
  file.set_name("a.proto");
  file.add_message_type()->set_name("M");
  file.add_message_type()->set_name("M");
  CHECK(contract_source::from_descriptor_set(set.SerializeAsString(), "a.binpb").error().message()
        == "a.proto: error: M: \"M\" is already defined.");
  *set.add_file() = set.file(0);
  CHECK(contract_source::from_descriptor_set(set.SerializeAsString(), "a.binpb").error().message()
        == "a.binpb: error: a.proto is in the set twice");
}

TEST_CASE("every kind of element has its place") {
  const auto source = contract_source::parse({{"a.proto", "syntax = \"proto2\";\n"
                                                          "package a;\n"
                                                          "import \"google/protobuf/descriptor.proto\";\n"
                                                          "option optimize_for = CODE_SIZE;\n"
                                                          "message First {}\n"
                                                          "message Second {\n"
                                                          "  message X {}\n"
                                                          "  message Y {\n"
                                                          "    enum E { A = 0;\n"
                                                          "             B = 1; }\n"
                                                          "    optional int32 f = 1;\n"
                                                          "    oneof o { int32 g = 2; }\n"
                                                          "    extend google.protobuf.FieldOptions {\n"
                                                          "      optional int32 inner = 50001;\n"
                                                          "    }\n"
                                                          "  }\n"
                                                          "}\n"
                                                          "extend google.protobuf.FieldOptions {\n"
                                                          "  optional int32 outer = 50002;\n"
                                                          "}\n"
                                                          "enum F { C = 0; }\n"
                                                          "service S {}\n"
                                                          "service T { rpc D(First) returns (First);\n"
                                                          "            rpc E(First) returns (First); }\n"}});
  REQUIRE(source.has_value());
  const auto& file = *source->files()[0];
  const auto& nested = *file.message_type(1)->nested_type(1);
  CHECK(position_of_package(file).line == 2);
  CHECK(position_of_file_option(file, google::protobuf::FileOptions::kOptimizeForFieldNumber).line == 4);
  CHECK(position_of(*file.message_type(0)).line == 5);
  CHECK(position_of(*file.message_type(1)->nested_type(0)).line == 7);
  CHECK(position_of(nested).line == 8);
  CHECK(position_of(*nested.enum_type(0)).to_string() == "a.proto:9:5");
  CHECK(position_of(*nested.enum_type(0)->value(1)).line == 10);
  CHECK(position_of(*nested.field(0)).line == 11);
  CHECK(position_of(*nested.oneof_decl(0)).to_string() == "a.proto:12:5");
  CHECK(position_of(*nested.field(1)).to_string() == "a.proto:12:15");
  CHECK(position_of(*nested.extension(0)).line == 14);
  CHECK(position_of(*file.extension(0)).line == 19);
  CHECK(position_of(*file.enum_type(0)).line == 21);
  CHECK(position_of(*file.service(1)).line == 23);
  CHECK(position_of(*file.service(1)->method(1)).line == 24);
}
