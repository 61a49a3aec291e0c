// The future of a simulated world: what happens when, in virtual time. Internal to the simulation.
#pragma once

#include "runtime/core/deadline.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe {

class event_queue;

// Something that happens at a moment, embedded in whatever it concerns, so that waiting costs no allocation.
// Destroying it takes it out of its queue.
class timed_event {
public:
  timed_event() = default;
  timed_event(const timed_event&) = delete;
  timed_event& operator=(const timed_event&) = delete;

  virtual ~timed_event();

  bool waiting() const noexcept { return queue_ != nullptr; }

private:
  friend class event_queue;

  // Its moment has come, and it no longer waits. May add and remove events, destroy itself included.
  virtual void fire() = 0;

  event_queue* queue_ = nullptr;
  std::size_t place_ = 0;
};

// Events of the same moment fire in the order in which they were added. One thread.
class event_queue {
public:
  event_queue() = default;
  ~event_queue();
  event_queue(const event_queue&) = delete;
  event_queue& operator=(const event_queue&) = delete;

  // The virtual time, since its beginning. Only advances.
  monotonic_time now() const noexcept { return now_; }

  // Makes `what` fire at `at`, or now when that has passed; moves it when it waits already.
  void add(timed_event& what, monotonic_time at);
  void remove(timed_event& what) noexcept;

  bool empty() const noexcept { return heap_.empty(); }

  // The moment of the next event; monotonic_time::max() when there is none.
  monotonic_time next() const noexcept { return heap_.empty() ? monotonic_time::max() : heap_.front().at; }

  // Goes to the moment of the next event and fires all that are due then. Precondition: not empty.
  void advance();

  // Goes to a moment before the next event. One that has passed: no effect.
  void skip_to(monotonic_time when) noexcept {
    if (when > now_) now_ = when;
  }

private:
  // The moments are here and not in the events, so that comparing them touches this array only.
  struct entry {
    monotonic_time at;
    std::uint64_t order;
    timed_event* what;

    bool before(const entry& other) const noexcept {
      return at != other.at ? at < other.at : order < other.order;
    }
  };

  void put(std::size_t place, const entry& what) noexcept;
  void rise(std::size_t place, entry what) noexcept;
  void sink(std::size_t place, entry what) noexcept;
  void take(std::size_t place) noexcept;

  std::vector<entry> heap_; // four children a parent
  monotonic_time now_{};
  std::uint64_t added_ = 0;
};

} // namespace troupe
