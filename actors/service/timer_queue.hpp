// The timers of one actor: sleeps, and the deadlines of what it runs and of what it waits for.
//
// A pure core. Most timers are removed long before they are due (calls are answered), so insertion and
// removal are O(log n) in one array, and the actor arms one timer of the actor system for the earliest only.
#pragma once

#include "runtime/core/deadline.hpp"

#include <cstddef>
#include <vector>

namespace troupe {

class timer_queue;

// A timer that may be in one queue at a time; leaves it when destroyed.
class timer_entry {
public:
  timer_entry() = default;
  timer_entry(const timer_entry&) = delete;
  timer_entry& operator=(const timer_entry&) = delete;

  // The moment it is due; only meaningful while it is queued.
  monotonic_time due() const noexcept { return due_; }
  bool queued() const noexcept { return queue_ != nullptr; }

  // Leaves its queue. No effect when it is in none.
  void cancel_timer() noexcept;

protected:
  ~timer_entry() { cancel_timer(); }

  // The timer is due and has left its queue. May destroy *this and may change the queue.
  virtual void timer_due() = 0;

private:
  friend class timer_queue;
  timer_queue* queue_ = nullptr;
  std::size_t position_ = 0;
  monotonic_time due_;
};

class timer_queue {
public:
  timer_queue() = default;
  ~timer_queue();
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;

  // Queues an entry, or moves it when it is queued already.
  void insert(timer_entry& entry, monotonic_time due);

  bool empty() const noexcept { return heap_.empty(); }
  std::size_t size() const noexcept { return heap_.size(); }
  // monotonic_time::max() when empty.
  monotonic_time earliest() const noexcept {
    return heap_.empty() ? monotonic_time::max() : heap_.front()->due_;
  }

  // Fires the entries due at `now`, in order of their moments; those inserted meanwhile wait for the next
  // call.
  void fire(monotonic_time now);

private:
  friend class timer_entry;
  void remove(timer_entry& entry) noexcept;
  void place(timer_entry* entry, std::size_t position) noexcept;
  void sift_up(std::size_t position) noexcept;
  void sift_down(std::size_t position) noexcept;

  std::vector<timer_entry*> heap_;
};

} // namespace troupe
