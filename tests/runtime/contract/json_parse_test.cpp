#include "google/rpc/error_details.pb.h"
#include "runtime/contract/json.hpp"
#include "runtime/contract/status_details.hpp"
#include "tests/runtime/contract/rich.pb.h"

#include <catch2/catch.hpp>
#include <google/protobuf/util/message_differencer.h>

#include <cmath>

using namespace troupe;
using troupe::test::Inner;
using troupe::test::Rich;

namespace {

Rich parsed(std::string_view text, const json_parse_options& options = {}) {
  Rich out;
  const auto outcome = parse_json(text, out, options);
  INFO(text);
  INFO(outcome.to_string());
  REQUIRE(outcome.ok());
  return out;
}

// The message of the failure, after "JSON, ".
std::string error_of(std::string_view text, const json_parse_options& options = {}) {
  Rich ignored;
  const auto outcome = parse_json(text, ignored, options);
  if (outcome.ok()) return "none";
  CHECK(outcome.code() == status_code::invalid_argument);
  return outcome.message().substr(6);
}

// The field that the BadRequest detail blames.
std::string blamed(std::string_view text) {
  Rich ignored;
  const auto request = detail_of<google::rpc::BadRequest>(parse_json(text, ignored));
  return request && request->field_violations_size() == 1 ? request->field_violations(0).field() : "";
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inside,
                   std::string_view close) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i)
    out += open;
  out += inside;
  for (std::size_t i = 0; i < depth; ++i)
    out += close;
  return out;
}

} // namespace

TEST_CASE("JSON mapping: both the JSON name and the proto name of a field are read") {
  CHECK(parsed(R"({"int32Field":1})").int32_field() == 1);
  CHECK(parsed(R"({"int32_field":1})").int32_field() == 1);
  CHECK(parsed(R"({"@other name":"x"})").named_otherwise() == "x");
  CHECK(parsed(R"({"named_otherwise":"x"})").named_otherwise() == "x");
  CHECK(parsed(" {\t\"int32Field\" :\r\n1 } ").int32_field() == 1);
}

TEST_CASE("JSON mapping: an unknown field is an error that names it, unless it is to be ignored") {
  CHECK(error_of(R"({"int32Field":1, "colour":"RED"})")
        == "line 1, column 18: colour: troupe.test.Rich has no such field");
  CHECK(blamed(R"({"inner":{"x":1}})") == "inner.x");
  CHECK(parsed(R"({"colour":[{"a":[1,"x",null,true]}],"int32Field":1})", {.ignore_unknown_fields = true})
          .int32_field()
        == 1);
  CHECK(error_of(R"({"colour":[1,}})", {.ignore_unknown_fields = true}) != "none");
}

TEST_CASE("JSON mapping: null is the same as absence") {
  const auto m = parsed(R"({"int32Field":null,"inner":null,"strings":null,"stringMap":null,"maybeNumber":null,
                            "chosenText":null,"chosenNumber":4,"timestamp":null,"int64Wrapper":null,"color":null})");
  CHECK_FALSE(m.has_inner());
  CHECK_FALSE(m.has_maybe_number());
  CHECK_FALSE(m.has_timestamp());
  CHECK_FALSE(m.has_int64_wrapper());
  CHECK(m.chosen_number() == 4);
}

TEST_CASE("JSON mapping: null is a value for Value and NullValue") {
  const auto m = parsed(R"({"value":null,"values":[null,1],"nullValues":[null,"NULL_VALUE"],"chosenNull":null,
                            "valueMap":{"a":null}})");
  CHECK(m.value().has_null_value());
  CHECK(m.values(0).has_null_value());
  CHECK(m.null_values_size() == 2);
  CHECK(m.choice_case() == Rich::kChosenNull);
  CHECK(m.value_map().at("a").has_null_value());
}

TEST_CASE("null cannot stand in arrays and maps of anything else") {
  CHECK(error_of(R"({"int32s":[1,null]})") == "line 1, column 14: int32s[1]: null cannot stand in an array");
  CHECK(error_of(R"({"inners":[null]})").find("inners[0]") != std::string::npos);
  CHECK(error_of(R"({"stringMap":{"a":null}})")
        == "line 1, column 19: string_map[\"a\"]: null cannot stand in a map");
}

