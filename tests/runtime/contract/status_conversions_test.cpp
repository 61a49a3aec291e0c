#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "runtime/contract/status_details.hpp"
#include "runtime/contract/status_json.hpp"
#include "runtime/contract/status_proto.hpp"
#include "runtime/contract/text_values.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/timestamp.pb.h>

using namespace troupe;

namespace {

status detailed() {
  return with_error_info(not_found("no order {}", 42),
                         {.reason = "NO_ORDER", .domain = "shop", .metadata = {{"id", "42"}}});
}

} // namespace

TEST_CASE("details go on a status and come off it") {
  const auto outcome = detailed();
  REQUIRE(error_info_of(outcome));
  CHECK(error_info_of(outcome)->reason == "NO_ORDER");
  CHECK(error_info_of(outcome)->domain == "shop");
  CHECK(error_info_of(outcome)->metadata.at("id") == "42");
  CHECK_FALSE(error_info_of(not_found("nothing")));
  CHECK_FALSE(detail_of<google::rpc::BadRequest>(outcome));
}

TEST_CASE("a detail whose bytes are not of its type reads as none") {
  const auto outcome = not_found("x").with_detail({"google.rpc.ErrorInfo", "\xFF\xFF"});
  CHECK_FALSE(error_info_of(outcome));
}

TEST_CASE("success carries no details") {
  CHECK(with_error_info(status{}, {.reason = "R"}).ok());
  CHECK(with_field_violation(status{}, "a", "b").ok());
  CHECK(with_detail(status{}, google::rpc::Help{}) == status{});
}

TEST_CASE("field violations gather in one BadRequest, and other details keep their places") {
  auto outcome = with_field_violation(detailed(), "items[2].quantity", "must be positive");
  outcome = with_detail(std::move(outcome), google::rpc::Help{});
  outcome = with_field_violation(std::move(outcome), "name", "is too long");
  REQUIRE(outcome.details().size() == 3);
  CHECK(outcome.details()[0].type == "google.rpc.ErrorInfo");
  CHECK(outcome.details()[1].type == "google.rpc.BadRequest");
  CHECK(outcome.details()[2].type == "google.rpc.Help");
  const auto request = detail_of<google::rpc::BadRequest>(outcome);
  REQUIRE(request);
  REQUIRE(request->field_violations_size() == 2);
  CHECK(request->field_violations(0).field() == "items[2].quantity");
  CHECK(request->field_violations(1).description() == "is too long");
  CHECK(outcome.message() == "no order 42");
  CHECK(outcome.code() == status_code::not_found);
}

TEST_CASE("a status survives google.rpc.Status, details included") {
  const auto outcome = detailed().with_detail({"unknown.Type", "\x01\x02"});
  CHECK(parse_status(serialize_status(outcome)) == outcome);
  CHECK(parse_status(serialize_status(status{})) == status{});
  CHECK(to_proto(outcome).details(0).type_url() == "type.googleapis.com/google.rpc.ErrorInfo");
  CHECK_FALSE(parse_status("\xFF\xFF\xFF"));
}

TEST_CASE("an unknown code becomes UNKNOWN, and any prefix of a type's URL is dropped") {
  google::rpc::Status message;
  message.set_code(77);
  message.set_message("strange");
  message.add_details()->set_type_url("example.com/types/a.B");
  message.add_details()->set_type_url("c.D");
  const auto outcome = from_proto(message);
  CHECK(outcome.code() == status_code::unknown);
  CHECK(outcome.message() == "strange");
  CHECK(outcome.details()[0].type == "a.B");
  CHECK(outcome.details()[1].type == "c.D");
}

TEST_CASE("RFC 9457 section 3.1: a problem has type, title, status, detail, instance") {
  CHECK(
    problem_json(not_found("no order \"42\""))
    == R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no order \"42\"","code":"NOT_FOUND"})");
  CHECK(
    problem_json(invalid_argument("x"), "urn:trace:1")
    == R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"x","instance":"urn:trace:1",)"
       R"("code":"INVALID_ARGUMENT"})");
}

TEST_CASE("RFC 9457 section 4.2.1: the title of about:blank is the HTTP status's phrase") {
  CHECK(
    problem_json(unimplemented("x"), {}, 405)
    == R"({"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"x","code":"UNIMPLEMENTED"})");
}

TEST_CASE("RFC 9457 section 3.2: details are an extension member, with the type in each") {
  CHECK(
    problem_json(detailed())
    == R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no order 42","code":"NOT_FOUND",)"
       R"("details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"NO_ORDER","domain":"shop",)"
       R"("metadata":{"id":"42"}}]})");
}

TEST_CASE("google.rpc.Status in JSON") {
  CHECK(status_json(not_found("no order 42")) == R"({"code":5,"message":"no order 42","details":[]})");
}

TEST_CASE("details that cannot be rendered do not break the answer") {
  google::protobuf::Timestamp bad_time;
  bad_time.set_nanos(-1);
  auto outcome = not_found("x").with_detail({"no.such.Type", "\x01\x02\x03"});
  outcome = std::move(outcome).with_detail({"google.rpc.ErrorInfo", "\xFF"});
  outcome = with_detail(std::move(outcome), bad_time);
  const auto text = status_json(outcome);
  CHECK(text.find(R"({"@type":"type.googleapis.com/no.such.Type","value":"AQID"})") != std::string::npos);
  CHECK(text.find(R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","value":"/w=="})")
        != std::string::npos);
  CHECK(text.find(R"({"@type":"type.googleapis.com/google.protobuf.Timestamp","value":")")
        != std::string::npos);
  // And all of it comes back.
  CHECK(status_from_json(text, 404) == outcome);
}

TEST_CASE("messages that are not UTF-8 are still JSON") {
  CHECK(status_json(not_found("a\xFF{}", "b"))
        == "{\"code\":5,\"message\":\"a\xEF\xBF\xBD"
           "b\",\"details\":[]}");
}

TEST_CASE("both forms read back as the status they were") {
  CHECK(status_from_json(problem_json(detailed()), 404) == detailed());
  CHECK(status_from_json(status_json(detailed()), 404) == detailed());
}

TEST_CASE("foreign errors get the code of their HTTP status") {
  CHECK(status_from_json(R"({"title":"Gone fishing","status":503})", 503) == unavailable("Gone fishing"));
  CHECK(status_from_json(R"({"code":"NO_SUCH_CODE","message":"m"})", 404).code()
        == status_code_from_http(404));
  CHECK(status_from_json("<html>", 502).code() == status_code_from_http(502));
  CHECK(status_from_json("", 500).code() == status_code_from_http(500));
  CHECK_FALSE(status_from_json("", 200).ok());
  CHECK_FALSE(status_from_json(R"({"code":0})", 200).ok());
  CHECK(is_utf8(status_from_json("\xFF\xFE", 500).message()));
}
