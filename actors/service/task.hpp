// task<T>: a coroutine that runs inside one actor and never leaves it.
//
//   task<Order> place(const PlaceOrder& request) {
//     co_await client<Inventory>().reserve(items_of(request));   // an error ends place() with that error
//     result<Receipt> paid = co_await client<Payments>().charge(bill).as_result();  // an error is looked at
//     here if (!paid) co_return failed_precondition("payment was refused"); co_return order;
//   }
//
// `co_await` of a task, a call, a stream, a result<T> or a status yields its value. An error does not come
// back: it ends the awaiting task with that error, as `?` does in Rust, and so on up to the handler, whose
// caller receives it. So a task<> fails with `co_await not_found("...")`. as_result() yields the error
// instead. Ending a task, by an error, a cancellation or a deadline, destroys its frame where it is
// suspended: destructors run, no exception is thrown. An exception that leaves a task reaches the task that
// awaits it; one that leaves the handler crashes the actor.
#pragma once

#include "runtime/core/result.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace troupe {

template <class T>
class task;
class coroutine_run;

namespace detail {

// Schedules a coroutine of the run to be resumed when the current one has suspended. Defined in
// coroutine_run.cpp. Between two coroutines of a run control always passes through the run's loop, so that
// the stack stays flat in unoptimized builds too, and so that no frame is destroyed by code that runs in it.
void resume_next(coroutine_run& run, std::coroutine_handle<> next) noexcept;

// Runs a coroutine of the run until it waits or ends, from within another one's await_suspend. For all()
// only.
void run_child(coroutine_run& run, std::coroutine_handle<> child) noexcept;

// What a finished task tells the awaiter that its parent is suspended in.
class parent_awaiter {
public:
  virtual void child_finished() = 0;

protected:
  ~parent_awaiter() = default;
};

// The part of a task's promise that does not depend on its type.
class promise_base {
public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept {
    struct finish {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) noexcept { promise.finished(); }
      void await_resume() noexcept {}
      promise_base& promise;
    };
    return finish{*this};
  }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  // Ends the coroutine at its suspension point with an error, as if it had returned it.
  void end_with(status why) {
    set_error(std::move(why));
    finished();
  }

  coroutine_run* run() const noexcept { return run_; }
  const std::exception_ptr& exception() const noexcept { return exception_; }

  // Puts the coroutine into a run: as its root (no parent) or below the coroutine that awaits it.
  void enter(coroutine_run* run, std::coroutine_handle<> self, parent_awaiter* parent) noexcept {
    run_ = run;
    self_ = self;
    parent_ = parent;
  }
  std::coroutine_handle<> self() const noexcept { return self_; }

protected:
  ~promise_base() = default;
  virtual void set_error(status why) = 0;

private:
  void finished() noexcept;

  coroutine_run* run_ = nullptr;
  std::coroutine_handle<> self_;
  parent_awaiter* parent_ = nullptr;
  std::exception_ptr exception_;
};

template <class T>
class promise_result : public promise_base {
public:
  template <class U>
  requires std::constructible_from<result<T>, U &&> void return_value(U&& value) {
    outcome_.emplace(std::forward<U>(value));
  }
  // `co_return {...}` builds the value in place.
  void return_value(T value) { outcome_.emplace(std::move(value)); }

  std::optional<result<T>>& outcome() noexcept { return outcome_; }

protected:
  ~promise_result() = default;
  void set_error(status why) override { outcome_.emplace(std::move(why)); }

private:
  std::optional<result<T>> outcome_;
};

template <>
class promise_result<void> : public promise_base {
public:
  void return_void() { outcome_.emplace(); }

  std::optional<result<void>>& outcome() noexcept { return outcome_; }

protected:
  ~promise_result() = default;
  void set_error(status why) override { outcome_.emplace(std::move(why)); }

private:
  std::optional<result<void>> outcome_;
};

// co_await of a status or a result that is there already: goes on, or ends the task.
template <class T>
class outcome_awaiter {
public:
  using run_awaitable_tag = void;

  explicit outcome_awaiter(result<T> outcome) : outcome_(std::move(outcome)) {}

  bool await_ready() const noexcept { return outcome_.has_value(); }
  template <class P>
  void await_suspend(std::coroutine_handle<P> waiting) {
    waiting.promise().end_with(outcome_.error());
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*outcome_);
  }

