// What a test lets its clients do in a simulation, and what became of it. Internal to testing.
#pragma once

#include "actors/service/visitor.hpp"
#include "actors/testing/limited_work.hpp"
#include "runtime/core/result.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::detail {

// Shared by the test and the work; one thread.
struct work_progress {
  bool ended = false;
  std::exception_ptr failure; // an exception that left the work
  virtual ~work_progress() = default;
  // OK while the work goes on.
  virtual status outcome() const = 0;
};
using work_progress_ptr = std::shared_ptr<work_progress>;

template <class T>
struct work_outcome final : work_progress {
  std::optional<result<T>> value;

  status outcome() const override { return value ? status_of(*value) : status{}; }
  void end(result<T> with) {
    value.emplace(std::move(with));
    ended = true;
  }
};

// Tells the end of the work also when the work is destroyed where it waits.
template <class T>
class work_teller {
public:
  explicit work_teller(std::shared_ptr<work_outcome<T>> to) noexcept : to_(std::move(to)) {}
  work_teller(const work_teller&) = delete;
  work_teller& operator=(const work_teller&) = delete;
  ~work_teller() {
    if (!to_->ended) to_->end(aborted("the work was ended together with its actor or its node"));
  }

  work_outcome<T>& to() noexcept { return *to_; }

private:
  const std::shared_ptr<work_outcome<T>> to_;
};

template <class T, class F>
task<> work_and_tell(visitor& self, std::shared_ptr<F> work, duration limit,
                     std::shared_ptr<work_teller<T>> told) {
  try {
    told->to().end(co_await run_limited<T>(self, *work, limit).as_result());
  } catch (...) {
    told->to().failure = std::current_exception();
    told->to().end(internal("an exception left the work"));
  }
}

} // namespace troupe::detail
