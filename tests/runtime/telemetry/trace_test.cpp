#include "runtime/telemetry/trace.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

// Clauses are those of https://www.w3.org/TR/trace-context/.

TEST_CASE("3.2.2.5: the example of the specification is read and written back") {
  const std::string header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto context = parse_traceparent(header);
  REQUIRE(context);
  CHECK(context->trace_high == 0x4bf92f3577b34da6);
  CHECK(context->trace_low == 0xa3ce929d0e0e4736);
  CHECK(context->span == 0x00f067aa0ba902b7);
  CHECK(context->sampled);
  CHECK(format_traceparent(*context) == header);
  CHECK_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->sampled);
  CHECK(trace_id_text(*context) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(span_id_text(*context) == "00f067aa0ba902b7");
}

TEST_CASE("3.2.2.5: flags that are not known are not passed on") {
  const auto context = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff");
  REQUIRE(context);
  CHECK(format_traceparent(*context) == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
}

TEST_CASE("3.2.2: malformed headers are ignored") {
  for (const char* bad : {
         "",
         "00",
         "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",     // no flags
         "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",   // half a flag byte
         "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", // version 00 has nothing behind
         "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
         "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", // upper case
         "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
         "00-00000000000000000000000000000000-00f067aa0ba902b7-01", // a trace id of zeros
         "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", // a parent id of zeros
         "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", // the forbidden version
         "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
         "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
         "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
         "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
       }) {
    INFO(bad);
    CHECK_FALSE(parse_traceparent(bad));
  }
}

TEST_CASE("4.1: of a later version, the known beginning is used") {
  CHECK(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  CHECK(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings"));
  CHECK_FALSE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"));
}

TEST_CASE("a child has a span of its own in its parent's trace") {
  random_source random{1};
  const auto root = new_trace(random, true);
  CHECK(root.valid());
  CHECK(root.sampled);
  const auto child = child_of(root, random);
  CHECK(child.trace_high == root.trace_high);
  CHECK(child.trace_low == root.trace_low);
  CHECK(child.sampled);
  CHECK(child.span != root.span);
  const auto orphan = child_of(trace_context{}, random);
  CHECK(orphan.valid());
  CHECK_FALSE(orphan.sampled);
  CHECK(format_traceparent(trace_context{}).empty());
  CHECK(parse_traceparent(format_traceparent(child)) == child);
}
