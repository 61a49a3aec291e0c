// A value that many threads read at any time without waiting, and one at a time replaces: read-copy-update
// (McKenney, Slingwine 1998). What was replaced is destroyed once no reader can still see it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace troupe {

// read() is thread-safe and neither locks nor waits. replace() is for one thread at a time, beside readers.
//
// Readers count themselves in one of some counters, so that those on different cores seldom share one. A
// reader that began after a replacement sees the new value; so a counter that is seen at zero after it has
// nobody left who may hold the old one. The counters need not be zero at the same moment.
template <class T>
class published {
public:
  explicit published(std::unique_ptr<const T> first) : current_(first.get()), owned_(std::move(first)) {}
  published(const published&) = delete;
  published& operator=(const published&) = delete;

  // Calls `with(const T&)` and gives what that gives. Keep it short, and call nothing that may wait: what is
  // replaced meanwhile stays in memory. Readers of different numbers `who` (an actor's, for example) get less
  // into each other's way.
  template <class F>
  decltype(auto) read(std::uint64_t who, F with) const {
    const reader here{*this, counters_[who % counters].readers};
    return with(*current_.load());
  }

  // Waits for readers only when they were interrupted so that most_retired values could not go yet; not from
  // within read().
  void replace(std::unique_ptr<const T> next) {
    current_.store(next.get());
    std::swap(owned_, next);
    retired_.push_back({std::move(next), (1u << counters) - 1});
    collect();
    if (retired_.size() > most_retired) wait();
  }

  // The value as the one who replaces it sees it.
  const T& latest() const noexcept { return *owned_; }

  // Values that wait for their last readers, for tests.
  std::size_t retired() const noexcept { return retired_.size(); }

  static constexpr std::size_t most_retired = 16;

private:
  static constexpr std::size_t counters = 8;

  // All operations are sequentially consistent: of a reader that counts itself and then looks, and one who
  // replaces the value and then looks at the counters, at least one sees what the other did. The same holds
  // for a reader that leaves and one who says that it waits.
  struct alignas(64) counter {
    std::atomic<std::uint32_t> readers = 0;
  };

  class reader {
  public:
    reader(const published& of, std::atomic<std::uint32_t>& in) noexcept : of_(of), in_(in) {
      in_.fetch_add(1);
    }
    ~reader() {
      in_.fetch_sub(1);
      if (of_.waits_.load()) in_.notify_all();
    }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

  private:
    const published& of_;
    std::atomic<std::uint32_t>& in_;
  };

  struct old_value {
    std::unique_ptr<const T> value;
    std::uint32_t seen_by; // a bit for each counter that has not been seen at zero since
  };

  void collect() {
    std::uint32_t busy = 0;
    for (std::size_t i = 0; i < counters; ++i)
      if (counters_[i].readers.load() != 0) busy |= 1u << i;
    drop(busy);
  }

  void wait() {
    waits_.store(true);
    for (auto& each : counters_)
      while (const auto some = each.readers.load())
        each.readers.wait(some);
    waits_.store(false);
    drop(0);
  }

  void drop(std::uint32_t busy) {
    for (auto& each : retired_)
      each.seen_by &= busy;
    std::erase_if(retired_, [](const old_value& each) { return each.seen_by == 0; });
  }

  mutable std::array<counter, counters> counters_;
  std::atomic<const T*> current_;
  std::atomic<bool> waits_ = false; // whoever replaces, for readers
  std::unique_ptr<const T> owned_;  // what current_ points to
  std::vector<old_value> retired_;
};

} // namespace troupe
