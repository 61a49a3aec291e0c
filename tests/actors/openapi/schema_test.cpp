#include "actors/openapi/example.hpp"
#include "actors/openapi/schema.hpp"
#include "tests/actors/openapi/text_contract.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

using namespace troupe;
using namespace troupe::openapi;
using troupe::testing::text_contract;
namespace json = boost::json;

namespace {

// Message M of the text, which a service makes reachable.
struct one_message {
  explicit one_message(const std::string& proto, const std::string& syntax = "proto3")
    : contract("syntax = \"" + syntax
               + "\"; package t; import \"troupe/options.proto\"; import \"google/protobuf/timestamp.proto\";"
                 "import \"google/protobuf/wrappers.proto\";"
               + proto + " service S { rpc A(M) returns (M); }"),
      comments(contract.services()), schemas(comments),
      message(*contract.services().front()->descriptor().method(0)->input_type()) {}

  json::object component(const std::string& name) {
    schemas.of_message(message);
    return schemas.components().at(name).as_object();
  }
  json::value property(const std::string& name) { return component("t.M").at("properties").at(name); }

  text_contract contract;
  comment_index comments;
  schema_builder schemas;
  const google::protobuf::Descriptor& message;
};

json::value as_json(const char* text) { return json::parse(text); }

} // namespace

TEST_CASE("proto3 JSON mapping, numbers: 64-bit integers are strings, others are numbers") {
  one_message m{R"(message M {
    int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; sint32 s32 = 5; sint64 s64 = 6; fixed32 f32 = 7;
    fixed64 f64 = 8; sfixed32 sf32 = 9; sfixed64 sf64 = 10; float f = 11; double d = 12; })"};
  const auto int32 = as_json(R"({"type":"integer","format":"int32"})");
  const auto uint32 = as_json(R"({"type":"integer","minimum":0,"maximum":4294967295})");
  const auto int64 = as_json(R"({"type":"string","format":"int64","pattern":"^-?[0-9]{1,19}$"})");
  const auto uint64 = as_json(R"({"type":"string","format":"uint64","pattern":"^[0-9]{1,20}$"})");
  for (const auto* name : {"i32", "s32", "sf32"})
    CHECK(m.property(name) == int32);
  for (const auto* name : {"u32", "f32"})
    CHECK(m.property(name) == uint32);
  for (const auto* name : {"i64", "s64", "sf64"})
    CHECK(m.property(name) == int64);
  for (const auto* name : {"u64", "f64"})
    CHECK(m.property(name) == uint64);
  CHECK(m.property("f") == as_json(R"({"type":"number","format":"float"})"));
  CHECK(m.property("d") == as_json(R"({"type":"number","format":"double"})"));
}

TEST_CASE("proto3 JSON mapping, fields: lowerCamelCase or the json_name that the contract states") {
  one_message m{
    R"(message M { string order_id = 1; string other = 2 [json_name = "else"]; bytes raw = 3; bool yes = 4; })"};
  const auto component = m.component("t.M");
  const auto& properties = component.at("properties").as_object();
  CHECK(properties.contains("orderId"));
  CHECK(properties.contains("else"));
  CHECK(properties.at("raw") == as_json(R"({"type":"string","contentEncoding":"base64"})"));
  CHECK(properties.at("yes") == as_json(R"({"type":"boolean"})"));
  CHECK(component.at("title") == "M");
}

TEST_CASE("proto3 JSON mapping, repeated and map fields: keys are always strings") {
  one_message m{R"(message M {
    repeated string list = 1; map<string, int32> by_text = 2; map<int64, M> by_number = 3; map<uint32, bytes> by_unsigned = 4;
    map<bool, string> by_bool = 5; })"};
  CHECK(m.property("list") == as_json(R"({"type":"array","items":{"type":"string"}})"));
  CHECK(m.property("byText")
        == as_json(R"({"type":"object","additionalProperties":{"type":"integer","format":"int32"}})"));
  CHECK(m.property("byNumber")
        == as_json(R"({"type":"object","additionalProperties":{"$ref":"#/components/schemas/t.M"},
                                              "propertyNames":{"pattern":"^-?[0-9]+$"}})"));
  CHECK(m.property("byUnsigned").at("propertyNames").at("pattern") == "^[0-9]+$");
  CHECK(m.property("byBool").at("propertyNames").at("enum") == as_json(R"(["false","true"])"));
}

