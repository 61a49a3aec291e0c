// The numbers behind the handles of metrics.hpp. Internal to this component.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

namespace troupe::metrics_detail {

inline constexpr std::size_t cache_line = 64;

struct alignas(cache_line) counter_cell {
  std::atomic<std::uint64_t> value = 0;
};

struct alignas(cache_line) gauge_cell {
  std::atomic<double> value = 0;
};

// Which of `count` (a power of two) slots the current thread uses: neighbours in memory, the threads' own
// storage is not in the same place, so its address tells them apart without a global counter.
inline std::size_t slot_of_thread(std::size_t count) noexcept {
  thread_local const char marker = 0;
  const auto address = reinterpret_cast<std::uintptr_t>(&marker);
  return static_cast<std::size_t>((address * 0x9E3779B97F4A7C15U) >> 32) & (count - 1);
}

class histogram_cell {
public:
  explicit histogram_cell(std::vector<double> bounds)
    : bounds_(std::move(bounds)),
      stride_((bounds_.size() + 1 + words_a_line - 1) / words_a_line * words_a_line),
      counts_(new (std::align_val_t{cache_line}) std::atomic<std::uint64_t>[stride_ * slots]()) {}

  void observe(double value) noexcept {
    if (value != value) return;
    const auto bucket =
      static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin());
    const std::size_t slot = slot_of_thread(slots);
    counts_[slot * stride_ + bucket].fetch_add(1, std::memory_order_relaxed);
    sums_[slot].value.fetch_add(value, std::memory_order_relaxed);
  }

  // Not cumulative; the last one is +Inf. Values observed meanwhile are in or not.
  std::vector<std::uint64_t> counts() const {
    std::vector<std::uint64_t> out(bounds_.size() + 1);
    for (std::size_t slot = 0; slot < slots; ++slot) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] += counts_[slot * stride_ + i].load(std::memory_order_relaxed);
      }
    }
    return out;
  }
  double sum() const noexcept {
    double out = 0;
    for (const gauge_cell& each : sums_)
      out += each.value.load(std::memory_order_relaxed);
    return out;
  }
  const std::vector<double>& bounds() const noexcept { return bounds_; }

private:
  static constexpr std::size_t slots = 4;
  static constexpr std::size_t words_a_line = cache_line / sizeof(std::uint64_t);

  struct aligned_delete {
    void operator()(std::atomic<std::uint64_t>* words) const noexcept {
      ::operator delete[](words, std::align_val_t{cache_line});
    }
  };

  const std::vector<double> bounds_;
  const std::size_t stride_;
  std::unique_ptr<std::atomic<std::uint64_t>[], aligned_delete> counts_;
  gauge_cell sums_[slots];
};

} // namespace troupe::metrics_detail
