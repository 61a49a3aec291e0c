// The part of an actor that runs coroutines: their timers, the calls they make, their end with the actor.
// Single-threaded, as its actor is. Internal to actors/service.
#pragma once

#include "actors/service/coroutine_run.hpp"
#include "actors/service/node_services.hpp"
#include "actors/service/timer_queue.hpp"
#include "runtime/call/call.hpp"

#include <exception>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

class outgoing_call;

class coroutine_host {
public:
  explicit coroutine_host(const node_services& node) noexcept : node_(&node) {}
  coroutine_host(const coroutine_host&) = delete;
  coroutine_host& operator=(const coroutine_host&) = delete;

  const node_services& services() const noexcept { return *node_; }
  // The actor's clock.
  virtual monotonic_time now() const noexcept = 0;
  // The next number of the actor's random stream.
  virtual std::uint64_t random() = 0;
  // The caller end of the calls that this actor makes.
  virtual call_end_ptr inbox() = 0;

  timer_queue& timers() noexcept { return timers_; }

  // The way to a service, looked up in the directory once.
  service_route& route_to(const service_info& service);

  // How long calls of a method may take whose caller does not say, as the contract has it
  // ((troupe.method).timeout); zero when it says nothing. Read from the contract once.
  duration timeout_of(const method_info& method);

  // Runs the root until it waits or ends. Owns the run from here on.
  void start(std::unique_ptr<coroutine_run> run);

  // Goes on with a run that waited; destroys it when it ends.
  void resume(coroutine_run& run);

  // Ends a run where it waits. Of a run that is being driven: at its next suspension point.
  void end(coroutine_run& run, status why);
  // Ends all of them, the youngest first, because the actor crashed or stopped: calls that they handle are
  // abandoned, so that their callers learn whether they may be retried.
  void abandon_all(std::string_view why);

  // The run that is being driven, or null.
  coroutine_run* current() const noexcept { return current_; }
  std::size_t run_count() const noexcept { return run_count_; }

  // An exception that left a root. The actor must end itself with it once control is back in its own code.
  const std::exception_ptr& failure() const noexcept { return failure_; }
  void fail_with(std::exception_ptr what) noexcept {
    if (!failure_) failure_ = std::move(what);
  }

  // A frame for one of the calls that this actor made.
  void deliver_to_caller(frame what);

protected:
  ~coroutine_host();

  // A run has ended, and is about to be destroyed.
  virtual void run_finished(coroutine_run&) {}

private:
  void conclude(coroutine_run& run);

  const node_services* node_;
  timer_queue timers_;
  boost::intrusive::list<coroutine_run, boost::intrusive::constant_time_size<false>> runs_;
  std::size_t run_count_ = 0;
  std::vector<std::pair<const service_info*, service_route*>> routes_; // an actor calls few services
  std::vector<std::pair<const method_info*, duration>> timeouts_;      // nor many methods
  coroutine_run* current_ = nullptr;
  std::exception_ptr failure_;
};

} // namespace troupe
