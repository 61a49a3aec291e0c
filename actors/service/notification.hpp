// Waiting, inside one actor, for what another of its handlers does.
//
//   while (order.state() == PENDING) co_await changed.wait();     // in one handler
//   order.set_state(CONFIRMED); changed.notify_all();             // in another
//
// Used by the actor that owns it only. It remembers nothing: look at the state before and after waiting.
#pragma once

#include "actors/service/coroutine_run.hpp"

#include <boost/intrusive/list.hpp>

namespace troupe {

class notification {
  using hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

public:
  notification() = default;
  notification(const notification&) = delete;
  notification& operator=(const notification&) = delete;

  // Ends with its coroutine, wherever that is ended.
  class [[nodiscard("nothing waits until this is awaited")]] awaiter final : public suspension, public hook {
  public:
    using run_awaitable_tag = void;

    explicit awaiter(notification & of) noexcept : of_(of) {}

    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      const bool suspended = suspend(awaiting, false);
      if (waiting()) of_.waiters_.push_back(*this);
      return suspended;
    }
    void await_resume() const noexcept {}

  private:
    friend class notification;
    notification& of_;
  };

  // Awaiting it ends with the next notify_all(). Who waits when the notification is destroyed waits on until
  // its handler is ended.
  awaiter wait() noexcept { return awaiter{*this}; }

  // Lets all who wait now go on, one after the other, before it returns: what they do may have changed the
  // actor's state by then. Who begins to wait meanwhile waits for the next one.
  void notify_all() {
    waiter_list woken;
    woken.swap(waiters_);
    while (!woken.empty()) {
      auto& next = woken.front();
      woken.pop_front();
      next.wake();
    }
  }

private:
  using waiter_list = boost::intrusive::list<awaiter, boost::intrusive::constant_time_size<false>>;

  waiter_list waiters_;
};

} // namespace troupe