TEST_CASE("JSON mapping: integers are numbers or strings, whole and in range") {
  CHECK(parsed(R"({"int32Field":-5})").int32_field() == -5);
  CHECK(parsed(R"({"int32Field":"-5"})").int32_field() == -5);
  CHECK(parsed(R"({"int32Field":1e2})").int32_field() == 100);
  CHECK(parsed(R"({"int32Field":100.0})").int32_field() == 100);
  CHECK(parsed(R"({"int64Field":9223372036854775807})").int64_field() == 9223372036854775807);
  CHECK(parsed(R"({"uint64Field":"18446744073709551615"})").uint64_field() == 18446744073709551615u);
  CHECK(error_of(R"({"int32Field":2147483648})")
        == "line 1, column 15: int32_field: 2147483648 is out of the range of int32");
  CHECK(error_of(R"({"uint32Field":-1})")
        == "line 1, column 16: uint32_field: -1 is out of the range of uint32");
  CHECK(error_of(R"({"int32Field":1.5})") == "line 1, column 15: int32_field: 1.5 is not a whole number");
  CHECK(error_of(R"({"int32Field":"abc"})") == "line 1, column 15: int32_field: \"abc\" is not a number");
  CHECK(error_of(R"({"int32Field":""})") != "none");
  CHECK(error_of(R"({"int32Field":" 1"})") != "none");
  CHECK(error_of(R"({"int32Field":true})")
        == "line 1, column 15: int32_field: \"t\" where a whole number should be");
  CHECK(error_of(R"({"int32Field":01})") == "line 1, column 15: int32_field: \"01\" is not a number");
  CHECK(error_of(R"({"int32Field":[1]})") != "none");
}

TEST_CASE("JSON mapping: floating-point numbers may be NaN and Infinity as strings only") {
  CHECK(parsed(R"({"doubleField":1.5e3})").double_field() == 1500);
  CHECK(parsed(R"({"doubleField":"1.5"})").double_field() == 1.5);
  CHECK(std::isnan(parsed(R"({"doubleField":"NaN"})").double_field()));
  CHECK(std::isinf(parsed(R"({"floatField":"-Infinity"})").float_field()));
  CHECK(error_of(R"({"doubleField":NaN})") != "none");
  CHECK(error_of(R"({"doubleField":Infinity})") != "none");
  CHECK(error_of(R"({"doubleField":1e999})")
        == "line 1, column 16: double_field: 1e999 is out of the range of double");
  CHECK(error_of(R"({"floatField":3.5e38})") != "none");
}

TEST_CASE("JSON mapping: bool is true or false") {
  CHECK(parsed(R"({"boolField":true})").bool_field());
  CHECK_FALSE(parsed(R"({"boolField":false})").bool_field());
  for (auto bad :
       {R"({"boolField":"true"})", R"({"boolField":1})", R"({"boolField":truee})", R"({"boolField":tru})"})
    CHECK(error_of(bad) != "none");
}

