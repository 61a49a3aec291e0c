#include "runtime/simulation/event_queue.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t children = 4;

} // namespace

timed_event::~timed_event() {
  if (queue_) queue_->remove(*this);
}

event_queue::~event_queue() {
  for (auto& each : heap_)
    each.what->queue_ = nullptr;
}

void event_queue::put(std::size_t place, const entry& what) noexcept {
  heap_[place] = what;
  what.what->place_ = place;
}

void event_queue::rise(std::size_t place, entry what) noexcept {
  while (place > 0) {
    const auto parent = (place - 1) / children;
    if (!what.before(heap_[parent])) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, what);
}

void event_queue::sink(std::size_t place, entry what) noexcept {
  const auto size = heap_.size();
  for (;;) {
    const auto first = place * children + 1;
    if (first >= size) break;
    auto least = first;
    for (auto child = first + 1; child < std::min(first + children, size); ++child)
      if (heap_[child].before(heap_[least])) least = child;
    if (!heap_[least].before(what)) break;
    put(place, heap_[least]);
    place = least;
  }
  put(place, what);
}

void event_queue::take(std::size_t place) noexcept {
  heap_[place].what->queue_ = nullptr;
  const auto last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  // The last one fills the gap; it may belong above or below it.
  if (place > 0 && last.before(heap_[(place - 1) / children]))
    rise(place, last);
  else
    sink(place, last);
}

void event_queue::add(timed_event& what, monotonic_time at) {
  if (what.queue_) what.queue_->remove(what);
  heap_.emplace_back();
  what.queue_ = this;
  rise(heap_.size() - 1, entry{std::max(at, now_), ++added_, &what});
}

void event_queue::remove(timed_event& what) noexcept {
  if (what.queue_ == this) take(what.place_);
}

void event_queue::advance() {
  skip_to(heap_.front().at);
  // Those that are added for this moment meanwhile come after those that wait: they belong to the next turn.
  const auto last = added_;
  while (!heap_.empty() && heap_.front().at <= now_ && heap_.front().order <= last) {
    auto* what = heap_.front().what;
    take(0);
    what->fire();
  }
}

} // namespace troupe
