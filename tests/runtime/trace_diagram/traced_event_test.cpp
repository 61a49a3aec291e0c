#include "tests/runtime/trace_diagram/events.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("a line of a trace is read with all its fields") {
  const auto read = event(
    R"({"at": 1500, "kind": "send", "node": "a", "from": "a:1", "to": "b:2", "id": 18446744073709551615, )"
    R"("bytes": 7, "name": "datagram", "detail": "say \"hi\"", "content": "00ff", "new": [1, {}]})");
  CHECK(read.at == 1500ns);
  CHECK(read.kind == traced_kind::send);
  CHECK(read.of_network());
  CHECK(read.node == "a");
  CHECK(read.from == "a:1");
  CHECK(read.to == "b:2");
  CHECK(read.id == 18446744073709551615U);
  CHECK(read.bytes == 7);
  CHECK(read.name == "datagram");
  CHECK(read.detail == "say \"hi\"");
}

TEST_CASE("every kind is known by its name, and a new one is kept") {
  for (const auto* name : {"deliver", "run", "timer", "send", "receive", "drop", "boot", "crash", "pause",
                           "resume", "fault", "log"})
    CHECK(event(R"({"at": 0, "kind": ")" + std::string{name} + "\"}").kind != traced_kind::other);
  const auto fresh = event(R"({"at": 0, "kind": "teleport"})");
  CHECK(fresh.kind == traced_kind::other);
  CHECK(fresh.kind_name == "teleport");
}

TEST_CASE("what is no event is refused with its reason") {
  const auto why = [](std::string_view line) {
    const auto read = parse_traced_event(line);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code() == status_code::invalid_argument);
    return read.error().message();
  };
  CHECK(why("{").starts_with("not JSON"));
  CHECK(why("[]") == "not a JSON object");
  CHECK(why(R"({"kind": "run"})").starts_with("\"at\""));
  CHECK(why(R"({"at": -1, "kind": "run"})").starts_with("\"at\""));
  CHECK(why(R"({"at": 1.5, "kind": "run"})").starts_with("\"at\""));
  CHECK(why(R"({"at": 1})") == "\"kind\" is missing");
  CHECK(why(std::string(longest_traced_line + 1, ' ')).starts_with("a line of"));
}

TEST_CASE("a long detail is cut between characters") {
  // 3 bytes each, so that the limit falls inside of one.
  std::string euros;
  for (int i = 0; i < 3000; ++i)
    euros += "\xE2\x82\xAC";
  const auto read = event(R"({"at": 0, "kind": "log", "detail": ")" + euros + "\"}");
  CHECK(read.detail == euros.substr(0, 4095) + "...");
}

TEST_CASE("the node of a place") {
  CHECK(node_of_place("a:4369") == "a");
  CHECK(node_of_place("node-1/12") == "node-1");
  CHECK(node_of_place("x:y:1") == "x:y");
  CHECK(node_of_place("").empty());
  CHECK(node_of_place("nowhere").empty());
}

TEST_CASE("virtual times") {
  CHECK(virtual_time_text(0s) == "0.000000s");
  CHECK(virtual_time_text(12345678901ns) == "12.345678901s");
  CHECK(virtual_time_text(1500us) == "0.001500s");
  CHECK(virtual_time_text(2h) == "7200.000000s");
}

TEST_CASE("the end of a fault is in its detail") {
  auto fault = brief("1000000 fault - partition");
  CHECK_FALSE(end_of_fault(fault));
  fault.detail = "      12.5s  for 3s        partition a, b | c\n";
  CHECK(end_of_fault(fault) == 4s);
  fault.detail = "for ever";
  CHECK_FALSE(end_of_fault(fault));
  fault.detail = "for 100000000h";
  CHECK_FALSE(end_of_fault(fault));
  fault.detail = "for 292y for 1s";
  CHECK_FALSE(end_of_fault(fault));
  CHECK_FALSE(end_of_fault(brief("1 log a - waits for 3s")));
}