TEST_CASE("proto3 JSON mapping, enums: names, with the comments of the values") {
  one_message m{R"(
    // How it goes.
    enum State {
      STATE_UNSPECIFIED = 0;
      // Goes
      // well.
      GOOD = 1;
      BAD = 2 [deprecated = true];
    }
    message M { State state = 1; })"};
  CHECK(m.property("state") == as_json(R"({"$ref":"#/components/schemas/t.State"})"));
  CHECK(m.component("t.State") == as_json(R"x({"type":"string","title":"State",
                    "description":"How it goes.\n\n- `GOOD`: Goes well.\n- `BAD` (deprecated)",
                    "enum":["STATE_UNSPECIFIED","GOOD","BAD"]})x"));
}

TEST_CASE("proto3 JSON mapping, well-known types: what stands for each of them") {
  const auto type_of = [](const google::protobuf::Descriptor* message) {
    return well_known_schema(*message)->at("type");
  };
  namespace pb = google::protobuf;
  CHECK(type_of(pb::Timestamp::descriptor()) == "string");
  CHECK(well_known_schema(*pb::Timestamp::descriptor())->at("format") == "date-time");
  CHECK(type_of(pb::Duration::descriptor()) == "string");
  CHECK(type_of(pb::FieldMask::descriptor()) == "string");
  CHECK(type_of(pb::Struct::descriptor()) == "object");
  CHECK(type_of(pb::ListValue::descriptor()) == "array");
  CHECK(type_of(pb::Empty::descriptor()) == "object");
  CHECK(!well_known_schema(*pb::Value::descriptor())->contains("type"));
  CHECK(well_known_schema(*pb::Any::descriptor())->at("required") == as_json(R"(["@type"])"));
  CHECK(type_of(pb::DoubleValue::descriptor()) == as_json(R"(["number","null"])"));
  CHECK(type_of(pb::FloatValue::descriptor()) == as_json(R"(["number","null"])"));
  CHECK(type_of(pb::Int64Value::descriptor()) == as_json(R"(["string","null"])"));
  CHECK(type_of(pb::UInt64Value::descriptor()) == as_json(R"(["string","null"])"));
  CHECK(type_of(pb::Int32Value::descriptor()) == as_json(R"(["integer","null"])"));
  CHECK(type_of(pb::UInt32Value::descriptor()) == as_json(R"(["integer","null"])"));
  CHECK(type_of(pb::BoolValue::descriptor()) == as_json(R"(["boolean","null"])"));
  CHECK(type_of(pb::StringValue::descriptor()) == as_json(R"(["string","null"])"));
  CHECK(type_of(pb::BytesValue::descriptor()) == as_json(R"(["string","null"])"));
  CHECK(well_known_schema(*pb::FieldDescriptorProto::descriptor()) == nullptr);
}

TEST_CASE("proto3 JSON mapping, oneof: at most one member, said and constrained") {
  one_message m{
    R"(message M { oneof pick { string a = 1; int32 b_c = 2; bool d = 3; } optional string alone = 4; })"};
  CHECK(
    m.component("t.M").at("dependentSchemas")
    == as_json(
      R"({"a":{"propertyNames":{"not":{"enum":["bC","d"]}}},"bC":{"propertyNames":{"not":{"enum":["d"]}}}})"));
  CHECK(m.property("a").at("description") == "At most one of `a`, `bC`, `d` is present.");
  CHECK(!m.property("alone").as_object().contains("description"));
}

TEST_CASE("messages that hold themselves refer to their component") {
  one_message m{"message M { M child = 1; Other other = 2; } message Other { M back = 1; message Deep {} "
                "Deep deep = 2; }"};
  m.schemas.of_message(m.message);
  const auto all = m.schemas.components();
  CHECK(all.size() == 3);
  CHECK(all.at("t.M").at("properties").at("child") == as_json(R"({"$ref":"#/components/schemas/t.M"})"));
  CHECK(all.contains("t.Other.Deep"));
}

TEST_CASE("comments and options of fields are in their schemas") {
  one_message m{R"(message M {
    // Where it goes.
    //
    // By mail.
    string address = 1;
    string etag = 2 [(troupe.field) = { etag: true }];
    string secret = 3 [(troupe.field) = { sensitive: true }];
    string old = 4 [deprecated = true];
    // Beside a reference.
    M child = 5; })"};
  CHECK(m.property("address").at("description") == "Where it goes.\n\nBy mail.");
  CHECK(m.property("etag").at("description") == "The version of its message, as the `ETag` header has it.");
  CHECK(m.property("secret").at("x-sensitive") == true);
  CHECK(m.property("old").at("deprecated") == true);
  CHECK(m.property("child")
        == as_json(R"({"$ref":"#/components/schemas/t.M","description":"Beside a reference."})"));
}

TEST_CASE("required fields of proto2 are required") {
  one_message m{"message M { required string a = 1; optional string b = 2; }", "proto2"};
  CHECK(m.component("t.M").at("required") == as_json(R"(["a"])"));
}

TEST_CASE("examples have one of everything, the first of a oneof, and end where messages repeat") {
  one_message m{R"(
    enum State { NONE = 0; SOME = 1; }
    message M {
      string user_email = 1; int64 quantity = 2; State state = 3; repeated string tags = 4; map<string, int32> sizes = 5;
      oneof pick { bool first = 6; string second = 7; } M self = 8; google.protobuf.Timestamp at = 9;
      google.protobuf.Int64Value count = 10; bytes raw = 11; string old = 12 [deprecated = true]; Inner inner = 13; }
    message Inner { M back = 1; double weight = 2; })"};
  CHECK(example_of(m.message) == as_json(R"({
    "userEmail":"ada@example.com","quantity":"2","state":"SOME","tags":["text"],"sizes":{"key-1":1},"first":true,
    "at":"2026-01-15T09:30:00Z","count":"2","raw":"dHJvdXBl","inner":{"weight":1.5}})"));
  CHECK(!example_of(m.message, {"user_email"}).as_object().contains("userEmail"));
}

TEST_CASE("an example that the contract states is used where it has the field's type") {
  one_message m{R"(message M {
    string a = 1 [(troupe.field) = { example: "\"stated\"" }];
    string plain = 2 [(troupe.field) = { example: "not JSON" }];
    int32 b = 3 [(troupe.field) = { example: "7" }];
    int32 wrong = 4 [(troupe.field) = { example: "\"seven\"" }];
    int64 big = 5 [(troupe.field) = { example: "12" }];
    repeated string list = 6 [(troupe.field) = { example: "\"one\"" }];
    repeated string all = 7 [(troupe.field) = { example: "[\"x\", \"y\"]" }]; })"};
  CHECK(example_of(m.message)
        == as_json(R"({"a":"stated","plain":"not JSON","b":7,"wrong":1,"big":"12","list":["one"],
                                             "all":["x","y"]})"));
}
