// The two ends of a stream of items, with credit-based back-pressure: a consumer allows its producer a window
// of items and opens it again as it consumes; a producer without credit waits. Memory is bounded by the
// window.
#pragma once

#include "actors/service/coroutine_run.hpp"

#include <deque>
#include <memory>

namespace troupe {

// Items that a consumer may allow its producer to have under way.
inline constexpr std::uint32_t largest_stream_window = 1'000'000;

// The consuming end. What arrives comes from frames; what is awaited, from the coroutine that consumes.
class item_source {
public:
  // `window`: how many items the producer may have under way, at least 1.
  explicit item_source(std::uint32_t window) noexcept : window_(window == 0 ? 1 : window) {}
  item_source(const item_source&) = delete;
  item_source& operator=(const item_source&) = delete;

  // An item arrived. False: the producer exceeded its credit, and the call must be failed.
  bool push(message_ptr item);
  // No more items will come; with an error when the stream broke. Items that arrived before are still
  // delivered.
  void close(status outcome);

  std::uint32_t window() const noexcept { return window_; }

  // From now on the producer may have `items` under way; largest_stream_window at most, and never fewer than
  // before.
  void widen(std::uint32_t items);
  bool closed() const noexcept { return closed_; }

  // Awaits the next item: null at the end of the stream. An error of the stream ends the awaiting task.
  class next_awaiter : public suspension {
  public:
    using run_awaitable_tag = void;

    explicit next_awaiter(item_source& source) noexcept : source_(source) {}
    ~next_awaiter();

    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      if (source_.items_.empty() && source_.closed_ && !source_.outcome_.ok())
        return suspend_failed(awaiting, source_.outcome_);
      if (source_.consumer_ != nullptr)
        return suspend_failed(awaiting, failed_precondition("two tasks read one stream at the same time"));
      const bool suspended = suspend(awaiting, source_.ready());
      if (waiting()) {
        source_.consumer_ = this;
        source_.grant_consumed();
      }
      return suspended;
    }

  protected:
    const google::protobuf::Message* take() { return source_.take(); }

  private:
    friend class item_source;
    item_source& source_;
  };

protected:
  ~item_source() = default;
  // Allows the producer further items.
  virtual void grant(std::uint32_t items) = 0;

private:
  bool ready() const noexcept { return !items_.empty() || closed_; }
  // A consumer that waits holds nothing back: large items use up the bytes that the link allows a stream long
  // before half of their number is consumed.
  void grant_consumed() {
    if (consumed_ > 0 && !closed_) grant(std::exchange(consumed_, 0));
  }
  const google::protobuf::Message* take();

  std::deque<message_ptr> items_;
  message_ptr current_;
  next_awaiter* consumer_ = nullptr;
  status outcome_;
  std::uint32_t window_;
  std::uint32_t consumed_ = 0; // since the last grant
  bool closed_ = false;
};

// The producing end.
class item_sink {
public:
  explicit item_sink(std::uint32_t credit) noexcept : credit_(credit) {}
  item_sink(const item_sink&) = delete;
  item_sink& operator=(const item_sink&) = delete;

  // The consumer allows further items.
  void add_credit(std::uint32_t items);
  // The consumer wants no more: a writer that waits ends with this status, and so does each later one.
  void close(status outcome);

  // Awaits credit and sends the item.
  class [[nodiscard("the item is sent when this is awaited")]] write_awaiter : public suspension {
  public:
    using run_awaitable_tag = void;

    write_awaiter(item_sink & sink, message_ptr item) noexcept : sink_(sink), item_(std::move(item)) {}
    ~write_awaiter();

    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      if (sink_.closed_) return suspend_failed(awaiting, sink_.outcome_);
      if (sink_.producer_ != nullptr)
        return suspend_failed(awaiting, failed_precondition("two tasks write one stream at the same time"));
      const bool suspended = suspend(awaiting, sink_.credit_ > 0);
      if (waiting()) sink_.producer_ = this;
      return suspended;
    }
    void await_resume() { sink_.send_one(std::move(item_)); }

  private:
    friend class item_sink;
    item_sink& sink_;
    message_ptr item_;
  };

protected:
  ~item_sink() = default;
  virtual void send(message_ptr item) = 0;

private:
  void send_one(message_ptr item);

  write_awaiter* producer_ = nullptr;
  status outcome_;
  std::uint32_t credit_;
  bool closed_ = false;
};

// `while (const Row* row = co_await requests.next()) ...`
template <class T>
class stream_reader {
public:
  explicit stream_reader(item_source& source) noexcept : source_(&source) {}

  // Awaiting yields the next item, or null at the end. The item is valid until the next one is awaited.
  auto next() noexcept {
    class awaiter : public item_source::next_awaiter {
    public:
      using item_source::next_awaiter::next_awaiter;
      const T* await_resume() { return static_cast<const T*>(take()); }
    };
    return awaiter{*source_};
  }

  // Lets the sender be `items` ahead (default_stream_credit unless said otherwise, largest_stream_window at
  // most, never fewer than before). A window is what crosses a network in one round trip: widen it for many
  // small items. They wait in memory until they are read.
  void widen(std::uint32_t items) { source_->widen(items); }

private:
  item_source* source_;
};

// `co_await replies.write(item);`
template <class T>
class stream_writer {
public:
  explicit stream_writer(item_sink& sink) noexcept : sink_(&sink) {}

  // Awaiting sends the item, once the consumer has room for it.
  auto write(T item) { return item_sink::write_awaiter{*sink_, std::make_shared<const T>(std::move(item))}; }

  // The same without a copy of the item, for one that is sent to many.
  auto write(std::shared_ptr<const T> item) { return item_sink::write_awaiter{*sink_, std::move(item)}; }

private:
  item_sink* sink_;
};

} // namespace troupe
