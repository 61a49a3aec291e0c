// What clients asked of a service and what it answered, in the order in which that happened: the evidence
// that a linearizability check judges.
//
//   troupe::history_of<troupe::register_model> history{&clock};
//   const auto op = history.invoke(client, troupe::register_input::write("1"));
//   const auto answer = co_await service.write(...);
//   if (answer) history.complete(op, troupe::register_output::written());
//   else if (retry_is_safe(answer.error())) history.fail(op);   // it did not happen
//                                                                // else left open: it may have happened
#pragma once

#include "runtime/core/status.hpp"
#include "runtime/core/strong_type.hpp"
#include "runtime/environment/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

// An operation's place in its history, from 0, in the order of the calls.
using operation_number = strong_type<std::uint32_t, struct operation_number_tag>;

// When something happened. The order is that of `event`, which counts calls and ends alike from 0; `time`
// (since the clock's epoch) is only shown. Many events of a simulation happen in the same nanosecond, and yet
// one after the other.
struct history_moment {
  std::uint32_t event = 0;
  duration time{};

  // After everything: where an operation ends that has not ended.
  static constexpr history_moment never() noexcept {
    return {std::numeric_limits<std::uint32_t>::max(), duration::max()};
  }
  bool operator==(const history_moment&) const = default;
};

enum class operation_outcome : std::uint8_t {
  unknown,   // no answer: it may have taken effect at any time since its call, may yet do so, or never
  completed, // it took effect once, between its call and its end
  failed,    // it did not take effect, and never will
};

template <class Input, class Output>
struct recorded_operation {
  std::uint32_t client = 0;
  Input input;
  std::optional<Output> output; // there exactly when the operation completed
  operation_outcome outcome = operation_outcome::unknown;
  history_moment called;
  history_moment ended = history_moment::never();

  bool operator==(const recorded_operation&) const = default;
};

inline constexpr std::size_t default_history_limit = 1'000'000;
inline constexpr std::size_t max_history_limit = 1'000'000'000;

// A recorder and what it recorded. For one thread at a time. Events must be recorded when they happen: a call
// before the request leaves the client, an end after the answer reached it.
//
// Recording never fails. What cannot be recorded (an operation beyond the limit, a second end of an
// operation) is told by problem(), and makes every check of the history `unknown`: evidence with a hole
// proves nothing.
template <class Input, class Output>
class history {
public:
  using operation = recorded_operation<Input, Output>;

  // `now` stamps each event; null: times are all zero. It must outlive the recording. `limit`: the most
  // operations that are kept, at most max_history_limit.
  explicit history(const clock* now = nullptr, std::size_t limit = default_history_limit)
    : clock_(now), limit_(limit < max_history_limit ? limit : max_history_limit) {}

  // A client asks. A client may have several operations open. The number means this operation in complete()
  // and fail(); beyond the limit it means none, and both ignore it.
  operation_number invoke(std::uint32_t client, Input input) {
    return invoke_at(now(), client, std::move(input));
  }

  // It is answered: it took effect.
  void complete(operation_number which, Output output) { complete_at(now(), which, std::move(output)); }

  // It certainly did not take effect, and never will: refused, or UNAVAILABLE before it was sent. After a
  // time-out or a broken connection leave the operation open instead.
  void fail(operation_number which) { fail_at(now(), which); }

  // The same with a given time, for what is not recorded live.
  operation_number invoke_at(duration time, std::uint32_t client, Input input) {
    if (operations_.size() >= limit_) {
      note(resource_exhausted("the history is full: it has {} operations; record fewer, or raise its limit",
                              limit_));
      return nothing();
    }
    operations_.push_back({client, std::move(input), std::nullopt, operation_outcome::unknown, next(time)});
    return operation_number{static_cast<std::uint32_t>(operations_.size() - 1)};
  }
  void complete_at(duration time, operation_number which, Output output) {
    if (auto* const found = open(which)) {
      found->output.emplace(std::move(output));
      found->outcome = operation_outcome::completed;
      found->ended = next(time);
    }
  }
  void fail_at(duration time, operation_number which) {
    if (auto* const found = open(which)) {
      found->outcome = operation_outcome::failed;
      found->ended = next(time);
    }
  }

  // In the order of their calls.
  const std::vector<operation>& operations() const noexcept { return operations_; }

  // How many calls and ends were recorded.
  std::uint32_t events() const noexcept { return events_; }

  // OK, or the first thing that could not be recorded: RESOURCE_EXHAUSTED (full), FAILED_PRECONDITION (an
  // operation ended twice, or never began).
  const status& problem() const noexcept { return problem_; }

private:
  static operation_number nothing() noexcept {
    return operation_number{std::numeric_limits<std::uint32_t>::max()};
  }

  duration now() const noexcept { return clock_ == nullptr ? duration{} : clock_->now().time_since_epoch(); }
  history_moment next(duration time) noexcept { return {events_++, time}; }

  operation* open(operation_number which) {
    if (which == nothing()) return nullptr; // told when it was invoked
    if (which.value() >= operations_.size()) {
      note(failed_precondition("operation {} ended and never began", which.value()));
      return nullptr;
    }
    auto& found = operations_[which.value()];
    if (found.outcome != operation_outcome::unknown) {
      note(failed_precondition("operation {} ended twice", which.value()));
      return nullptr;
    }
    return &found;
  }

  void note(status what) {
    if (problem_.ok()) problem_ = std::move(what);
  }

  const clock* clock_;
  std::size_t limit_;
  std::vector<operation> operations_;
  std::uint32_t events_ = 0;
  status problem_;
};

// The history of clients of what a model describes.
template <class Model>
using history_of = history<typename Model::input_type, typename Model::output_type>;

} // namespace troupe
