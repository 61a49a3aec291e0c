#include "runtime/telemetry/log_record.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

// 2026-11-23 18:20:02.123456 UTC
const wall_time moment{std::chrono::microseconds{1795458002123456}};

std::string render(log_format format, std::string_view message, std::initializer_list<log_field> fields = {},
                   trace_context trace = {}, log_render_options options = {}) {
  log_record record;
  record.time = moment;
  record.component = "orders";
  record.message = message;
  record.fields = {fields.begin(), fields.size()};
  record.trace = trace;
  options.format = format;
  std::string out;
  render_log_record(out, record, options);
  return out;
}

constexpr std::string_view text_head = "2026-11-23T18:20:02.123456Z INFO     orders: ";
constexpr std::string_view json_head =
  R"({"time":"2026-11-23T18:20:02.123456Z","level":"info","component":"orders","message":)";

} // namespace

TEST_CASE("a line of text: time, level, component, message, fields, trace") {
  const trace_context trace{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736, 0xf067aa0ba902b7, true};
  CHECK(render(log_format::text, "order placed", {{"order", 42}, {"by", "a b"}, {"paid", true}}, trace)
        == std::string{text_head}
             + "order placed order=42 by=\"a b\" paid=true trace_id=4bf92f3577b34da6a3ce929d0e0e4736 "
               "span_id=00f067aa0ba902b7");
}

TEST_CASE("a line of JSON: one object, its fields beside the fixed ones") {
  const trace_context trace{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736, 0xf067aa0ba902b7, true};
  CHECK(
    render(log_format::json, "order placed", {{"order", 42}, {"by", "a b"}, {"paid", true}}, trace)
    == std::string{json_head}
         + R"("order placed","order":42,"by":"a b","paid":true,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",)"
           R"("span_id":"00f067aa0ba902b7"})");
}

TEST_CASE("the node is shown when it has a name") {
  log_record record;
  record.time = moment;
  record.level = log_level::critical;
  record.component = "host";
  record.node = "n1";
  record.message = "m";
  std::string out;
  render_log_record(out, record, {});
  CHECK(out == "2026-11-23T18:20:02.123456Z CRITICAL n1 host: m");
  out.clear();
  render_log_record(out, record, {.format = log_format::json});
  CHECK(
    out
    == R"({"time":"2026-11-23T18:20:02.123456Z","level":"critical","component":"host","node":"n1","message":"m"})");
}

TEST_CASE("values of every type, in both formats") {
  const std::string owned = "o";
  const auto text = render(log_format::text, "m",
                           {{"a", -1},
                            {"b", std::numeric_limits<std::uint64_t>::max()},
                            {"c", 0.5},
                            {"d", owned},
                            {"e", std::string_view{"v"}},
                            {"f", ""},
                            {"g", false},
                            {"h", std::numeric_limits<double>::infinity()},
                            {"i", "x=y"}});
  CHECK(text
        == std::string{text_head}
             + R"(m a=-1 b=18446744073709551615 c=0.5 d=o e=v f="" g=false h=inf i="x=y")");
  const auto json =
    render(log_format::json, "m",
           {{"a", -1}, {"c", 0.5}, {"h", std::numeric_limits<double>::infinity()}, {"n", std::nan("")}});
  CHECK(json == std::string{json_head} + R"("m","a":-1,"c":0.5,"h":"inf","n":"nan"})");
}

TEST_CASE("no content can begin a line of its own, end a string or move a terminal's cursor") {
  const std::string evil = "a\nb\r\t\x1b[2J\"\\\x7f\xc2\x9b"
                           "c";
  CHECK(render(log_format::text, evil) == std::string{text_head} + R"(a\nb\r\t\u001b[2J"\\u007f\u009bc)");
  CHECK(render(log_format::text, "m", {{"k\n", evil}})
        == std::string{text_head} + R"(m k\n="a\nb\r\t\u001b[2J\"\\\u007f\u009bc")");
  CHECK(render(log_format::json, evil, {{"k\"", evil}})
        == std::string{json_head}
             + R"("a\nb\r\t\u001b[2J\"\\\u007f\u009bc","k\"":"a\nb\r\t\u001b[2J\"\\\u007f\u009bc"})");
}

TEST_CASE("bytes that are not UTF-8 are replaced, characters are kept") {
  const auto shown = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out.substr(1, out.size() - 2);
  };
  const std::string r = "\xEF\xBF\xBD";
  CHECK(shown("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8E\xAD") == "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8E\xAD");
  CHECK(shown("\xFF") == r);
  CHECK(shown("\xC3") == r);         // cut short
  CHECK(shown("\xC0\x80") == r + r); // overlong
  CHECK(shown("\xE0\x80\x80") == r + r + r);
  CHECK(shown("\xED\xA0\x80") == r + r + r);         // a surrogate
  CHECK(shown("\xF4\x90\x80\x80") == r + r + r + r); // above U+10FFFF
  CHECK(shown("\xE2\x82z") == r + r + "z");
}

TEST_CASE("a field named like a fixed one is kept apart in JSON") {
  CHECK(render(log_format::json, "m", {{"time", 1}, {"message", 2}, {"trace_id", 3}})
        == std::string{json_head} + R"("m","time_":1,"message_":2,"trace_id_":3})");
}

TEST_CASE("long texts are cut between characters, and many fields are left out, with a count") {
  log_render_options options;
  options.max_text = 4;
  CHECK(render(log_format::text, "abcdefgh", {}, {}, options)
        == "2026-11-23T18:20:02.123456Z INFO     orde... (2 bytes more): abcd... (4 bytes more)");
  std::string out;
  const log_field accented[] = {{"k", "abc\xC3\xA9"}};
  render_log_fields(out, accented, options);
  CHECK(out == " k=\"abc... (2 bytes more)\"");
  out.clear();
  const std::vector<log_field> many(40, log_field{"k", 1});
  options.max_text = 100;
  render_log_fields(out, many, options);
  CHECK(out.size() == 32 * 4 + std::string{" fields_left_out=8"}.size());
  CHECK(out.ends_with(" fields_left_out=8"));
}

TEST_CASE("colours surround level and time and leave the rest as it is") {
  log_render_options options;
  options.color = true;
  CHECK(render(log_format::text, "m", {{"k", 1}}, {}, options)
        == "\x1b[2m2026-11-23T18:20:02.123456Z\x1b[0m \x1b[32mINFO    \x1b[0m orders: m\x1b[2m k=1\x1b[0m");
}

TEST_CASE("time is RFC 3339 in UTC with microseconds, also before 1970") {
  CHECK(format_time(wall_time{}) == "1970-01-01T00:00:00.000000Z");
  CHECK(format_time(wall_time{-1ns}) == "1969-12-31T23:59:59.999999Z");
  CHECK(format_time(wall_time{951782400s + 999ns}) == "2000-02-29T00:00:00.000000Z");
}

TEST_CASE("each level has a name that leads back to it") {
  for (int i = 0; i <= static_cast<int>(log_level::off); ++i) {
    const auto level = static_cast<log_level>(i);
    CHECK(log_level_from_name(to_string(level)) == level);
  }
  CHECK_FALSE(log_level_from_name("INFO"));
  CHECK_FALSE(log_level_from_name("warn"));
}
