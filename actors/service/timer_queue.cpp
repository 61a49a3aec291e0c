#include "actors/service/timer_queue.hpp"

namespace troupe {

void timer_entry::cancel_timer() noexcept {
  if (queue_ != nullptr) queue_->remove(*this);
}

timer_queue::~timer_queue() {
  for (auto* entry : heap_)
    entry->queue_ = nullptr;
}

void timer_queue::place(timer_entry* entry, std::size_t position) noexcept {
  heap_[position] = entry;
  entry->position_ = position;
}

void timer_queue::sift_up(std::size_t position) noexcept {
  auto* entry = heap_[position];
  while (position > 0) {
    auto parent = (position - 1) / 2;
    if (heap_[parent]->due_ <= entry->due_) break;
    place(heap_[parent], position);
    position = parent;
  }
  place(entry, position);
}

void timer_queue::sift_down(std::size_t position) noexcept {
  auto* entry = heap_[position];
  for (;;) {
    auto child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->due_ < heap_[child]->due_) ++child;
    if (entry->due_ <= heap_[child]->due_) break;
    place(heap_[child], position);
    position = child;
  }
  place(entry, position);
}

void timer_queue::insert(timer_entry& entry, monotonic_time due) {
  entry.cancel_timer();
  heap_.push_back(&entry);
  entry.queue_ = this;
  entry.due_ = due;
  entry.position_ = heap_.size() - 1;
  sift_up(entry.position_);
}

void timer_queue::remove(timer_entry& entry) noexcept {
  auto position = entry.position_;
  entry.queue_ = nullptr;
  auto* last = heap_.back();
  heap_.pop_back();
  if (last == &entry) return;
  place(last, position);
  sift_up(position);
  sift_down(last->position_);
}

void timer_queue::fire(monotonic_time now) {
  // What an entry inserts while it fires may be due at once (a sleep of zero in a loop); a bound on this turn
  // keeps the actor answering its mailbox.
  for (auto left = heap_.size(); left > 0 && !heap_.empty() && heap_.front()->due_ <= now; --left) {
    auto* entry = heap_.front();
    remove(*entry);
    entry->timer_due();
  }
}

} // namespace troupe