TEST_CASE("JSON mapping: strings take every escape of RFC 8259 section 7") {
  CHECK(parsed(R"({"stringField":"\"\\\/\b\f\n\r\t\u00fc\u20AC\ud83d\ude00"})").string_field()
        == "\"\\/\b\f\n\r\t\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(parsed(R"({"stringField":"a\u0000b"})").string_field() == std::string("a\0b", 3));
  CHECK(error_of(R"({"stringField":"\ud83d"})")
        == "line 1, column 17: string_field: half of a surrogate pair");
  for (auto bad : {R"({"stringField":"\ude00"})", R"({"stringField":"\ud83d\u0041"})",
                   R"({"stringField":"\u12"})", R"({"stringField":"\u12G4"})", R"({"stringField":"\x41"})",
                   R"({"stringField":"open)", R"({"stringField":"\)", "{\"stringField\":\"a\nb\"}",
                   "{\"stringField\":'a'}", "{stringField:1}", R"({"stringField":1})"})
    CHECK(error_of(bad) != "none");
}

TEST_CASE("text that is not UTF-8 is refused wherever it stands") {
  CHECK(error_of("{\"stringField\":\"\xFF\"}") == "line 1, column 17: the text is not valid UTF-8");
  CHECK(error_of("{\"stringField\":\"\xED\xA0\x80\"}") != "none");
  CHECK(error_of("\xEF\xBB\xBF{}")
        == "line 1, column 1: byte 0xEF where an object (troupe.test.Rich) should be");
}

TEST_CASE("JSON mapping: bytes are base64 in either alphabet") {
  CHECK(parsed(R"({"bytesField":"-_8="})").bytes_field() == "\xFB\xFF");
  CHECK(parsed(R"({"bytesField":"+/8"})").bytes_field() == "\xFB\xFF");
  CHECK(error_of(R"({"bytesField":"!"})") == "line 1, column 15: bytes_field: the string is not base64");
}

TEST_CASE("JSON mapping: enums are names or numbers") {
  CHECK(parsed(R"({"color":"RED"})").color() == troupe::test::RED);
  CHECK(parsed(R"({"color":-1})").color() == troupe::test::MINUS);
  CHECK(parsed(R"({"color":77})").color() == 77);
  CHECK(error_of(R"({"color":77})", {.refuse_unknown_enum_numbers = true})
        == "line 1, column 10: color: 77 is no value of troupe.test.Color");
  CHECK(error_of(R"({"color":"PINK"})")
        == "line 1, column 10: color: \"PINK\" is no value of troupe.test.Color");
  CHECK(error_of(R"({"color":"red"})") != "none");
  CHECK(error_of(R"({"color":3000000000})") != "none");
  CHECK(error_of(R"({"color":1.5})") != "none");
  CHECK(error_of(R"({"color":{}})") != "none");
  CHECK(parsed(R"({"color":"PINK","colors":["RED","PINK"]})", {.ignore_unknown_fields = true}).colors_size()
        == 1);
}

TEST_CASE("JSON mapping: maps are objects, keys are strings") {
  const auto m = parsed(R"({"stringMap":{"a":"1"},"int32Map":{"-7":{"number":3}},"boolMap":{"true":false},
                            "uint64Map":{"18446744073709551615":1.5},"colorMap":{"x":"RED","y":2}})");
  CHECK(m.string_map().at("a") == "1");
  CHECK(m.int32_map().at(-7).number() == 3);
  CHECK_FALSE(m.bool_map().at(true));
  CHECK(m.uint64_map().at(18446744073709551615u) == 1.5);
  CHECK(m.color_map().at("y") == troupe::test::GREEN);
  CHECK(blamed(R"({"int32Map":{"7":{"number":"x"}}})") == "int32_map[\"7\"].number");
  CHECK(error_of(R"({"int32Map":{"x":{}}})") != "none");
  CHECK(error_of(R"({"boolMap":{"1":true}})") != "none");
  CHECK(error_of(R"({"stringMap":{"a":"1","a":"2"}})").find("the key is given twice") != std::string::npos);
  CHECK(error_of(R"({"stringMap":[]})") != "none");
  CHECK(error_of(R"({"stringMap":{1:"a"}})") != "none");
}

TEST_CASE("a field or a oneof given twice is refused") {
  CHECK(error_of(R"({"int32Field":1,"int32Field":1})")
        == "line 1, column 17: int32_field: the field is given twice");
  CHECK(error_of(R"({"int32Field":1,"int32_field":1})").find("twice") != std::string::npos);
  CHECK(error_of(R"({"chosenNumber":1,"chosenText":"x"})")
          .find("chosen_text: \"chosen_number\" is given too; only one field of \"choice\" can be")
        != std::string::npos);
  CHECK(parsed(R"({"maybeNumber":0})").has_maybe_number());
}

TEST_CASE("the path of a failure leads through messages, arrays and maps") {
  CHECK(blamed(R"({"inners":[{},{"inner":{"inners":[{"number":1},{"number":"x"}]}}]})")
        == "inners[1].inner.inners[1].number");
  CHECK(blamed(R"({"int32s":[1,2,"x"]})") == "int32s[2]");
  CHECK(blamed(R"({"timestamps":["2024-01-01T00:00:00Z","x"]})") == "timestamps[1]");
  CHECK(blamed("[]").empty());
}

