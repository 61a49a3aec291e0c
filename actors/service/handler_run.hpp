// A call that a service handles: the run of its handler's coroutine, and the streams of the call.
#pragma once

#include "actors/service/coroutine_run.hpp"
#include "actors/service/stream.hpp"

#include <memory>
#include <type_traits>

namespace troupe {

class handler_run final : public coroutine_run {
public:
  handler_run(coroutine_host& host, call_ptr handled) noexcept;
  ~handler_run() override;

  // The run that handles a call inside `host`, or null: it has ended, or it belongs to an earlier actor
  // behind the same reference, which may still be at work on another thread.
  static handler_run* of(call& handled, const coroutine_host& host) noexcept;

  const method_info& method() const noexcept { return handled_->method(); }
  call* handled_call() const noexcept override { return handled_.get(); }
  const call_metadata_ptr& metadata() const noexcept override { return passed_on_; }

  // -- for generated code

  template <class T>
  const T& request() const noexcept {
    return static_cast<const T&>(*handled_->request());
  }
  template <class T>
  stream_reader<T>& reader() {
    static_assert(sizeof(stream_reader<T>) == sizeof(void*));
    return *::new (&reader_) stream_reader<T>{requests()};
  }
  template <class T>
  stream_writer<T>& writer() {
    static_assert(sizeof(stream_writer<T>) == sizeof(void*));
    return *::new (&writer_) stream_writer<T>{replies()};
  }
  // Takes the handler's task; its value is the reply.
  template <class Reply>
  void start_unary(task<Reply> handler) {
    take_reply_ = [](handler_run& self) -> result<message_ptr> {
      auto& outcome = self.root_outcome<Reply>();
      if (!outcome) return outcome.error();
      return message_ptr{std::make_shared<Reply>(std::move(*outcome))};
    };
    begin(std::move(handler));
  }
  // Takes the handler's task; its replies went through the writer.
  void start_streaming(task<> handler);

  // -- for the actor

  // A frame for this call: an item, half-close or credit.
  void receive(frame what);
  bool begun() const noexcept { return take_reply_ != nullptr; }

private:
  class request_source;
  class reply_sink;
  struct streams;

  item_source& requests();
  item_sink& replies();
  void conclude(const status* cut_short) noexcept override;

  call_ptr handled_;
  call_metadata_ptr passed_on_;
  result<message_ptr> (*take_reply_)(handler_run&) = nullptr;
  std::unique_ptr<streams> streams_; // unary calls have none
  std::aligned_storage_t<sizeof(void*), alignof(void*)> reader_;
  std::aligned_storage_t<sizeof(void*), alignof(void*)> writer_;
};

} // namespace troupe