private:
  result<T> outcome_;
};

// Stands for an awaiter that cannot be moved: g++ 12 copies what await_transform returns by reference.
template <class A>
struct awaiter_in_place {
  A* awaiter;

  bool await_ready() const noexcept { return awaiter->await_ready(); }
  template <class P>
  auto await_suspend(std::coroutine_handle<P> awaiting) {
    return awaiter->await_suspend(awaiting);
  }
  decltype(auto) await_resume() { return awaiter->await_resume(); }
};

// An awaiter that a coroutine_run can be suspended in; see coroutine_run.
template <class A>
concept run_awaitable = requires {
  typename std::remove_cvref_t<A>::run_awaitable_tag;
};

} // namespace detail

// A coroutine that has not begun; it begins when it is awaited, or when the runtime starts it. Moveable.
// Destroying a task destroys its coroutine wherever it is suspended.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited")]] task {
public:
  using value_type = T;
  using run_awaitable_tag = void;

  class promise_type final : public detail::promise_result<T> {
  public:
    task get_return_object() { return task{std::coroutine_handle<promise_type>::from_promise(*this)}; }

    template <class U>
    detail::outcome_awaiter<U> await_transform(result<U> outcome) {
      return detail::outcome_awaiter<U>{std::move(outcome)};
    }
    detail::outcome_awaiter<void> await_transform(status outcome) {
      return detail::outcome_awaiter<void>{outcome.ok() ? result<void>{} : result<void>{std::move(outcome)}};
    }
    template <class U>
    auto await_transform(task<U>&& awaited) noexcept {
      return std::move(awaited).operator co_await();
    }
    // The awaiter, often a temporary, lives until the end of the co_await expression, and must stay where it
    // is.
    template <class A>
    auto await_transform(A&& awaited) noexcept {
      static_assert(
        detail::run_awaitable<A>,
        "a troupe::task can await tasks, calls, streams, timers and troupe::ask(); this type is none of "
        "them, and would resume outside its actor");
      return detail::awaiter_in_place<std::remove_reference_t<A>>{&awaited};
    }
  };

  // No coroutine: what a hook returns that has nothing to do.
  task() noexcept = default;
  task(task && other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~task() {
    if (handle_) handle_.destroy();
  }

  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

  // Awaiting yields the value; an error ends the awaiting task.
  auto operator co_await()&& noexcept { return awaiter<true>{std::move(*this)}; }

  // Awaiting yields a result<T>; an error is a value like any other.
  auto as_result()&& noexcept { return awaiter<false>{std::move(*this)}; }

  // For the runtime: gives up the coroutine.
  std::coroutine_handle<promise_type> release() noexcept { return std::exchange(handle_, {}); }

private:
  template <bool Propagate>
  class awaiter final : public detail::parent_awaiter {
  public:
    using run_awaitable_tag = void;

    explicit awaiter(task&& awaited) noexcept : child_(std::move(awaited)) {}
    awaiter(awaiter&&) = delete;

    // A hook that has nothing to do (task<>{}) is done.
    bool await_ready() const noexcept { return std::is_void_v<T> && !child_.handle_; }

    template <class P>
    void await_suspend(std::coroutine_handle<P> waiting) noexcept {
      parent_ = &waiting.promise();
      child_.handle_.promise().enter(parent_->run(), child_.handle_, this);
      detail::resume_next(*parent_->run(), child_.handle_);
    }

    auto await_resume() {
      if constexpr (std::is_void_v<T>) {
        if (!child_.handle_) {
          if constexpr (Propagate)
            return;
          else
            return result<void>{};
        }
      }
      auto& promise = child_.handle_.promise();
      if (promise.exception()) std::rethrow_exception(promise.exception());
      if constexpr (!Propagate)
        return std::move(*promise.outcome());
      else if constexpr (!std::is_void_v<T>)
        return std::move(**promise.outcome());
    }

  private:
    void child_finished() override {
      auto& promise = child_.handle_.promise();
      if (Propagate && !promise.exception() && !*promise.outcome())
        parent_->end_with(promise.outcome()->error());
      else
        detail::resume_next(*parent_->run(), parent_->self());
    }

    task child_;
    detail::promise_base* parent_ = nullptr;
  };

  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

} // namespace troupe
