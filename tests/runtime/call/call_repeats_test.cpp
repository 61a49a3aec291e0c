#include "runtime/call/call_repeats.hpp"

#include "tests/runtime/call/recorded_end.hpp"

#include <catch2/catch.hpp>

using namespace call_test;

namespace {

status gone(retry_hint hint) { return with_retry_hint(unavailable("the node is gone"), hint); }

// A call that a callee has taken and failed.
call_ptr failed_call(const method_info& method, const recorded_end_ptr& callee) {
  auto out = make_call(recorded_end_ptr{new recorded_end}, method);
  out->send_to(callee);
  callee->forget();
  return out;
}

} // namespace

TEST_CASE("what no handler saw is made again, whatever its method") {
  recorded_end_ptr callee{new recorded_end};
  for (const auto& method : methods) {
    call_repeats repeats;
    CHECK(repeats.again(*failed_call(method, callee), gone(retry_hint::not_executed)));
    REQUIRE(repeats.failed().size() == 1);
    CHECK(repeats.failed()[0] == callee);
  }
}

TEST_CASE("what may have been executed is made again only when its method is idempotent") {
  recorded_end_ptr callee{new recorded_end};
  CHECK_FALSE(call_repeats{}.again(*failed_call(methods[0], callee), gone(retry_hint::may_have_executed)));
  CHECK(call_repeats{}.again(*failed_call(methods[1], callee), gone(retry_hint::may_have_executed)));
}

TEST_CASE("a handler's own answer is never asked for again") {
  recorded_end_ptr callee{new recorded_end};
  CHECK_FALSE(call_repeats{}.again(*failed_call(methods[1], callee), unavailable("closed on Mondays")));
  CHECK_FALSE(call_repeats{}.again(*failed_call(methods[1], callee),
                                   with_retry_hint(internal("broken"), retry_hint::not_executed)));
}

TEST_CASE("a call that nobody took is not made again") {
  auto call = make_call(recorded_end_ptr{new recorded_end}, methods[1]);
  CHECK_FALSE(call_repeats{}.again(*call, gone(retry_hint::not_executed)));
}

TEST_CASE("three attempts are made at most, and all that failed are remembered") {
  recorded_end_ptr first{new recorded_end}, second{new recorded_end}, third{new recorded_end};
  call_repeats repeats;
  CHECK(repeats.again(*failed_call(methods[1], first), gone(retry_hint::not_executed)));
  CHECK(repeats.again(*failed_call(methods[1], second), gone(retry_hint::may_have_executed)));
  CHECK_FALSE(repeats.again(*failed_call(methods[1], third), gone(retry_hint::not_executed)));
  REQUIRE(repeats.failed().size() == 2);
  CHECK(repeats.failed()[1] == second);
}
