// An event loop in a simulated world. Internal to the simulation.
#pragma once

#include "runtime/environment/event_loop.hpp"
#include "runtime/simulation/loop_core.hpp"

namespace troupe {

class simulated_loop final : public event_loop {
public:
  explicit simulated_loop(std::shared_ptr<loop_core> core) : core_(std::move(core)) {}
  ~simulated_loop() override { core_->close(); }

  void post(std::function<void()> work) override { core_->post(std::move(work), "post"); }
  void run(std::function<void()> work) override { core_->run_now(work); }
  bool is_current() const noexcept override { return core_->is_current(); }
  std::unique_ptr<loop_timer> after(duration delay, std::function<void()> then) override;
  result<std::unique_ptr<stream_listener>> listen(const endpoint& local, listen_options options,
                                                  accept_handler on_accepted,
                                                  refusal_handler on_refused) override;
  std::unique_ptr<loop_timer> connect(const endpoint& peer, stream_credentials_ptr credentials,
                                      duration timeout, connect_handler then) override;

private:
  const std::shared_ptr<loop_core> core_;
};

} // namespace troupe
