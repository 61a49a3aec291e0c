#include "runtime/contract/json.hpp"
#include "tests/runtime/contract/rich.pb.h"

#include <catch2/catch.hpp>

#include <limits>

using namespace troupe;
using troupe::test::Inner;
using troupe::test::Rich;

namespace {

std::string json(const google::protobuf::Message& message, const json_render_options& options = {}) {
  auto out = render_json(message, options);
  return out ? *out : out.error().to_string();
}

} // namespace

TEST_CASE("JSON mapping: an empty message is {}") { CHECK(json(Rich{}) == "{}"); }

TEST_CASE("JSON mapping: field names are lowerCamelCase, or json_name, or kept on request") {
  Rich m;
  m.set_int32_field(1);
  m.set_named_otherwise("x");
  m.set__under__score_("y");
  CHECK(json(m) == R"({"int32Field":1,"@other name":"x","UnderScore":"y"})");
  CHECK(json(m, {.preserve_field_names = true})
        == R"({"int32_field":1,"named_otherwise":"x","_under__score_":"y"})");
}

TEST_CASE("JSON mapping: 64-bit integers are strings, 32-bit ones numbers") {
  Rich m;
  m.set_int32_field(std::numeric_limits<std::int32_t>::min());
  m.set_int64_field(std::numeric_limits<std::int64_t>::min());
  m.set_uint32_field(4294967295u);
  m.set_uint64_field(18446744073709551615u);
  m.set_sfixed64_field(-5);
  CHECK(json(m)
        == R"({"int32Field":-2147483648,"int64Field":"-9223372036854775808","uint32Field":4294967295,)"
           R"("uint64Field":"18446744073709551615","sfixed64Field":"-5"})");
}

TEST_CASE("JSON mapping: floating-point numbers, and strings for what is not a number") {
  Rich m;
  m.set_float_field(0.1f);
  m.add_doubles(1.5);
  m.add_doubles(std::numeric_limits<double>::infinity());
  m.add_doubles(-std::numeric_limits<double>::infinity());
  m.add_doubles(std::numeric_limits<double>::quiet_NaN());
  CHECK(json(m) == R"({"floatField":0.1,"doubles":[1.5,"Infinity","-Infinity","NaN"]})");
}

TEST_CASE("JSON mapping: strings are escaped as RFC 8259 section 7 asks, bytes are base64") {
  Rich m;
  m.set_string_field(std::string{"\"\\/\b\f\n\r\t\x01\x1F\x7F gr\xC3\xBC\xC3\x9F "} + '\0');
  m.set_bytes_field("\xFF\xFE");
  CHECK(json(m)
        == "{\"stringField\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F gr\xC3\xBC\xC3\x9F \\u0000\","
           "\"bytesField\":\"//4=\"}");
}

TEST_CASE("a string that is not UTF-8 is shown with replacement characters") {
  Rich m;
  m.set_string_field("a\xFF\xC3(\xE2\x82z");
  CHECK(json(m) == "{\"stringField\":\"a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBDz\"}");
}

TEST_CASE("JSON mapping: enums are names; unknown ones, and all on request, are numbers") {
  Rich m;
  m.set_color(troupe::test::RED);
  m.add_colors(troupe::test::MINUS);
  m.add_colors(static_cast<troupe::test::Color>(77));
  m.set_maybe_color(troupe::test::COLOR_UNSPECIFIED);
  CHECK(json(m) == R"({"color":"RED","colors":["MINUS",77],"maybeColor":"COLOR_UNSPECIFIED"})");
  CHECK(json(m, {.enums_as_numbers = true}) == R"({"color":1,"colors":[-1,77],"maybeColor":0})");
}

TEST_CASE("JSON mapping: maps are objects, ordered by key") {
  Rich m;
  for (int i : {10, 9, -1, -20, 100})
    (*m.mutable_int64_map())[i] = i;
  (*m.mutable_bool_map())[true] = false;
  (*m.mutable_bool_map())[false] = true;
  (*m.mutable_string_map())["b\""] = "2";
  (*m.mutable_string_map())["a"] = "1";
  (*m.mutable_int32_map())[7].set_number(1);
  CHECK(
    json(m)
    == R"({"stringMap":{"a":"1","b\"":"2"},"int32Map":{"7":{"number":1}},)"
       R"("int64Map":{"-20":"-20","-1":"-1","9":"9","10":"10","100":"100"},"boolMap":{"false":true,"true":false}})");
}

TEST_CASE("JSON mapping: fields with presence appear when set, even to the default") {
  Rich m;
  m.set_maybe_number(0);
  m.set_chosen_text("");
  m.mutable_inner();
  CHECK(json(m) == R"({"inner":{},"chosenText":"","maybeNumber":0})");
}

TEST_CASE("defaults are written on request, but not for what is absent") {
  Inner m;
  CHECK(json(m, {.print_defaults = true}) == R"({"number":0,"text":"","inners":[]})");
  const auto all = json(Rich{}, {.print_defaults = true});
  CHECK(all.find(R"("int64Field":"0")") != std::string::npos);
  CHECK(all.find(R"("color":"COLOR_UNSPECIFIED")") != std::string::npos);
  CHECK(all.find(R"("stringMap":{})") != std::string::npos);
  CHECK(all.find("chosen") == std::string::npos);
  CHECK(all.find("maybe") == std::string::npos);
  CHECK(all.find("Wrapper\"") == std::string::npos);
}

