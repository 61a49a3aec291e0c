// A value that many threads read at any time without waiting, and one at a time replaces: read-copy-update
// (McKenney, Slingwine 1998). What was replaced is destroyed once no reader can still see it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
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
  // replaced meanwhile stays in memory.
  template <class F>
  decltype(auto) read(F with) const {
    const reader here{counters_[own_counter()].readers};
    return with(*current_.load(std::memory_order_seq_cst));
  }

  void replace(std::unique_ptr<const T> next) {
    current_.store(next.get(), std::memory_order_seq_cst);
    std::swap(owned_, next);
    retired_.push_back({std::move(next), (1u << counters) - 1});
    collect();
    // Only when readers were interrupted again and again; each needs a few instructions to be done.
    while (retired_.size() > most_retired) {
      std::this_thread::yield();
      collect();
    }
  }

  // The value as the one who replaces it sees it.
  const T& latest() const noexcept { return *owned_; }

  // Values that wait for their last readers, for tests.
  std::size_t retired() const noexcept { return retired_.size(); }

  static constexpr std::size_t most_retired = 16;

private:
  static constexpr std::size_t counters = 8;

  struct alignas(64) counter {
    mutable std::atomic<std::uint32_t> readers = 0;
  };

  class reader {
  public:
    // Sequentially consistent together with replace(): either it is seen counting, or it sees the new value.
    explicit reader(std::atomic<std::uint32_t>& in) noexcept : in_(in) {
      in_.fetch_add(1, std::memory_order_seq_cst);
    }
    ~reader() { in_.fetch_sub(1, std::memory_order_release); }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

  private:
    std::atomic<std::uint32_t>& in_;
  };

  struct old_value {
    std::unique_ptr<const T> value;
    std::uint32_t seen_by; // a bit for each counter that has not been seen at zero since
  };

  // By the stack that the reader runs on. Which one does not matter for what happens, only for how fast.
  static std::size_t own_counter() noexcept {
    const char here = 0;
    const auto stack = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&here)) >> 20;
    return static_cast<std::size_t>((stack * 0x9E3779B97F4A7C15ull) >> 61);
  }

  void collect() {
    std::uint32_t busy = 0;
    for (std::size_t i = 0; i < counters; ++i)
      if (counters_[i].readers.load(std::memory_order_seq_cst) != 0) busy |= 1u << i;
    for (auto& each : retired_)
      each.seen_by &= busy;
    std::erase_if(retired_, [](const old_value& each) { return each.seen_by == 0; });
  }

  static_assert(counters == 8, "own_counter() takes three bits");
  std::array<counter, counters> counters_;
  std::atomic<const T*> current_;
  std::unique_ptr<const T> owned_; // what current_ points to
  std::vector<old_value> retired_;
};

} // namespace troupe