TEST_CASE("the place of a failure counts lines") {
  CHECK(error_of("{\n  \"int32Field\": 1,\n  \"boolField\": maybe\n}")
        == "line 3, column 16: bool_field: \"m\" where true or false should be");
}

TEST_CASE("RFC 8259: what is not JSON is refused") {
  for (auto bad : {"",
                   " ",
                   "{",
                   "}",
                   "{]",
                   "{\"int32Field\"}",
                   "{\"int32Field\":}",
                   "{\"int32Field\":1,}",
                   "{,\"int32Field\":1}",
                   "{\"int32s\":[1,]}",
                   "{\"int32s\":[,1]}",
                   "{\"int32s\":[1 2]}",
                   "{}{}",
                   "{} x",
                   "null",
                   "1",
                   "\"x\"",
                   "[{}]",
                   "{\"int32Field\" 1}",
                   "// c\n{}",
                   "{\"int32Field\":+1}"}) {
    CAPTURE(bad);
    CHECK(error_of(bad) != "none");
  }
}

TEST_CASE("nesting is bounded before it costs anything") {
  const auto inners = [](std::size_t depth) { return nested(depth, "{\"inner\":", "{}", "}"); };
  Inner deep;
  CHECK(parse_json(inners(63), deep).ok());
  const auto outcome = parse_json(inners(64), deep);
  CHECK(outcome.code() == status_code::invalid_argument);
  CHECK(outcome.message().find("objects and arrays nest deeper than 64") != std::string::npos);
  CHECK_FALSE(parse_json(inners(100'000), deep).ok());
  CHECK(error_of("{\"value\":" + nested(100'000, "[", "", "]") + "}") != "none");
  CHECK(error_of("{\"value\":" + nested(100'000, "{\"a\":", "1", "}") + "}") != "none");
  CHECK(error_of("{\"x\":" + nested(100'000, "[", "", "]") + "}", {.ignore_unknown_fields = true}) != "none");
  CHECK(error_of("{\"any\":" + nested(100'000, "{\"a\":", "1", "}") + "}") != "none");
  CHECK(error_of(nested(100'000, "[", "", "")) != "none");
  // A greedy limit is bounded too.
  CHECK_FALSE(parse_json(inners(1001), deep, {.max_depth = 1'000'000}).ok());
  CHECK(parse_json(inners(999), deep, {.max_depth = 1'000'000}).ok());
}

TEST_CASE("JSON mapping: Timestamp, Duration, FieldMask") {
  const auto m =
    parsed(R"({"timestamp":"1970-01-01T00:00:01.5Z","duration":"-1.5s","fieldMask":"userName,a.b"})");
  CHECK(m.timestamp().seconds() == 1);
  CHECK(m.timestamp().nanos() == 500'000'000);
  CHECK(m.duration().nanos() == -500'000'000);
  CHECK(m.field_mask().paths(0) == "user_name");
  CHECK(error_of(R"({"timestamp":"yesterday"})").find("timestamp: \"yesterday\" is not a time")
        != std::string::npos);
  CHECK(error_of(R"({"timestamp":{"seconds":1}})") != "none");
  CHECK(error_of(R"({"duration":5})") != "none");
  CHECK(error_of(R"({"fieldMask":"a_b"})") != "none");
}

TEST_CASE("JSON mapping: Struct, Value, ListValue") {
  const auto m = parsed(R"({"structure":{"a":[1,"x",{"b":null}],"c":true},"value":"v","listValue":[[],{}]})");
  CHECK(
    m.structure().fields().at("a").list_value().values(2).struct_value().fields().at("b").has_null_value());
  CHECK(m.value().string_value() == "v");
  CHECK(m.list_value().values_size() == 2);
  CHECK(error_of(R"({"structure":[]})") != "none");
  CHECK(error_of(R"({"structure":{"a":1,"a":2}})") != "none");
}

TEST_CASE("JSON mapping: wrappers") {
  const auto m = parsed(R"({"int64Wrapper":"5","boolWrapper":true,"stringWrapper":"","int64Wrappers":[1,"2"],
                            "bytesWrapper":"Zm9v","doubleWrapper":"NaN"})");
  CHECK(m.int64_wrapper().value() == 5);
  CHECK(m.has_string_wrapper());
  CHECK(m.bytes_wrapper().value() == "foo");
  CHECK(error_of(R"({"int32Wrapper":3000000000})").find("int32_wrapper") != std::string::npos);
}

TEST_CASE("JSON mapping: Any, with @type anywhere") {
  const auto inner_of = [](const Rich& m) {
    Inner inner;
    REQUIRE(m.any().UnpackTo(&inner));
    return inner;
  };
  CHECK(inner_of(parsed(R"({"any":{"@type":"type.googleapis.com/troupe.test.Inner","number":3}})")).number()
        == 3);
  CHECK(inner_of(parsed(R"({"any":{"number":3,"@type":"x/troupe.test.Inner"}})")).number() == 3);
  CHECK_FALSE(parsed(R"({"any":{}})").any().type_url().size());
  const auto m = parsed(R"({"any":{"value":"1.5s","@type":"t/google.protobuf.Duration"}})");
  google::protobuf::Duration duration;
  REQUIRE(m.any().UnpackTo(&duration));
  CHECK(duration.nanos() == 500'000'000);
  CHECK(
    parsed(R"({"any":{"@type":"t/google.protobuf.Any","value":{"@type":"t/troupe.test.Inner","number":1}}})")
      .any()
      .type_url()
    == "t/google.protobuf.Any");
  CHECK(error_of(R"({"any":{"number":3}})").find("\"@type\" is missing") != std::string::npos);
  CHECK(error_of(R"({"any":{"@type":"t/no.Such"}})").find("no.Such") != std::string::npos);
  CHECK(error_of(R"({"any":{"@type":"troupe.test.Inner"}})") != "none");
  CHECK(error_of(R"({"any":{"@type":"t/troupe.test.Inner","@type":"t/troupe.test.Inner"}})") != "none");
  CHECK(error_of(R"({"any":{"@type":"t/troupe.test.Inner","number":1,"number":2}})") != "none");
  CHECK(error_of(R"({"any":{"@type":"t/google.protobuf.Duration","other":"1s"}})") != "none");
  CHECK(error_of(R"({"any":{"@type":"t/google.protobuf.Duration","value":"1s","value":"1s"}})") != "none");
  CHECK(blamed(R"({"any":{"@type":"t/troupe.test.Inner","inner":{"number":"x"}}})") == "any.inner.number");
}

TEST_CASE("JSON mapping: Empty is {}") {
  CHECK(parsed(R"({"empty":{}})").has_empty());
  CHECK(error_of(R"({"empty":{"x":1}})") != "none");
}

TEST_CASE("a well-known type can be the whole text") {
  google::protobuf::Timestamp time;
  CHECK(parse_json("\"1970-01-01T00:00:07Z\"", time).ok());
  CHECK(time.seconds() == 7);
  google::protobuf::Value value;
  CHECK(parse_json("[1]", value).ok());
  CHECK(value.list_value().values(0).number_value() == 1);
}

TEST_CASE("parsing replaces what the message held") {
  Rich m;
  m.set_int32_field(5);
  CHECK(parse_json("{}", m).ok());
  CHECK(m.int32_field() == 0);
}

TEST_CASE("one field can be read alone") {
  Rich m;
  const auto read = [&](const char* name, std::string_view text) {
    return parse_json_field(text, m, *Rich::descriptor()->FindFieldByName(name));
  };
  CHECK(read("int32s", "[1,2]").ok());
  CHECK(m.int32s_size() == 2);
  CHECK(read("int32s", "[3]").ok());
  CHECK(m.int32s_size() == 1);
  CHECK(read("inner", R"({"number":1})").ok());
  CHECK(m.inner().number() == 1);
  CHECK(read("string_field", R"("x")").ok());
  CHECK(read("string_map", R"({"a":"b"})").ok());
  CHECK(m.string_map().at("a") == "b");
  const auto bad = read("inner", R"({"number":"x"})");
  CHECK(detail_of<google::rpc::BadRequest>(bad)->field_violations(0).field() == "inner.number");
}
