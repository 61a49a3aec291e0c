// The next moment at which each of many things needs attention. Each is in the heap at most once and knows
// where, so that it can be moved or removed. Without a clock.
#pragma once

#include "runtime/core/deadline.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace troupe {

class deadline_entry {
public:
  static constexpr std::size_t absent = static_cast<std::size_t>(-1);
  monotonic_time due = monotonic_time::max();
  void* owner = nullptr; // whose it is, for the one who uses the heap

private:
  friend class deadline_heap;
  std::size_t place_ = absent;
};

// Does not own its entries; they must be removed before they end.
class deadline_heap {
public:
  bool empty() const noexcept { return heap_.empty(); }
  // Of a heap that is not empty.
  deadline_entry& first() const noexcept { return *heap_.front(); }

  void set(deadline_entry& entry, monotonic_time due) {
    entry.due = due;
    if (entry.place_ == deadline_entry::absent) {
      entry.place_ = heap_.size();
      heap_.push_back(&entry);
      rise(entry.place_);
    } else {
      sink(rise(entry.place_));
    }
  }

  void remove(deadline_entry& entry) {
    auto place = entry.place_;
    if (place == deadline_entry::absent) return;
    exchange(place, heap_.size() - 1);
    heap_.pop_back();
    entry.place_ = deadline_entry::absent;
    if (place < heap_.size()) sink(rise(place));
  }

private:
  void exchange(std::size_t a, std::size_t b) {
    std::swap(heap_[a], heap_[b]);
    heap_[a]->place_ = a;
    heap_[b]->place_ = b;
  }

  std::size_t rise(std::size_t at) {
    while (at > 0 && heap_[at]->due < heap_[(at - 1) / 2]->due) {
      exchange(at, (at - 1) / 2);
      at = (at - 1) / 2;
    }
    return at;
  }

  void sink(std::size_t at) {
    for (;;) {
      auto least = at;
      for (auto child : {2 * at + 1, 2 * at + 2})
        if (child < heap_.size() && heap_[child]->due < heap_[least]->due) least = child;
      if (least == at) return;
      exchange(at, least);
      at = least;
    }
  }

  std::vector<deadline_entry*> heap_;
};

} // namespace troupe