TEST_CASE("JSON mapping: Timestamp, Duration, FieldMask are strings") {
  Rich m;
  m.mutable_timestamp()->set_seconds(1'700'000'000);
  m.mutable_duration()->set_seconds(-3);
  m.mutable_duration()->set_nanos(-500'000'000);
  m.mutable_field_mask()->add_paths("user_name");
  m.mutable_field_mask()->add_paths("a.b");
  CHECK(json(m) == R"({"timestamp":"2023-11-14T22:13:20Z","duration":"-3.500s","fieldMask":"userName,a.b"})");
}

TEST_CASE("JSON mapping: Struct, Value, ListValue are the JSON they stand for") {
  Rich m;
  auto& fields = *m.mutable_structure()->mutable_fields();
  fields["n"].set_number_value(1.5);
  fields["b"].set_bool_value(true);
  fields["z"].set_null_value(google::protobuf::NULL_VALUE);
  fields["l"].mutable_list_value()->add_values()->set_string_value("x");
  fields["o"].mutable_struct_value();
  m.mutable_value()->set_number_value(3);
  m.mutable_list_value();
  m.add_null_values(google::protobuf::NULL_VALUE);
  CHECK(
    json(m)
    == R"({"structure":{"b":true,"l":["x"],"n":1.5,"o":{},"z":null},"value":3,"listValue":[],"nullValues":[null]})");
}

TEST_CASE("JSON mapping: wrappers are the bare value") {
  Rich m;
  m.mutable_int64_wrapper()->set_value(5);
  m.mutable_bool_wrapper();
  m.mutable_bytes_wrapper()->set_value("foo");
  m.add_int64_wrappers()->set_value(1);
  m.add_int64_wrappers();
  CHECK(json(m)
        == R"({"int64Wrapper":"5","boolWrapper":false,"bytesWrapper":"Zm9v","int64Wrappers":["1","0"]})");
}

TEST_CASE("JSON mapping: Any has @type beside the fields, or a value for well-known types") {
  Rich m;
  Inner inner;
  inner.set_number(3);
  m.mutable_any()->PackFrom(inner);
  CHECK(json(m) == R"({"any":{"@type":"type.googleapis.com/troupe.test.Inner","number":3}})");
  google::protobuf::Duration duration;
  duration.set_seconds(1);
  m.mutable_any()->PackFrom(duration);
  CHECK(json(m) == R"({"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}})");
  m.mutable_any()->Clear();
  CHECK(json(m) == R"({"any":{}})");
}

TEST_CASE("what has no JSON form is an error that says so") {
  const auto error = [](auto&& change) {
    Rich m;
    change(m);
    return json(m);
  };
  CHECK(error([](Rich& m) { m.mutable_timestamp()->set_seconds(1'000'000'000'000); })
        == "INTERNAL: troupe.test.Rich cannot be written as JSON: google.protobuf.Timestamp of 1000000000000 "
           "s and 0 "
           "ns is out of range");
  CHECK(error([](Rich& m) { m.mutable_duration()->set_nanos(2'000'000'000); }).find("Duration")
        != std::string::npos);
  CHECK(error([](Rich& m) { m.mutable_field_mask()->add_paths("aB"); }).find("\"aB\"") != std::string::npos);
  CHECK(error([](Rich& m) { m.mutable_value(); }).find("no kind") != std::string::npos);
  CHECK(error([](Rich& m) {
          m.mutable_value()->set_number_value(std::numeric_limits<double>::infinity());
        }).find("not finite")
        != std::string::npos);
  CHECK(error([](Rich& m) { m.mutable_any()->set_type_url("t/no.Such"); }).find("no.Such")
        != std::string::npos);
  CHECK(error([](Rich& m) { m.mutable_any()->set_value("x"); }).find("no type") != std::string::npos);
  CHECK(error([](Rich& m) {
          m.mutable_any()->set_type_url("t/troupe.test.Inner");
          m.mutable_any()->set_value("\xFF");
        }).find("is no troupe.test.Inner")
        != std::string::npos);
}

TEST_CASE("nesting without end is an error, not a crash") {
  Inner m;
  auto* at = &m;
  for (int i = 0; i < 1000; ++i)
    at = at->mutable_inner();
  CHECK(json(m).find("too deep") != std::string::npos);
}

TEST_CASE("one field can be rendered alone") {
  Rich m;
  m.add_int32s(1);
  m.add_int32s(2);
  (*m.mutable_string_map())["k"] = "v";
  const auto field = [&](const char* name) {
    std::string out = ">";
    const auto outcome = append_json_field(m, *Rich::descriptor()->FindFieldByName(name), out);
    return outcome.ok() ? out : outcome.to_string();
  };
  CHECK(field("int32s") == ">[1,2]");
  CHECK(field("string_map") == R"(>{"k":"v"})");
  CHECK(field("inner") == ">null");
  CHECK(field("string_field") == R"(>"")");
  CHECK(field("timestamps") == ">[]");
}
