#include "actors/rest_edge/event_stream.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

struct written {
  std::string text;
  bool told = true;
};

written stream_of(stream_format format, std::vector<std::string> items, const char* error = nullptr) {
  stream_writer writer{format};
  written out;
  for (const auto& item : items)
    writer.item(item, out.text);
  if (error)
    out.told = writer.failure(error, out.text);
  else
    writer.end(out.text);
  return out;
}

} // namespace

TEST_CASE("WHATWG HTML, 9.2.6: events") {
  CHECK(stream_of(stream_format::event_stream, {"{}", "{\"a\":1}"}).text
        == "id: 1\ndata: {}\n\nid: 2\ndata: {\"a\":1}\n\n");
  CHECK(stream_of(stream_format::event_stream, {"{\n\"a\":\r\n1\r}"}).text
        == "id: 1\ndata: {\ndata: \"a\":\ndata: 1\ndata: }\n\n");
  auto failed = stream_of(stream_format::event_stream, {}, "{\"code\":5}");
  CHECK(failed.text == "event: error\ndata: {\"code\":5}\n\n");
  CHECK(failed.told);
}

TEST_CASE("lines of JSON") {
  CHECK(stream_of(stream_format::lines, {"{}", "{\n}"}).text == "{}\n{ }\n");
  CHECK(stream_of(stream_format::lines, {"{}"}, "{\"code\":5}").text == "{}\n{\"error\":{\"code\":5}}\n");
}

TEST_CASE("a JSON array") {
  CHECK(stream_of(stream_format::array, {}).text == "[]");
  CHECK(stream_of(stream_format::array, {"1"}).text == "[1]");
  CHECK(stream_of(stream_format::array, {"1", "2"}).text == "[1,2]");
  auto failed = stream_of(stream_format::array, {"1"}, "{}");
  CHECK_FALSE(failed.told);
  CHECK(failed.text == "[1");
}

TEST_CASE("heartbeats say nothing in each format") {
  auto heartbeat = [](stream_format format) {
    std::string out;
    stream_writer{format}.heartbeat(out);
    return out;
  };
  CHECK(heartbeat(stream_format::event_stream) == ":\n\n");
  CHECK(heartbeat(stream_format::lines) == "\n");
  CHECK(heartbeat(stream_format::array) == " ");
}
