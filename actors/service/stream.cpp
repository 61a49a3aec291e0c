#include "actors/service/stream.hpp"

#include "runtime/probe/probe.hpp"

#include <google/protobuf/message.h>

#include <algorithm>

namespace troupe {

// -- item_source

bool item_source::push(message_ptr item) {
  if (closed_) return true; // late, after a half-close or an error: nobody wants it
  if (items_.size() >= window_) return false;
  items_.push_back(std::move(item));
  if (consumer_ != nullptr) std::exchange(consumer_, nullptr)->wake();
  return true;
}

void item_source::close(status outcome) {
  if (closed_) return;
  closed_ = true;
  outcome_ = std::move(outcome);
  if (consumer_ == nullptr) return;
  auto* consumer = std::exchange(consumer_, nullptr);
  if (outcome_.ok())
    consumer->wake();
  else
    consumer->wake_with_error(outcome_);
}

void item_source::widen(std::uint32_t items) {
  items = std::min(items, largest_stream_window);
  if (items <= window_) return;
  const auto more = items - std::exchange(window_, items);
  if (!closed_) grant(more);
}

const google::protobuf::Message* item_source::take() {
  current_ = nullptr;
  if (items_.empty()) return nullptr;
  current_ = std::move(items_.front());
  items_.pop_front();
  // Granting in halves of the window costs one frame for many items and never lets the producer run dry.
  if (++consumed_ >= std::max<std::uint32_t>(1, window_ / 2) && !closed_) grant(std::exchange(consumed_, 0));
  // What was consumed when nothing more waits is never granted again.
  if (TROUPE_PLANTED_BUG("service.credit_leaked") && items_.empty()) consumed_ = 0;
  return current_.get();
}

item_source::next_awaiter::~next_awaiter() {
  if (source_.consumer_ == this) source_.consumer_ = nullptr;
}

// -- item_sink

void item_sink::add_credit(std::uint32_t items) {
  credit_ = items > UINT32_MAX - credit_ ? UINT32_MAX : credit_ + items;
  if (credit_ > 0 && producer_ != nullptr) std::exchange(producer_, nullptr)->wake();
}

void item_sink::close(status outcome) {
  if (closed_) return;
  closed_ = true;
  outcome_ = outcome.ok() ? cancelled("the receiver closed the stream") : std::move(outcome);
  if (producer_ != nullptr) std::exchange(producer_, nullptr)->wake_with_error(outcome_);
}

void item_sink::send_one(message_ptr item) {
  --credit_;
  send(std::move(item));
}

item_sink::write_awaiter::~write_awaiter() {
  if (sink_.producer_ == this) sink_.producer_ = nullptr;
}

} // namespace troupe
