// The CAF actor that a service handler lives in. Internal to actors/service; hosts spawn it.
#pragma once

#include "actors/service/coroutine_host.hpp"
#include "actors/service/service.hpp"
#include "runtime/call/actor_reference.hpp"
#include "runtime/call/frame_element.hpp"
#include "runtime/environment/random_source.hpp"
#include "runtime/telemetry/log.hpp"

#include <caf/event_based_actor.hpp>

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace troupe {

struct service_setup {
  std::string name; // of this instance, for logs and messages: "shop.Orders/0"
  std::function<std::unique_ptr<service_handler>()> make;
  const node_services* node = nullptr; // outlives the actor
  caf::actor supervisor;

  // Handlers that may run at a time, at least 1; further requests wait in the mailbox and count towards its
  // limit.
  std::uint32_t max_concurrent = 1024;

  // on_start() succeeded, and calls may come; or it failed, and the actor is about to end. Called in the
  // actor.
  std::function<void(caf::event_based_actor*)> on_ready;
  std::function<void(caf::event_based_actor*, const status&)> on_failed_start;
};

// Stops in good order on an exit message with reason user_shutdown: it refuses new calls, finishes those it
// has, runs on_stop() and ends. Any other reason ends it at once.
class service_actor final : public caf::event_based_actor, public coroutine_host {
public:
  service_actor(caf::actor_config& config, service_setup setup);
  ~service_actor() override;

  const char* name() const override { return "troupe.service"; }
  caf::behavior make_behavior() override;
  caf::invoke_message_result consume(caf::mailbox_element& element) override;
  void on_exit() override;

  monotonic_time now() const noexcept override { return home_system().clock().now(); }
  call_end_ptr inbox() override;
  std::uint64_t random() override;

  const service_setup& setup() const noexcept { return setup_; }
  void run_in_background(task<> work);
  logger log() const;
  void crash(std::string why);

private:
  enum class phase : std::uint8_t { starting, running, stopping, stopped };

  // A request that waits because max_concurrent handlers run.
  struct stashed_request {
    call_ptr call;
    actor_reference_ptr bound;
    bool half_closed = false;
  };
  class hook_run;

  void receive(frame_element& element);
  void accept(call_ptr request, actor_reference_ptr bound);
  void begin(call_ptr request, bool half_closed);
  void begin_stashed();
  void started(const status& outcome);
  void stop();
  void stop_when_idle();
  void finish_turn();
  void arm_timer();
  void run_finished(coroutine_run& run) override;

  service_setup setup_;
  std::unique_ptr<service_handler> handler_;
  call_end_ptr inbox_;
  std::unique_ptr<std::deque<stashed_request>> stash_; // most actors never need one
  std::unique_ptr<random_source> random_;              // most actors never draw
  logger log_;
  std::string crash_reason_;
  // When the timers of the actor system that were set are due, the next one last. Each is sooner than those
  // before it: one that is due later need not be set again.
  std::vector<monotonic_time> armed_;
  std::uint32_t handlers_ = 0;
  phase phase_ = phase::starting;
  bool crashed_ = false;
};

// Spawns the actor; it is not supervised by this alone.
caf::actor spawn_service(caf::actor_system& system, service_setup setup);

} // namespace troupe
