#include "discovery/directory/static_directory.hpp"
#include "tests/runtime/call/recorded_end.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <map>
#include <thread>

using namespace call_test;

namespace {

actor_reference_ptr instance(int number, unsigned limit = 100) {
  return actor_reference_ptr{new actor_reference("test.Calls/" + std::to_string(number), limit)};
}

// What waits in a reference refers to it; a test lets it go before it ends.
void empty(static_directory& of) {
  for (auto& [service, all] : of.instances())
    for (auto& each : all)
      each->suspend(false, "the test ends");
}

} // namespace

TEST_CASE("a route is there before its service, refuses until an instance comes, and stays the same") {
  static_directory directory;
  auto& route = directory.route("test.Calls");
  recorded_end_ptr caller{new recorded_end};
  submit(route, make_call(caller));
  CHECK(caller->outcome().code() == status_code::unavailable);
  CHECK(caller->outcome().message() == "no instance of test.Calls is known: no module on this node plays it");
  CHECK(retry_hint_of(caller->outcome()) == retry_hint::not_executed);
  directory.add("test.Calls", instance(0));
  CHECK(&directory.route("test.Calls") == &route);
  submit(route, make_call(caller));
  CHECK(directory.instances().at("test.Calls").front()->depth() == 1);
  empty(directory);
}

TEST_CASE("of two instances the one with fewer waiting requests is chosen") {
  static_directory directory;
  auto busy = instance(0), idle = instance(1);
  directory.add("test.Calls", busy);
  directory.add("test.Calls", idle);
  recorded_end_ptr caller{new recorded_end};
  for (int i = 0; i < 10; ++i)
    make_call(caller)->send_to(busy);
  for (int i = 0; i < 10; ++i)
    submit(directory.route("test.Calls"), make_call(caller));
  CHECK(idle->depth() == 10);
  CHECK(busy->depth() == 10);
  empty(directory);
}

TEST_CASE("many calls spread evenly over the instances") {
  static_directory directory;
  for (int i = 0; i < 5; ++i)
    directory.add("test.Calls", instance(i, 10'000));
  recorded_end_ptr caller{new recorded_end};
  for (int i = 0; i < 5000; ++i)
    submit(directory.route("test.Calls"), make_call(caller));
  const auto instances = directory.instances();
  for (const auto& each : instances.at("test.Calls")) {
    CHECK(each->depth() > 900);
    CHECK(each->depth() < 1100);
  }
  empty(directory);
}

TEST_CASE("choosing while instances are added") {
  static_directory directory;
  auto& route = directory.route("test.Calls");
  std::atomic<bool> stop = false;
  std::atomic<int> chosen = 0;
  recorded_end_ptr caller{new recorded_end};
  std::thread chooser{[&] {
    auto call = make_call(caller);
    while (!stop)
      if (route.choose(*call)) ++chosen;
  }};
  for (int i = 0; i < 200; ++i)
    directory.add("test.Calls", instance(i));
  while (chosen == 0)
    std::this_thread::yield();
  stop = true;
  chooser.join();
  CHECK(directory.instances().at("test.Calls").size() == 200);
}
