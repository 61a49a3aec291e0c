// Awaiting the answer of a plain CAF actor. This header brings in CAF's templates; include it where they are
// needed.
#pragma once

#include "actors/service/coroutine_host.hpp"
#include "actors/service/service.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/to_string.hpp>

#include <memory>
#include <optional>
#include <tuple>

namespace troupe {

namespace detail {

template <class... Rs>
struct ask_value {
  using type = std::tuple<Rs...>;
};
template <class R>
struct ask_value<R> {
  using type = R;
};
template <>
struct ask_value<> {
  using type = void;
};

} // namespace detail

// Made by ask().
template <class... Rs>
class [[nodiscard("nothing is asked until this is awaited")]] ask_awaiter final : public suspension {
public:
  using run_awaitable_tag = void;
  using value_type = typename detail::ask_value<Rs...>::type;

  template <class Send>
  explicit ask_awaiter(Send send) : send_(std::move(send)), link_(std::make_shared<ask_awaiter*>(this)) {}
  ~ask_awaiter() { *link_ = nullptr; }

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> awaiting) {
    const bool suspended = suspend(awaiting, false);
    if (waiting()) send_(link_);
    return suspended;
  }
  value_type await_resume() {
    if constexpr (sizeof...(Rs) == 1)
      return std::get<0>(std::move(*answer_));
    else if constexpr (sizeof...(Rs) > 1)
      return std::move(*answer_);
  }

  // For the response handlers that ask() installs.
  void answered(Rs... values) {
    answer_.emplace(std::move(values)...);
    wake();
  }
  void refused(status why) { wake_with_error(std::move(why)); }

private:
  std::function<void(std::shared_ptr<ask_awaiter*>)> send_;
  std::shared_ptr<ask_awaiter*> link_; // null once this awaiter is gone: the answer then comes too late
  std::optional<std::tuple<Rs...>> answer_;
};

// What an error of CAF means to a caller.
status status_of(const caf::error& error);

// `int sum = co_await ask<int>(self(), adder, 1s, add_atom::value, 1, 2);` sends a CAF request and awaits its
// answer. Rs are the types of the answer: none yields nothing, several yield a tuple. A time-out is
// DEADLINE_EXCEEDED, an actor that is down UNAVAILABLE, any other error of CAF UNKNOWN with its text; each
// ends the awaiting task.
template <class... Rs, class Handle, class... Args>
ask_awaiter<Rs...> ask(caf::event_based_actor* self, Handle actor, duration timeout, Args... args) {
  return ask_awaiter<Rs...>{[self, actor = std::move(actor), timeout,
                             ... args = std::move(args)](std::shared_ptr<ask_awaiter<Rs...>*> link) {
    self->request(actor, timeout, args...)
      .then(
        [link](Rs... values) {
          if (*link) (*link)->answered(std::move(values)...);
        },
        [link](caf::error& error) {
          if (*link) (*link)->refused(status_of(error));
        });
  }};
}

} // namespace troupe
