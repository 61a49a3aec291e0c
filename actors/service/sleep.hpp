// Waiting for time to pass, on the actor's clock.
#pragma once

#include "actors/service/coroutine_host.hpp"

namespace troupe {

class [[nodiscard("nothing sleeps until this is awaited")]] sleep_awaiter final : public suspension,
                                                                                  private timer_entry {
public:
  using run_awaitable_tag = void;

  sleep_awaiter(coroutine_host & host, duration how_long) noexcept : host_(host), how_long_(how_long) {}

  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> awaiting) {
    const bool suspended = suspend(awaiting, how_long_ <= duration::zero());
    if (waiting()) host_.timers().insert(*this, deadline::after(host_.now(), how_long_).when());
    return suspended;
  }
  void await_resume() const noexcept {}

private:
  void timer_due() override { wake(); }

  coroutine_host& host_;
  duration how_long_;
};

} // namespace troupe
