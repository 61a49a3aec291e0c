#include "runtime/contract/text_values.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace troupe;

namespace {

template <class T>
std::optional<T> number(std::string_view text) {
  T out{};
  return parse_number(text, out) == number_error::none ? std::optional{out} : std::nullopt;
}

template <class T>
number_error error_of(std::string_view text) {
  T out{};
  if constexpr (std::is_floating_point_v<T>)
    return parse_number(text, out, false);
  else
    return parse_number(text, out);
}

template <class T>
std::string shown(T value) {
  std::string out;
  append_number(value, out);
  return out;
}

std::string timestamp(std::int64_t seconds, std::int32_t nanos) {
  std::string out;
  return append_timestamp({seconds, nanos}, out) ? out : "none";
}

std::string duration_text(std::int64_t seconds, std::int32_t nanos) {
  std::string out;
  return append_duration({seconds, nanos}, out) ? out : "none";
}

} // namespace

TEST_CASE("UTF-8 is what RFC 3629 section 4 says") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("plain ASCII that is longer than a word of eight bytes"));
  CHECK(is_utf8("gr\xC3\xBC\xC3\x9F, \xE2\x82\xAC, \xF0\x9F\x98\x80, \xEF\xBF\xBF, \xF4\x8F\xBF\xBF"));
  // Lone continuation, cut short, overlong (2, 3, 4 bytes), surrogate, above U+10FFFF, bytes that never
  // occur.
  for (auto bad :
       {"\x80", "\xC3", "\xC3(", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE2\x82", "\xF0\x80\x80\xAF",
        "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_utf8(bad));
    CHECK(find_invalid_utf8(std::string{"twelve bytes"} + bad + "more") == 12);
  }
  CHECK(is_utf8({"\0", 1}));
}

TEST_CASE("every code point survives encoding") {
  for (std::uint32_t point = 0; point <= 0x10FFFF; point += point < 0x900 ? 1 : 97) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    std::string out;
    append_utf8(point, out);
    if (!is_utf8(out)) FAIL("code point " << point);
  }
}

