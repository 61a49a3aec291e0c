// Several tasks at the same time, inside one actor.
#pragma once

#include "actors/service/coroutine_run.hpp"
#include "actors/service/task.hpp"

#include <deque>
#include <exception>
#include <type_traits>
#include <vector>

namespace troupe {

// Awaiting runs all the tasks, interleaved where they wait, and yields their values in order. The first error
// ends the others where they wait, and is the error of the whole; so does the first exception.
//
//   std::vector<task<Quote>> asked;
//   for (auto& shop : shops) asked.push_back(ask_for_quote(shop));
//   std::vector<Quote> quotes = co_await all(std::move(asked));
template <class T>
class [[nodiscard]] all_awaiter final : public suspension {
public:
  using run_awaitable_tag = void;

  explicit all_awaiter(std::vector<task<T>> tasks) {
    for (auto& each : tasks)
      if (each || !std::is_void_v<T>) children_.emplace_back(*this, each.release());
  }

  bool await_ready() const noexcept { return false; }

  template <class P>
  bool await_suspend(std::coroutine_handle<P> awaiting) {
    left_ = children_.size();
    const bool suspended = suspend(awaiting, left_ == 0);
    if (!waiting()) return suspended;
    // One after the other, each until it waits: what they complete here is acted upon when all have begun,
    // because the awaiting coroutine is still inside this function.
    starting_ = true;
    auto& run = *awaiting.promise().run();
    for (auto& each : children_) {
      if (decided()) break;
      each.handle.promise().enter(&run, each.handle, &each);
      detail::run_child(run, each.handle);
    }
    starting_ = false;
    if (!decided()) return true;
    stop_waiting();
    return error_.ok() ? false : suspend_failed(awaiting, std::move(error_));
  }

  auto await_resume() {
    if (failure_) std::rethrow_exception(failure_);
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> out;
      out.reserve(children_.size());
      for (auto& each : children_)
        out.push_back(std::move(**each.handle.promise().outcome()));
      return out;
    }
  }

private:
  struct child final : detail::parent_awaiter {
    child(all_awaiter& of_all, std::coroutine_handle<typename task<T>::promise_type> begun) noexcept
      : of(of_all), handle(begun) {}
    child(const child&) = delete;
    ~child() {
      if (handle) handle.destroy();
    }
    void child_finished() override { of.finished(*this); }

    all_awaiter& of;
    std::coroutine_handle<typename task<T>::promise_type> handle;
  };

  bool decided() const noexcept { return left_ == 0 || failure_ || !error_.ok(); }

  void finished(child& done) {
    if (!waiting() || decided()) return;
    auto& promise = done.handle.promise();
    --left_;
    if (promise.exception())
      failure_ = promise.exception();
    else if (!*promise.outcome())
      error_ = promise.outcome()->error().ok() ? internal("a task failed with a status that is OK")
                                               : promise.outcome()->error();
    if (starting_ || !decided()) return;
    if (error_.ok())
      wake();
    else
      wake_with_error(std::move(error_));
  }

  std::deque<child> children_;
  std::exception_ptr failure_;
  status error_;
  std::size_t left_ = 0;
  bool starting_ = false;
};

template <class T>
all_awaiter<T> all(std::vector<task<T>> tasks) {
  return all_awaiter<T>{std::move(tasks)};
}

} // namespace troupe
