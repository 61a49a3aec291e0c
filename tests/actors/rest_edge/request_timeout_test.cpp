#include "actors/rest_edge/request_timeout.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("a request's time-out in seconds or with a unit") {
  CHECK(*parse_request_timeout("2") == 2s);
  CHECK(*parse_request_timeout("0.25") == 250ms);
  CHECK(*parse_request_timeout("2.5s") == 2500ms);
  CHECK(*parse_request_timeout("250ms") == 250ms);
  CHECK(*parse_request_timeout("7us") == 7us);
  CHECK(*parse_request_timeout("1m") == 60s);
  CHECK(*parse_request_timeout("1.5h") == 90min);
  CHECK(*parse_request_timeout("0.000000001") == 1ns);
  CHECK(*parse_request_timeout("999999999h") == duration::max());
  for (const char* text : {"", "0", "0ms", "-1", "+1", "1 s", " 1", "1d", "s", ".5", "1.", "1e3",
                           "1234567890", "0x5", "1,5", "0.0000000001"}) {
    CAPTURE(text);
    CHECK(parse_request_timeout(text).error().code() == status_code::invalid_argument);
  }
}

TEST_CASE("gRPC over HTTP/2: the values of grpc-timeout") {
  CHECK(*parse_grpc_timeout("1H") == 1h);
  CHECK(*parse_grpc_timeout("2M") == 2min);
  CHECK(*parse_grpc_timeout("3S") == 3s);
  CHECK(*parse_grpc_timeout("4m") == 4ms);
  CHECK(*parse_grpc_timeout("5u") == 5us);
  CHECK(*parse_grpc_timeout("6n") == 6ns);
  CHECK(*parse_grpc_timeout("0S") == 0s);
  CHECK(*parse_grpc_timeout("99999999H") == duration::max());
  for (const char* text : {"", "1", "S", "123456789S", "1s", "-1S", "1 S", "1.5S"}) {
    CAPTURE(text);
    CHECK(parse_grpc_timeout(text).error().code() == status_code::invalid_argument);
  }
}
