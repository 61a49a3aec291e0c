#include "runtime/linearizability/queue_model.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace troupe {

namespace {

// The hash of a queue is a polynomial of those of its values, modulo 2^64, so that both ends can change in
// it.
constexpr std::uint64_t base = 0x9E3779B97F4A7C15U;

std::uint64_t power(std::size_t exponent) noexcept {
  std::uint64_t out = 1;
  for (auto square = base; exponent != 0; exponent >>= 1U, square *= square)
    if ((exponent & 1U) != 0) out *= square;
  return out;
}

} // namespace

struct queue_state::link {
  std::string value;
  std::uint64_t hash;
  mutable std::shared_ptr<const link> before;

  link(std::string what, std::shared_ptr<const link> previous)
    : value(std::move(what)), hash(std::hash<std::string>{}(value)), before(std::move(previous)) {}
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  // One after the other: destructors that call each other would need as much stack as the queue is long.
  ~link() {
    while (before != nullptr && before.use_count() == 1)
      before = std::exchange(before->before, nullptr);
  }
};

const std::string& queue_state::front() const noexcept { return oldest_->value; }

std::vector<std::string> queue_state::first(std::size_t count) const {
  count = std::min(count, size_);
  std::vector<std::string> out;
  const auto* at = newest_.get();
  for (auto left = size_; left > 0; --left) {
    if (left <= count) out.push_back(at->value);
    at = at->before.get();
  }
  std::reverse(out.begin(), out.end());
  return out;
}

queue_state queue_state::pushed(std::string value) const {
  queue_state out;
  out.newest_ = std::make_shared<const link>(std::move(value), size_ == 0 ? nullptr : newest_);
  out.oldest_ = size_ == 0 ? out.newest_.get() : oldest_;
  out.size_ = size_ + 1;
  out.hash_ = hash_ * base + out.newest_->hash;
  return out;
}

queue_state queue_state::popped() const {
  queue_state out;
  if (size_ == 1) return out;
  out.newest_ = newest_;
  out.size_ = size_ - 1;
  out.hash_ = hash_ - oldest_->hash * power(size_ - 1);
  // Links know only what was before them.
  out.oldest_ = newest_.get();
  for (auto steps = size_ - 2; steps > 0; --steps)
    out.oldest_ = out.oldest_->before.get();
  return out;
}

bool operator==(const queue_state& a, const queue_state& b) noexcept {
  if (a.size_ != b.size_ || a.hash_ != b.hash_) return false;
  const auto* x = a.newest_.get();
  const auto* y = b.newest_.get();
  for (auto left = a.size_; left > 0 && x != y; --left) {
    if (x->value != y->value) return false;
    x = x->before.get();
    y = y->before.get();
  }
  return true;
}

std::size_t hash_value(const queue_state& state) noexcept { return static_cast<std::size_t>(state.hash_); }

} // namespace troupe
