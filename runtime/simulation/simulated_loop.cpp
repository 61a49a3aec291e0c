#include "runtime/simulation/simulated_loop.hpp"

#include "runtime/simulation/bound_listener.hpp"
#include "runtime/simulation/connect_attempt.hpp"
#include "runtime/simulation/member_event.hpp"
#include "runtime/simulation/world_parts.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

class simulated_timer final : public loop_timer {
public:
  simulated_timer(std::shared_ptr<loop_core> loop, duration delay, std::function<void()> then)
    : loop_(std::move(loop)), then_(std::move(then)) {
    if (!loop_->alive()) return;
    const auto now = loop_->on().time.now();
    due_at_ = now + std::clamp(delay, duration::zero(), monotonic_time::max() - now);
    arm();
  }
  ~simulated_timer() override { work_.withdraw(); }

private:
  void arm() {
    const auto& here = loop_->on();
    if (const auto when = here.shown.world_of(due_at_); when != monotonic_time::max())
      here.world.events.add(due_, when);
  }

  void due() {
    const auto& here = loop_->on();
    // The machine's clock may have been slowed down meanwhile.
    if (loop_->alive() && here.time.now() < due_at_)
      arm();
    else
      loop_->add(work_);
  }

  void run() {
    auto& here = loop_->on();
    here.world.tracing.record(here.world.elapsed(), trace_kind::timer, here.index, 0, loop_->id(), 0, 0, 0,
                              "after");
    const auto then = std::move(then_); // it may destroy this
    then();
  }

  const std::shared_ptr<loop_core> loop_;
  std::function<void()> then_;
  monotonic_time due_at_{};
  member_event<simulated_timer, &simulated_timer::due> due_{*this};
  member_work<simulated_timer, &simulated_timer::run> work_{*this};
};

class simulated_listener final : public stream_listener {
public:
  explicit simulated_listener(std::shared_ptr<bound_listener> bound) : bound_(std::move(bound)) {}
  ~simulated_listener() override { bound_->close(); }
  endpoint local() const noexcept override { return bound_->local(); }

private:
  const std::shared_ptr<bound_listener> bound_;
};

} // namespace

std::unique_ptr<loop_timer> simulated_loop::after(duration delay, std::function<void()> then) {
  return std::make_unique<simulated_timer>(core_, delay, std::move(then));
}

result<std::unique_ptr<stream_listener>> simulated_loop::listen(const endpoint& local, listen_options options,
                                                                accept_handler on_accepted,
                                                                refusal_handler on_refused) {
  auto bound = std::make_shared<bound_listener>(core_, std::move(options), std::move(on_accepted),
                                                std::move(on_refused));
  if (auto outcome = bound->bind(local); !outcome.ok()) return outcome;
  return std::unique_ptr<stream_listener>{std::make_unique<simulated_listener>(std::move(bound))};
}

std::unique_ptr<loop_timer> simulated_loop::connect(const endpoint& peer, stream_credentials_ptr credentials,
                                                    duration timeout, connect_handler then) {
  return std::make_unique<connect_attempt>(core_, peer, credentials != nullptr, timeout, std::move(then));
}

} // namespace troupe
