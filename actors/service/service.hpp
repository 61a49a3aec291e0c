// What the author of a service sees: the handler base class, its helpers, and module().
//
//   class greeter final : public hello::GreeterHandler {
//     troupe::task<hello::Greeting> greet(const hello::Person& person) override {
//       hello::Greeting greeting;
//       greeting.set_text("hello, " + person.name());
//       co_return greeting;
//     }
//   };
//   int main(int argc, char** argv) { return troupe::run(argc, argv, troupe::module<greeter>()); }
//
// A handler object lives inside one actor and is used by one thread at a time; it needs no locks. Its
// handlers may interleave where they co_await, unless the module says one_at_a_time().
#pragma once

#include "actors/service/client.hpp"
#include "actors/service/handler_run.hpp"
#include "actors/service/sleep.hpp"
#include "actors/service/task.hpp"
#include "runtime/environment/clock.hpp"
#include "runtime/supervision/child_spec.hpp"
#include "runtime/telemetry/log.hpp"

#include <caf/fwd.hpp>

#include <concepts>
#include <memory>
#include <string_view>

namespace troupe {

class actor_names;
class service_actor;

class service_handler {
public:
  service_handler();
  virtual ~service_handler();
  service_handler(const service_handler&) = delete;
  service_handler& operator=(const service_handler&) = delete;

  // -- generated code overrides these

  virtual const service_info& info() const noexcept = 0;
  // Begins the handler of run.method().
  virtual void start(handler_run& run) = 0;

  // -- authors may override these

  // Runs before the service takes its first call, again after each restart. An error or an exception is a
  // failed start, which the supervisor deals with. The modules that come later wait for it.
  virtual task<> on_start();

  // Runs when the service shuts down in good order, after its last call and before its time-out. Not after a
  // crash.
  virtual task<> on_stop();

  // Plain CAF messages that the actor shall handle besides calls. Called once, before on_start().
  virtual caf::behavior plain_messages();

protected:
  // -- inside handlers and hooks

  // The actor itself, with all that CAF offers: spawn (helpers: see spawn_helper), request, monitor, link,
  // delayed_send.
  caf::event_based_actor* self() const noexcept;

  // A client of service S, for use inside this actor: `co_await client<shop::Orders>().get(request)`.
  template <class S>
  typename S::client client() {
    return typename S::client{make_client(S::info(), nullptr)};
  }
  template <class S>
  typename S::client client(call_options options) {
    return
      typename S::client{make_client(S::info(), std::make_shared<const call_options>(std::move(options)))};
  }

  // `co_await sleep_for(50ms);` on the actor's clock, which is virtual in a simulation.
  sleep_awaiter sleep_for(duration how_long) const { return sleep_awaiter{host(), how_long}; }

  // The actor's monotonic clock.
  monotonic_time now() const noexcept;

  // The date and time, for records that people read; it may jump when the machine's clock is set.
  wall_time wall_now() const noexcept;

  // The next number of the actor's random stream: the same in each run of a simulation with the same seed.
  std::uint64_t random();

  // CAF actors by name, on all nodes of the cluster: `names()->find_one("printer")`, see
  // discovery/actor_names/actor_names.hpp. Null where the actor has no node, as in some tests.
  actor_names* names() const noexcept;

  // The call that the running handler handles: its deadline, and its metadata (identity, headers, trace).
  // Null outside of handlers. Take what is needed before the first co_await of a helper that outlives the
  // handler.
  const call* current_call() const noexcept;

  // A header of the reply to the current call: an HTTP header, gRPC initial metadata. Before the first reply
  // only.
  void set_reply_header(std::string name, std::string value);

  // Runs a task beside the handlers until it ends or the actor does. A failure that is not a bug is logged.
  void run_in_background(task<> work);

  // Ends the actor as a crash would; its supervisor restarts it.
  void crash(std::string why);

  // The log of this service; lines carry the trace of the call that is handled.
  //   log().info("order placed", {{"order", id}, {"items", count}});
  logger log() const;

  // The supervisor that this service's actor stands under, and where its helpers belong
  // (runtime/supervision).
  const caf::actor& supervisor() const noexcept;

  // Starts an actor of any kind under that supervisor, which restarts it as `helper` says; it ends with the
  // module.
  task<caf::actor> start_helper(child_spec helper);

  coroutine_host& host() const noexcept;

private:
  friend class service_actor;

  client_base make_client(const service_info& service, std::shared_ptr<const call_options> options);

  service_actor* actor_;
};

} // namespace troupe
