// A node in the test's own process: services as they run in production, without doors, ports and
// configuration.
//
//   TEST_CASE("greets by name") {
//     troupe::test_node node{troupe::module<greeter>()};
//     auto reply = node.run([](troupe::visitor& self) { return self.client<hello::Greeter>().greet(ada());
//     }); REQUIRE(reply); CHECK(reply->text() == "hello, Ada");
//   }
//
// It says nothing about real time, so that the same test can run where time is virtual.
#pragma once

#include "actors/host/node.hpp"
#include "actors/service/module.hpp"
#include "actors/service/visitor.hpp"
#include "actors/testing/limited_work.hpp"
#include "runtime/core/result.hpp"

#include <concepts>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

struct test_node_options {
  node_options node;
  // What decides every random number of the node: the same in each run, so that a failure can be repeated.
  std::uint64_t seed = 1;
  // The least severe lines that log_lines() keeps.
  log_level level = log_level::info;
};

// Used by one thread at a time, the test's.
class test_node {
public:
  // Starts the modules in their order; they are ready when it returns. Throws std::runtime_error that says
  // which of them did not start, and why.
  template <class... Modules>
  requires(std::same_as<std::remove_cvref_t<Modules>, service_module>&&...) explicit test_node(
    Modules&&... modules)
    : test_node(test_node_options{}, listed(std::forward<Modules>(modules)...)) {}
  template <class... Modules>
  requires(std::same_as<std::remove_cvref_t<Modules>, service_module>&&...) explicit test_node(
    test_node_options options, Modules&&... modules)
    : test_node(std::move(options), listed(std::forward<Modules>(modules)...)) {}
  test_node(test_node_options options, std::vector<service_module> modules);

  // Stops the modules in reverse order. When it goes because the test failed by an exception (a REQUIRE), the
  // log is written to standard error.
  ~test_node();
  test_node(const test_node&) = delete;
  test_node& operator=(const test_node&) = delete;

  // Runs `work` in an actor of its own and waits for its outcome, at most `limit` on the node's clock; then
  // the outcome is DEADLINE_EXCEEDED, and the work is ended where it waits. An exception that leaves it is
  // thrown here. `work` is called once with a visitor, and returns
  //   a call:   node.run([&](troupe::visitor& self) { return self.client<hello::Greeter>().greet(ada); })
  //   a task:   node.run([&](troupe::visitor& self) -> troupe::task<int> { ... co_await ...; co_return 7; })
  // It lives until the work has ended, so a task may use what it has captured. Assertions belong to the
  // test's thread: return what is to be checked. Yields result<T>, of the call's reply or of task<T>.
  template <class F>
  auto run(F work, duration limit = std::chrono::seconds{30}) {
    using T = detail::work_value_t<F>;
    return outcome_of<T>(inner().run([work = std::move(work), limit](visitor& self) mutable {
      return detail::run_limited<T>(self, work, limit);
    }),
                         limit);
  }

  // Ends an instance of a service as a crash would, and returns when its supervisor has replaced it.
  // NOT_FOUND: this node runs no such instance; DEADLINE_EXCEEDED: it was not replaced within 30 s.
  template <class S>
  status crash(unsigned instance = 0) {
    return crash(S::info(), instance);
  }
  status crash(const service_info& service, unsigned instance = 0);

  // The node itself: its supervision tree, its actor system, its end.
  node& inner() noexcept;

  // The lines of the log so far, the last 1000 of them: what handlers logged before they answered, and
  // perhaps what came after. A crash is logged after its caller has learnt of it, but before the next
  // instance answers.
  std::vector<std::string> log_lines() const;

private:
  struct state;

  template <class... Modules>
  static std::vector<service_module> listed(Modules&&... modules) {
    std::vector<service_module> all;
    all.reserve(sizeof...(modules));
    (all.push_back(std::forward<Modules>(modules)), ...);
    return all;
  }

  // Beyond its limit, a task ends by itself unless the node's threads are blocked; this makes a status of
  // that too.
  static constexpr duration patience = std::chrono::seconds{10};

  template <class T>
  static result<T> outcome_of(std::future<result<T>> future, duration limit) {
    if (limit < duration::max() - patience
        && future.wait_for(std::max(limit, duration::zero()) + patience) != std::future_status::ready)
      return deadline_exceeded("the work neither ended nor could be ended: does a handler block its thread?");
    try {
      return future.get();
    } catch (const std::future_error&) {
      return aborted("the work was ended together with its actor or its node");
    }
  }

  std::unique_ptr<state> state_;
};

} // namespace troupe
