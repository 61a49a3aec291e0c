#include "runtime/core/result.hpp"
#include "runtime/core/status.hpp"
#include "runtime/core/strong_type.hpp"

#include <catch2/catch.hpp>

#include <unordered_set>

using namespace troupe;

TEST_CASE("a default status is success and carries nothing") {
  status s;
  CHECK(s.ok());
  CHECK(s.code() == status_code::ok);
  CHECK(s.message().empty());
  CHECK(s.details().empty());
  CHECK(s.to_string() == "OK");
  CHECK(status{status_code::ok, "ignored"} == s);
}

TEST_CASE("each code has its canonical name and number, and both lead back to it") {
  for (int i = 0; i < status_code_count; ++i) {
    auto code = status_code_from_number(i);
    REQUIRE(code);
    CHECK(static_cast<int>(*code) == i);
    CHECK(status_code_from_name(to_string(*code)) == code);
  }
  CHECK_FALSE(status_code_from_number(17));
  CHECK_FALSE(status_code_from_number(-1));
  CHECK_FALSE(status_code_from_name("NO_SUCH_CODE"));
}

TEST_CASE("the HTTP mapping is that of google/rpc/code.proto") {
  CHECK(http_status_of(status_code::ok) == 200);
  CHECK(http_status_of(status_code::cancelled) == 499);
  CHECK(http_status_of(status_code::invalid_argument) == 400);
  CHECK(http_status_of(status_code::failed_precondition) == 400);
  CHECK(http_status_of(status_code::already_exists) == 409);
  CHECK(http_status_of(status_code::resource_exhausted) == 429);
  CHECK(http_status_of(status_code::unavailable) == 503);
  CHECK(http_status_of(status_code::deadline_exceeded) == 504);
  CHECK(status_code_from_http(503) == status_code::unavailable);
  CHECK(status_code_from_http(404) == status_code::unimplemented);
  CHECK(status_code_from_http(204) == status_code::ok);
}

TEST_CASE("factories format their message") {
  auto s = not_found("no order {} of {}", 42, "ada");
  CHECK(s.code() == status_code::not_found);
  CHECK(s.message() == "no order 42 of ada");
  CHECK(s.to_string() == "NOT_FOUND: no order 42 of ada");
}

TEST_CASE("a detail is added to a copy, the original keeps its own") {
  auto plain = invalid_argument("bad");
  auto rich = plain.with_detail({"google.rpc.BadRequest", "xyz"});
  CHECK(plain.details().empty());
  REQUIRE(rich.find_detail("google.rpc.BadRequest"));
  CHECK(rich.find_detail("google.rpc.BadRequest")->value == "xyz");
  CHECK_FALSE(rich.find_detail("google.rpc.RetryInfo"));
  CHECK_FALSE(plain == rich);
  CHECK(status{}.with_detail({"a", "b"}).ok());
}

TEST_CASE("a result holds a value or a status") {
  result<int> good = 7;
  result<int> bad = unavailable("try again");
  CHECK(good);
  CHECK(*good == 7);
  CHECK(status_of(good).ok());
  CHECK_FALSE(bad);
  CHECK(bad.error().code() == status_code::unavailable);
  CHECK_THROWS_AS(bad.value(), bad_result);
  result<void> done;
  CHECK(done);
}

TEST_CASE("a result<bool> that is copied keeps its value, however it is copied") {
  result<bool> no = false;
  auto captured = [no] { return *no; };
  CHECK_FALSE(captured());
  std::optional<result<bool>> kept;
  kept.emplace(no);
  CHECK_FALSE(**kept);
  result<bool> direct(no);
  CHECK_FALSE(*direct);
  result<bool> error = unavailable("x");
  result<bool> of_error(error);
  CHECK_FALSE(of_error.has_value());
}

TEST_CASE("a result takes what its value can be made of") {
  result<std::string> text = "literal";
  CHECK(*text == "literal");
  result<std::unique_ptr<int>> owned = std::make_unique<int>(3);
  CHECK(**owned == 3);
  result<std::vector<int>> three(3u, 7);
  CHECK(three->size() == 3);
  auto from_status = []() -> result<std::string> { return not_found("none"); };
  CHECK(from_status().error().code() == status_code::not_found);
  result<std::shared_ptr<const int>> widened = std::make_shared<int>(5);
  CHECK(**widened == 5);
}

TEST_CASE("strong types of one representation are different types") {
  using shard = strong_type<int, struct shard_tag>;
  using epoch = strong_type<int, struct epoch_tag>;
  STATIC_REQUIRE_FALSE(std::is_convertible_v<shard, epoch>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<int, shard>);
  CHECK(shard{1} < shard{2});
  CHECK(shard{1}.next() == shard{2});
  CHECK(std::unordered_set<shard>{shard{1}, shard{1}, shard{3}}.size() == 2);
}
