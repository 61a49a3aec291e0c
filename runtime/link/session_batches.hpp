// Frames that may go as they are, in batches that are each one write to the network. Internal to
// link_session.
#pragma once

#include "runtime/link/envelope.hpp"

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace troupe::session {

class batch_queue {
public:
  explicit batch_queue(std::size_t batch_bytes) : batch_bytes_(batch_bytes) {}

  // Where the next frame is to be appended; then close(), or give_up() to take it out again. Nothing else may
  // be asked of the queue in between.
  byte_buffer& open() {
    if (last_ == nullptr || last_->size() >= batch_bytes_) last_ = &batches_.emplace_back(take_spare());
    size_before_ = last_->size();
    return *last_;
  }
  void close() noexcept { bytes_ += last_->size() - size_before_; }

  void give_up() {
    last_->resize(size_before_);
    if (size_before_ > 0) return;
    give_spare(std::move(*last_));
    batches_.pop_back();
    last_ = batches_.empty() ? nullptr : &batches_.back();
  }

  bool empty() const noexcept { return batches_.empty(); }
  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t front_size() const noexcept { return batches_.front().size(); }

  // The number of the batch that the last frame went to; has_gone() when the queue is empty.
  std::uint64_t last_batch() const noexcept { return first_ + batches_.size() - 1; }
  bool has_gone(std::uint64_t batch) const noexcept { return batch < first_; }

  // Precondition: not empty.
  byte_buffer take() {
    auto out = std::move(batches_.front());
    batches_.pop_front();
    if (batches_.empty()) last_ = nullptr;
    ++first_;
    bytes_ -= out.size();
    return out;
  }

  void give_spare(byte_buffer spare) {
    if (spares_.size() >= max_spares || spare.capacity() == 0) return;
    spare.clear();
    spares_.push_back(std::move(spare));
  }
  void drop_spares() { spares_ = {}; }

private:
  // One is being filled while one is on its way.
  static constexpr std::size_t max_spares = 2;

  byte_buffer take_spare() {
    if (spares_.empty()) return {};
    auto out = std::move(spares_.back());
    spares_.pop_back();
    return out;
  }

  const std::size_t batch_bytes_;
  std::deque<byte_buffer> batches_;
  byte_buffer* last_ = nullptr; // of the batches
  std::vector<byte_buffer> spares_;
  std::uint64_t first_ = 1;
  std::size_t bytes_ = 0;
  std::size_t size_before_ = 0;
};

} // namespace troupe::session
