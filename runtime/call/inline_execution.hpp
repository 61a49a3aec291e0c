// Runs actors on the thread that wakes them up, instead of waking up a scheduler thread to do it.
//
// An edge's thread has just read a request; the actor that will handle it is idle; on most machines handing
// it to another thread costs more than handling it (docs/performance.md). So the thread lends itself to CAF
// as an execution unit: actors that become ready through frames delivered on it run on it, right after the
// current callback.
#pragma once

#include <caf/execution_unit.hpp>

#include <cstddef>
#include <vector>

namespace troupe {

// One per thread of an edge, used by that thread only.
class inline_execution final : public caf::execution_unit {
public:
  // `system` must outlive this object.
  explicit inline_execution(caf::actor_system& system);
  ~inline_execution() override;

  inline_execution(const inline_execution&) = delete;
  inline_execution& operator=(const inline_execution&) = delete;

  // While a scope lives, frames delivered on this thread wake actors here. When the outermost scope ends,
  // they run, in turns: each for a bounded number of messages, as often as there is something to do, for a
  // bounded time; what remains goes to the scheduler, so that a busy service cannot keep the edge's thread.
  class scope {
  public:
    explicit scope(inline_execution& unit) noexcept;
    ~scope();
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

  private:
    inline_execution& unit_;
    inline_execution* outer_;
  };

  // The unit whose scope is active on this thread, or null. Frames are enqueued with it.
  static inline_execution* current() noexcept;

  void exec_later(caf::resumable* job) override;

private:
  void run_ready();

  std::vector<caf::resumable*> ready_;
  bool running_ = false;
};

} // namespace troupe