TEST_CASE("integers take every spelling of a whole number in range, and nothing else") {
  CHECK(number<std::int32_t>("2147483647") == 2147483647);
  CHECK(number<std::int32_t>("-2147483648") == -2147483648);
  CHECK(number<std::int32_t>("0") == 0);
  CHECK(number<std::int32_t>("-0") == 0);
  CHECK(number<std::uint64_t>("-0") == 0u);
  CHECK(number<std::uint64_t>("-0.0e5") == 0u);
  CHECK(number<std::int32_t>("1.0") == 1);
  CHECK(number<std::int32_t>("1e3") == 1000);
  CHECK(number<std::int32_t>("1.5E1") == 15);
  CHECK(number<std::int32_t>("1500e-2") == 15);
  CHECK(number<std::int32_t>("-120.00e-1") == -12);
  CHECK(number<std::uint64_t>("18446744073709551615") == 18446744073709551615u);
  CHECK(number<std::uint64_t>("1.8446744073709551615e19") == 18446744073709551615u);
  CHECK(number<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(number<std::int64_t>("0.000001e6") == 1);
  CHECK(number<std::int64_t>("0e999999999999999999999") == 0);

  CHECK(error_of<std::int32_t>("2147483648") == number_error::out_of_range);
  CHECK(error_of<std::int32_t>("-2147483649") == number_error::out_of_range);
  CHECK(error_of<std::uint32_t>("-1") == number_error::out_of_range);
  CHECK(error_of<std::uint32_t>("4294967296") == number_error::out_of_range);
  CHECK(error_of<std::uint64_t>("18446744073709551616") == number_error::out_of_range);
  CHECK(error_of<std::int64_t>("1e99999999999999999999") == number_error::out_of_range);
  CHECK(error_of<std::int64_t>("1e19") == number_error::out_of_range);
  CHECK(error_of<std::int32_t>("1.5") == number_error::not_integral);
  CHECK(error_of<std::int32_t>("1e-1") == number_error::not_integral);
  CHECK(error_of<std::int64_t>("1e-99999999999999999999") == number_error::not_integral);
  for (auto bad : {"", " 1", "1 ", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x10", "1_000", "one", "--1",
                   "1-", "NaN"}) {
    CAPTURE(bad);
    CHECK(error_of<std::int32_t>(bad) == number_error::malformed);
    CHECK(error_of<double>(bad) == number_error::malformed);
    CHECK_FALSE(is_number(bad));
  }
}

TEST_CASE("floating-point numbers round to the nearest value and refuse what overflows") {
  double wide = 0;
  float narrow = 0;
  CHECK(parse_number("0.1", wide, false) == number_error::none);
  CHECK(wide == 0.1);
  CHECK(parse_number("1.7976931348623157e308", wide, false) == number_error::none);
  CHECK(wide == std::numeric_limits<double>::max());
  CHECK(parse_number("1e-400", wide, false) == number_error::none);
  CHECK(wide == 0.0);
  CHECK(parse_number("5e-324", wide, false) == number_error::none);
  CHECK(wide == std::numeric_limits<double>::denorm_min());
  CHECK(error_of<double>("1.8e308") == number_error::out_of_range);
  CHECK(error_of<double>("-1e999") == number_error::out_of_range);
  CHECK(parse_number("3.4028235e38", narrow, false) == number_error::none);
  CHECK(narrow == std::numeric_limits<float>::max());
  CHECK(error_of<float>("3.5e38") == number_error::out_of_range);
  CHECK(parse_number("NaN", wide, true) == number_error::none);
  CHECK(std::isnan(wide));
  CHECK(parse_number("-Infinity", narrow, true) == number_error::none);
  CHECK(narrow == -std::numeric_limits<float>::infinity());
  CHECK(parse_number("inf", wide, true) == number_error::malformed);
  CHECK(parse_number("nan", wide, true) == number_error::malformed);
}

TEST_CASE("numbers are written short, plain where they are whole, and read back the same") {
  CHECK(shown(0.0) == "0");
  CHECK(shown(-0.0) == "-0.0");
  CHECK(shown(1.0) == "1");
  CHECK(shown(100000.0) == "100000");
  CHECK(shown(0.1) == "0.1");
  CHECK(shown(0.1f) == "0.1");
  CHECK(shown(1e21) == "1e+21");
  CHECK(shown(1e-7) == "1e-07");
  CHECK(shown(-1.5) == "-1.5");
  CHECK(shown(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(shown(std::numeric_limits<float>::infinity()) == "Infinity");
  CHECK(shown(-std::numeric_limits<double>::infinity()) == "-Infinity");
  for (double value : {1e15, 1e15 - 1, 123456789.123456789, 1.0 / 3, std::numeric_limits<double>::max(),
                       std::numeric_limits<double>::denorm_min()}) {
    double back = 0;
    REQUIRE(parse_number(shown(value), back, false) == number_error::none);
    CHECK(back == value);
  }
}

TEST_CASE("base64 has both alphabets of RFC 4648 and optional padding") {
  const auto encoded = [](std::string_view bytes) {
    std::string out;
    append_base64(bytes, out);
    return out;
  };
  // RFC 4648 section 10.
  CHECK(encoded("") == "");
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foob") == "Zm9vYg==");
  CHECK(encoded("fooba") == "Zm9vYmE=");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(decode_base64("Zm9vYg==") == "foob");
  CHECK(decode_base64("Zm9vYg") == "foob");
  CHECK(decode_base64("Zm9vYmE=") == "fooba");
  CHECK(decode_base64("") == "");
  CHECK(decode_base64("-_-_") == decode_base64("+/+/"));
  for (auto bad : {"Z", "Zm9vY", "Zg=", "Zg===", "=", "====", "Zm9v=", "Zm 9v", "Zm9v\n", "Zg==Zg=="}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_base64(bad));
  }
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    CHECK(decode_base64(encoded(all)) == all);
  }
}

TEST_CASE("a timestamp is RFC 3339 between the years 1 and 9999") {
  CHECK(timestamp(0, 0) == "1970-01-01T00:00:00Z");
  CHECK(timestamp(1, 500'000'000) == "1970-01-01T00:00:01.500Z");
  CHECK(timestamp(1, 1'000) == "1970-01-01T00:00:01.000001Z");
  CHECK(timestamp(1, 1) == "1970-01-01T00:00:01.000000001Z");
  CHECK(timestamp(-1, 0) == "1969-12-31T23:59:59Z");
  CHECK(timestamp(951'782'400, 0) == "2000-02-29T00:00:00Z");
  CHECK(timestamp(-62'135'596'800, 0) == "0001-01-01T00:00:00Z");
  CHECK(timestamp(253'402'300'799, 999'999'999) == "9999-12-31T23:59:59.999999999Z");
  CHECK(timestamp(-62'135'596'801, 0) == "none");
  CHECK(timestamp(253'402'300'800, 0) == "none");
  CHECK(timestamp(0, -1) == "none");
  CHECK(timestamp(0, 1'000'000'000) == "none");

  CHECK(parse_timestamp("1970-01-01T00:00:01.5Z") == seconds_and_nanos{1, 500'000'000});
  CHECK(parse_timestamp("1970-01-01T01:00:00+01:00") == seconds_and_nanos{0, 0});
  CHECK(parse_timestamp("1969-12-31T16:00:00-08:00") == seconds_and_nanos{0, 0});
  CHECK(parse_timestamp("1970-01-01t00:00:00z") == seconds_and_nanos{0, 0});
  CHECK(parse_timestamp("9999-12-31T23:59:59.999999999Z") == seconds_and_nanos{253'402'300'799, 999'999'999});
  for (auto bad : {"",
                   "1970-01-01",
                   "1970-01-01T00:00:00",
                   "1970-01-01 00:00:00Z",
                   "0000-01-01T00:00:00Z",
                   "1970-13-01T00:00:00Z",
                   "1970-02-29T00:00:00Z",
                   "1970-01-32T00:00:00Z",
                   "1970-01-01T24:00:00Z",
                   "1970-01-01T00:60:00Z",
                   "1970-01-01T00:00:60Z",
                   "1970-01-01T00:00:00.Z",
                   "1970-01-01T00:00:00.1234567890Z",
                   "1970-01-01T00:00:00+24:00",
                   "1970-01-01T00:00:00+0100",
                   "1970-01-01T00:00:00ZZ",
                   "-0001-01-01T00:00:00Z",
                   "0001-01-01T00:00:00+00:01",
                   "9999-12-31T23:59:59-00:01",
                   "1970-1-1T00:00:00Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_timestamp(bad));
  }
}

TEST_CASE("a duration is seconds with at most nine digits after the point") {
  CHECK(duration_text(0, 0) == "0s");
  CHECK(duration_text(1, 500'000'000) == "1.500s");
  CHECK(duration_text(-1, -1) == "-1.000000001s");
  CHECK(duration_text(0, -500'000'000) == "-0.500s");
  CHECK(duration_text(315'576'000'000, 0) == "315576000000s");
  CHECK(duration_text(315'576'000'001, 0) == "none");
  CHECK(duration_text(1, -1) == "none");
  CHECK(duration_text(-1, 1) == "none");
  CHECK(duration_text(0, 1'000'000'000) == "none");

  CHECK(parse_json_duration("1.5s") == seconds_and_nanos{1, 500'000'000});
  CHECK(parse_json_duration("-0.5s") == seconds_and_nanos{0, -500'000'000});
  CHECK(parse_json_duration("-315576000000s") == seconds_and_nanos{-315'576'000'000, 0});
  for (auto bad : {"", "s", "1", "1.s", ".5s", "1.1234567890s", "--1s", "+1s", "1 s", "1ms", "315576000001s",
                   "315576000000.1s", "9999999999999s", "1.5.5s", "1e3s"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_json_duration(bad));
  }
}

TEST_CASE("a field mask is paths in lowerCamelCase") {
  using paths = std::vector<std::string>;
  CHECK(parse_field_mask("") == paths{});
  CHECK(parse_field_mask("userName,address.zipCode") == paths{"user_name", "address.zip_code"});
  for (auto bad : {",", "a,", ",a", "a,,b", "user_name", "a b", "a-b"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_field_mask(bad));
  }
  std::string out;
  CHECK(append_field_mask_path("user_name.zip_code", out));
  CHECK(out == "userName.zipCode");
  for (auto bad : {"userName", "user__name", "user_1", "user_", "_", "a b", ""}) {
    CAPTURE(bad);
    CHECK_FALSE(append_field_mask_path(bad, out));
    CHECK(out == "userName.zipCode");
  }
}
