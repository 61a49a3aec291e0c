// Runs what a test hands over, a task or a call, up to a limit on the node's own clock. Internal to testing.
#pragma once

#include "actors/service/all.hpp"
#include "actors/service/visitor.hpp"
#include "runtime/core/result.hpp"

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

// Waits for the time-out, and ends the task that awaits it.
task<> fail_after(visitor& self, duration limit);

template <class Work>
struct work_value {
  using type = typename Work::value_type;
};
template <class Reply>
struct work_value<unary_call<Reply>> {
  using type = Reply;
};
// Of what a callable (visitor&) -> task<T> or call yields.
template <class F>
using work_value_t = typename work_value<std::invoke_result_t<F&, visitor&>>::type;

template <class T, class F>
task<> keep_outcome(visitor& self, F& work, std::optional<result<T>>& outcome) {
  if constexpr (std::is_same_v<std::invoke_result_t<F&, visitor&>, unary_call<T>>) {
    auto call = work(self);
    outcome.emplace(co_await call.as_result());
  } else {
    outcome.emplace(co_await work(self).as_result());
  }
  // The only way to end what runs beside this.
  co_await cancelled("the other one is first");
}

template <class T, class F>
task<> run_both(visitor& self, F& work, duration limit, std::optional<result<T>>& outcome) {
  std::vector<task<>> both;
  both.push_back(keep_outcome<T>(self, work, outcome));
  both.push_back(fail_after(self, limit));
  co_await all(std::move(both));
}

template <class T, class F>
task<T> run_limited(visitor& self, F& work, duration limit) {
  std::optional<result<T>> outcome;
  auto ended = co_await run_both<T>(self, work, limit, outcome).as_result();
  if (!outcome) co_await ended.error();
  if constexpr (std::is_void_v<T>)
    co_await std::move(*outcome);
  else
    co_return co_await std::move(*outcome);
}

} // namespace troupe::detail
