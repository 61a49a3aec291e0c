#include "runtime/call/actor_reference.hpp"
#include "tests/runtime/call/recorded_end.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace call_test;

TEST_CASE("requests wait for the actor while the reference holds, up to the mailbox limit") {
  actor_reference_ptr reference{new actor_reference("test.Calls/0", 2)};
  recorded_end_ptr caller{new recorded_end};
  for (int i = 0; i < 3; ++i)
    make_call(caller)->send_to(reference);
  CHECK(reference->depth() == 2);
  CHECK(caller->count(frame_kind::answer) == 1);
  CHECK(caller->outcome().code() == status_code::resource_exhausted);
  CHECK(caller->outcome().message()
        == "the mailbox of test.Calls/0 is full (2 requests wait); slow down and retry later");
  CHECK(retry_hint_of(caller->outcome()) == retry_hint::not_executed);
  reference->suspend(false, "the node stops");
  CHECK(caller->count(frame_kind::answer) == 3);
  CHECK(reference->depth() == 0);
  const auto seen = reference->readings();
  CHECK(seen.accepted == 2);
  CHECK(seen.rejected == 1);
  CHECK(seen.refused_down == 2);
}

TEST_CASE("a reference that does not hold refuses at once, and says why") {
  actor_reference_ptr reference{new actor_reference("test.Calls/0", 10)};
  reference->suspend(false, "it failed too often");
  recorded_end_ptr caller{new recorded_end};
  make_call(caller)->send_to(reference);
  CHECK(caller->outcome().code() == status_code::unavailable);
  CHECK(
    caller->outcome().message()
    == "test.Calls/0 is not available: it failed too often; the call was not executed and may be retried");
  CHECK_FALSE(reference->attached());
}

TEST_CASE("frames of a call whose actor is gone are dropped") {
  actor_reference_ptr reference{new actor_reference("test.Calls/0", 10)};
  reference->suspend(false, "gone");
  recorded_end_ptr caller{new recorded_end};
  auto call = make_call(caller);
  reference->deliver({.call = call, .kind = frame_kind::credit, .credit = 3});
  reference->deliver({.call = call, .kind = frame_kind::cancel});
  CHECK(caller->frames().empty());
}

TEST_CASE("requests from many threads against suspensions: each is answered once, none is lost") {
  actor_reference_ptr reference{new actor_reference("test.Calls/0", 50)};
  recorded_end_ptr caller{new recorded_end};
  constexpr int threads = 4, calls_each = 500;
  std::vector<std::thread> senders;
  for (int t = 0; t < threads; ++t)
    senders.emplace_back([&] {
      for (int i = 0; i < calls_each; ++i)
        make_call(caller)->send_to(reference);
    });
  for (int i = 0; i < 200; ++i)
    reference->suspend(i % 2 == 0, "on and off");
  for (auto& each : senders)
    each.join();
  reference->suspend(false, "the end");
  CHECK(caller->count(frame_kind::answer) == threads * calls_each);
  CHECK(reference->depth() == 0);
}
