#include "runtime/call/inline_execution.hpp"

#include <caf/actor_system.hpp>
#include <caf/intrusive_ptr.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <chrono>

namespace troupe {

namespace {

// Messages an actor may handle before it must make room for others: large enough for a burst of pipelined
// requests.
constexpr std::size_t messages_an_actor = 64;
// How often actors are resumed before the thread returns to its edge, and the time after which it returns
// sooner.
constexpr std::size_t actors_a_turn = 256;
constexpr std::chrono::milliseconds time_a_turn{2};

thread_local inline_execution* active = nullptr;

} // namespace

inline_execution::inline_execution(caf::actor_system& system) : caf::execution_unit(&system) {
  ready_.reserve(16);
}

inline_execution::~inline_execution() {
  for (auto* job : ready_)
    system().scheduler().enqueue(job);
}

inline_execution* inline_execution::current() noexcept { return active; }

inline_execution::scope::scope(inline_execution& unit) noexcept : unit_(unit), outer_(active) {
  active = &unit;
}

inline_execution::scope::~scope() {
  if (outer_ == nullptr && !unit_.running_) unit_.run_ready();
  active = outer_;
}

void inline_execution::exec_later(caf::resumable* job) { ready_.push_back(job); }

void inline_execution::run_ready() {
  if (ready_.empty()) return;
  running_ = true;
  std::size_t resumed = 0;
  const auto began = system().clock().now();
  for (std::size_t next = 0; next < ready_.size(); ++next) {
    auto* job = ready_[next];
    if (resumed == actors_a_turn || (resumed > 0 && system().clock().now() - began > time_a_turn)) {
      system().scheduler().enqueue(job);
      continue;
    }
    ++resumed;
    switch (job->resume(this, messages_an_actor)) {
    case caf::resumable::resume_later:
      // Its turn comes again after the others'. Another thread would take it over at a high price: two
      // threads, one that fills its mailbox and one that empties it, hinder each other at every message.
      ready_.push_back(job);
      break;
    case caf::resumable::awaiting_message:
    case caf::resumable::done:
      caf::intrusive_ptr_release(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
    }
  }
  ready_.clear();
  running_ = false;
}

} // namespace troupe
