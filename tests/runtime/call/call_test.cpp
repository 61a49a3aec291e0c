#include "tests/runtime/call/recorded_end.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace call_test;

TEST_CASE("the first answer counts, every later one has no effect") {
  recorded_end_ptr caller{new recorded_end}, callee{new recorded_end};
  auto call = make_call(caller);
  call->send_to(callee);
  CHECK(callee->count(frame_kind::request) == 1);
  CHECK(call->answer(nullptr));
  CHECK_FALSE(call->answer(nullptr));
  CHECK_FALSE(call->fail(internal("late")));
  call->abandon("late too");
  CHECK(caller->count(frame_kind::answer) == 1);
  CHECK(caller->outcome().ok());
  callee->forget();
}

TEST_CASE("after a cancellation no answer is delivered, and the callee hears of it") {
  recorded_end_ptr caller{new recorded_end}, callee{new recorded_end};
  auto call = make_call(caller);
  call->send_to(callee);
  call->cancel(cancelled("changed my mind"));
  CHECK(call->cancelled());
  CHECK_FALSE(call->answer(nullptr));
  call->reply_item(nullptr);
  CHECK(caller->frames().empty());
  CHECK(callee->count(frame_kind::cancel) == 1);
  call->cancel(cancelled("again"));
  CHECK(callee->count(frame_kind::cancel) == 1);
  callee->forget();
}

TEST_CASE("items, half-close and credit go their way until the call is answered") {
  recorded_end_ptr caller{new recorded_end}, callee{new recorded_end};
  auto call = make_call(caller);
  call->send_to(callee);
  call->send_item(nullptr);
  call->half_close();
  call->grant(5);
  call->reply_item(nullptr);
  call->grant_caller(7);
  CHECK(callee->frames().back().credit == 5);
  CHECK(caller->frames().back().credit == 7);
  call->finish();
  call->send_item(nullptr);
  call->reply_item(nullptr);
  CHECK(callee->count(frame_kind::item) == 1);
  CHECK(caller->count(frame_kind::item) == 1);
  callee->forget();
}

TEST_CASE("a call that was abandoned before it began may be retried, whatever its method") {
  recorded_end_ptr caller{new recorded_end};
  auto call = make_call(caller);
  call->abandon("the actor stopped");
  CHECK(caller->outcome().code() == status_code::unavailable);
  CHECK(retry_hint_of(caller->outcome()) == retry_hint::not_executed);
  CHECK(caller->outcome().message()
        == "test.Calls.Change: the actor stopped; the call was not executed and may be retried");
}

TEST_CASE("a call that was abandoned after it began says whether its method is idempotent") {
  recorded_end_ptr caller{new recorded_end};
  for (const auto& method : methods) {
    recorded_end_ptr waiting{new recorded_end};
    auto call = make_call(waiting, method);
    call->mark_started();
    call->abandon("the actor crashed");
    CHECK(retry_hint_of(waiting->outcome()) == retry_hint::may_have_executed);
    const bool says_idempotent =
      waiting->outcome().message().find("because the method is idempotent") != std::string::npos;
    CHECK(says_idempotent == method.may_repeat());
  }
}

TEST_CASE("only our own hints count as hints") {
  CHECK(retry_hint_of(unavailable("plain")) == retry_hint::none);
  CHECK(retry_hint_of(status{}) == retry_hint::none);
  CHECK(with_retry_hint(unavailable("x"), retry_hint::none) == unavailable("x"));
}

TEST_CASE("answer, failure and cancellation from several threads: exactly one wins") {
  for (int round = 0; round < 300; ++round) {
    recorded_end_ptr caller{new recorded_end}, callee{new recorded_end};
    auto call = make_call(caller);
    call->send_to(callee);
    std::atomic<int> ready = 0;
    std::atomic<int> answered = 0;
    auto together = [&](auto what) {
      return std::thread{[&, what] {
        ++ready;
        while (ready < 3)
          std::this_thread::yield();
        what();
      }};
    };
    std::thread threads[] = {together([&] { answered += call->answer(nullptr) ? 1 : 0; }),
                             together([&] { answered += call->fail(aborted("no")) ? 1 : 0; }),
                             together([&] { call->cancel(cancelled("stop")); })};
    for (auto& each : threads)
      each.join();
    const auto answers = caller->count(frame_kind::answer);
    CHECK(answers == static_cast<std::size_t>(answered.load()));
    CHECK(answers + (call->cancelled() ? 1 : 0) == 1);
    callee->forget();
  }
}
