// How an actor calls a service. protoc-gen-troupe makes a typed client of each service from these parts.
//
//   Order order = co_await client<shop::Orders>().get(request);
//
// A call inherits the deadline, the identity and the trace of the call that its task handles. It goes to
// whatever instance the directory chooses, on this node or another. A call that failed because its callee
// went away is made again, a bounded number of times, when that is safe: no handler saw it, or the method is
// idempotent. It goes to an instance that has not failed it yet, at once; with backoff when there is none.
#pragma once

#include "actors/service/coroutine_host.hpp"
#include "actors/service/stream.hpp"
#include "runtime/call/call.hpp"
#include "runtime/call/directory.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace troupe {

// `client<S>(call_options().timeout(1s).header("x-tenant", "7"))`
// A class with setters and not a struct with braces: g++ 12 copies aggregates bit by bit when they are
// temporaries of a co_await expression (GCC bug 98935 and its kin), strings included.
class call_options {
public:
  call_options() = default;

  // How long the call may take, if that is sooner than the deadline it inherits.
  call_options&& timeout(duration limit) && {
    timeout_ = limit;
    return std::move(*this);
  }
  // A header that travels with the call, its name in lower case.
  call_options&& header(std::string name, std::string value) && {
    headers_.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
  }
  // The caller's own name for this request: a callee that keeps such keys executes it once only.
  call_options&& idempotency_key(std::string key) && {
    idempotency_key_ = std::move(key);
    return std::move(*this);
  }
  // How often the call is made at most, 1 to 10; 1: never again. 3 unless said otherwise.
  call_options&& attempts(unsigned count) && {
    attempts_ = count < 1 ? 1 : count > 10 ? 10 : count;
    return std::move(*this);
  }

  const std::optional<duration>& timeout() const& noexcept { return timeout_; }
  const header_list& headers() const& noexcept { return headers_; }
  const std::string& idempotency_key() const& noexcept { return idempotency_key_; }
  unsigned attempts() const& noexcept { return attempts_; }

private:
  std::optional<duration> timeout_;
  header_list headers_;
  std::string idempotency_key_;
  unsigned attempts_ = 3;
};

// A call under way, as the coroutine that makes it sees it. Destroying it cancels the call.
class outgoing_call : private timer_entry {
public:
  outgoing_call(const outgoing_call&) = delete;
  outgoing_call& operator=(const outgoing_call&) = delete;

  // For the host: a frame arrived.
  virtual void receive(frame what) = 0;

  // Headers of the reply; empty until the call was answered or its first item came.
  const header_list& reply_headers() const noexcept;

protected:
  outgoing_call(coroutine_host& host, service_route& route, const method_info& method, message_ptr request,
                std::shared_ptr<const call_options> options) noexcept;
  ~outgoing_call();

  // Makes the call, as part of what `run` does (null: of nothing in particular).
  void send(coroutine_run* run, std::uint32_t credit);
  bool sent() const noexcept { return call_ != nullptr; }
  const call_ptr& current() const noexcept { return call_; }
  coroutine_host& host() const noexcept { return *host_; }

  // The call ended with `outcome`. True: it is being made again, and nothing has ended.
  bool retry(const status& outcome);
  // The answer has come: nothing needs to be cancelled any more.
  void settled() noexcept;

  // The time-out of the call passed, or a retry could not be made.
  virtual void failed(status why) = 0;

private:
  call_ptr make_call() const;
  void dispatch(call_ptr attempt, result<call_end_ptr> to);
  void timer_due() override;

  coroutine_host* host_;
  service_route* route_;
  const method_info* method_;
  message_ptr request_;
  std::shared_ptr<const call_options> options_;
  call_metadata_ptr metadata_;
  deadline until_;
  call_ptr call_;
  std::vector<call_end_ptr> failed_; // that earlier attempts went to
  header_list reply_headers_;
  std::uint32_t credit_ = 0;
  unsigned attempt_ = 0;
  bool own_deadline_ = false; // until_ is sooner than the run's, so a timer of its own watches it
  bool backing_off_ = false;
};

// A call with one request and one reply.
class unary_call_base : public outgoing_call, public suspension {
public:
  using run_awaitable_tag = void;

  unary_call_base(coroutine_host& host, service_route& route, const method_info& method, message_ptr request,
                  std::shared_ptr<const call_options> options) noexcept
    : outgoing_call(host, route, method, std::move(request), std::move(options)) {}

  // Sends the request now; the reply is awaited later. Lets several calls be under way at once.
  void start() {
    if (!started_) {
      started_ = true;
      send(host().current(), 0);
    }
  }

  bool await_ready() const noexcept { return false; }

protected:
  ~unary_call_base() = default;

  template <class P>
  bool suspend_for_reply(std::coroutine_handle<P> awaiting, bool yields_error) {
    yields_error_ = yields_error;
    if (!started_) {
      started_ = true;
      send(awaiting.promise().run(), 0);
    }
    if (outcome_ && !*outcome_ && !yields_error_) return suspend_failed(awaiting, outcome_->error());
    return suspend(awaiting, outcome_.has_value());
  }
  result<message_ptr>& outcome() noexcept { return *outcome_; }

private:
  void receive(frame what) override;
  void failed(status why) override;
  void settle(result<message_ptr> outcome);

  std::optional<result<message_ptr>> outcome_;
  bool started_ = false;
  bool yields_error_ = false;
};

// Moves a reply out of the message when nobody else holds it, which is so for every call on one node.
template <class T>
T take_message(message_ptr&& message) {
  if (message.use_count() == 1) return std::move(const_cast<T&>(static_cast<const T&>(*message)));
  return static_cast<const T&>(*message);
}

// `Reply reply = co_await call;` or `result<Reply> reply = co_await call.as_result();`
template <class Reply>
class [[nodiscard("the call is made when it is awaited or started")]] unary_call : public unary_call_base {
public:
  using unary_call_base::unary_call_base;

  template <class P>
  bool await_suspend(std::coroutine_handle<P> awaiting) {
    return suspend_for_reply(awaiting, false);
  }
  Reply await_resume() { return take_message<Reply>(std::move(*outcome())); }

  class result_awaiter {
  public:
    using run_awaitable_tag = void;

    explicit result_awaiter(unary_call& of) noexcept : of_(of) {}
    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      return of_.suspend_for_reply(awaiting, true);
    }
    result<Reply> await_resume() {
      if (!of_.outcome()) return of_.outcome().error();
      return take_message<Reply>(std::move(*of_.outcome()));
    }

  private:
    unary_call& of_;
  };

  // Awaiting yields a result<Reply>; an error is a value like any other.
  result_awaiter as_result() noexcept { return result_awaiter{*this}; }
};

// A call whose request, reply or both are streams.
class stream_call_base : public outgoing_call {
public:
  stream_call_base(coroutine_host& host, service_route& route, const method_info& method, message_ptr request,
                   std::shared_ptr<const call_options> options) noexcept;

protected:
  ~stream_call_base();

  // The stream begins with its first use, in the task that uses it.
  void open();
  item_source& replies() noexcept { return replies_; }
  item_sink& requests() noexcept { return requests_; }
  void close_requests();

  // Awaits the final answer: of a client-streaming call its reply, of the others nothing.
  class answer_awaiter : public suspension {
  public:
    using run_awaitable_tag = void;
    explicit answer_awaiter(stream_call_base& of) noexcept : of_(of) {}
    ~answer_awaiter();
    bool await_ready() const noexcept { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      of_.open();
      of_.close_requests();
      if (of_.answer_ && !*of_.answer_) return suspend_failed(awaiting, of_.answer_->error());
      const bool suspended = suspend(awaiting, of_.answer_.has_value());
      if (waiting()) of_.waiting_for_answer_ = this;
      return suspended;
    }

  protected:
    message_ptr take() { return std::move(**of_.answer_); }

  private:
    friend class stream_call_base;
    stream_call_base& of_;
  };

private:
  void receive(frame what) override;
  void failed(status why) override;
  void settle(result<message_ptr> outcome);

  class reply_source final : public item_source {
  public:
    explicit reply_source(stream_call_base& of) noexcept : item_source(default_stream_credit), of_(of) {}

  private:
    void grant(std::uint32_t items) override;
    stream_call_base& of_;
  };
  class request_sink final : public item_sink {
  public:
    explicit request_sink(stream_call_base& of) noexcept : item_sink(0), of_(of) {}

  private:
    void send(message_ptr item) override;
    stream_call_base& of_;
  };

  reply_source replies_;
  request_sink requests_;
  std::optional<result<message_ptr>> answer_;
  answer_awaiter* waiting_for_answer_ = nullptr;
  bool* gone_ = nullptr; // set while settle() is at work: tells it that this object was destroyed meanwhile
  bool opened_ = false;
  bool requests_closed_ = false;
};

// `auto events = client<Orders>().watch(request); while (const OrderEvent* event = co_await events.next())
// ...`
template <class Reply>
class reply_stream : public stream_call_base {
public:
  using stream_call_base::stream_call_base;
  auto next() {
    open();
    return stream_reader<Reply>{replies()}.next();
  }
  // See stream_reader::widen(); best before the first next().
  void widen(std::uint32_t items) { replies().widen(items); }
};

// `co_await rows.write(row); ... Summary summary = co_await rows.finish();`
template <class Request, class Reply>
class request_stream : public stream_call_base {
public:
  using stream_call_base::stream_call_base;
  auto write(Request item) {
    open();
    return stream_writer<Request>{requests()}.write(std::move(item));
  }
  // No more requests; awaiting yields the reply.
  auto finish() {
    class awaiter : public answer_awaiter {
    public:
      using answer_awaiter::answer_awaiter;
      Reply await_resume() { return take_message<Reply>(take()); }
    };
    return awaiter{*this};
  }
};

// Requests and replies flow independently of each other.
template <class Request, class Reply>
class duplex_stream : public stream_call_base {
public:
  using stream_call_base::stream_call_base;
  auto write(Request item) {
    open();
    return stream_writer<Request>{requests()}.write(std::move(item));
  }
  auto next() {
    open();
    return stream_reader<Reply>{replies()}.next();
  }
  // See stream_reader::widen(); best before the first use.
  void widen(std::uint32_t items) { replies().widen(items); }
  // No more requests; replies may still come.
  void close_writing() {
    open();
    close_requests();
  }
};

// What every typed client is made of. Cheap to copy; used only inside the actor that it was made in.
class client_base {
public:
  client_base(coroutine_host& host, service_route& route,
              std::shared_ptr<const call_options> options) noexcept
    : host_(&host), route_(&route), options_(std::move(options)) {}

protected:
  template <class Reply, class Request>
  unary_call<Reply> make_unary(const method_info& method, Request&& request) const {
    return {*host_, *route_, method, share(std::forward<Request>(request)), options_};
  }
  template <class Reply, class Request>
  reply_stream<Reply> make_reply_stream(const method_info& method, Request&& request) const {
    return {*host_, *route_, method, share(std::forward<Request>(request)), options_};
  }
  template <class Request, class Reply>
  request_stream<Request, Reply> make_request_stream(const method_info& method) const {
    return {*host_, *route_, method, nullptr, options_};
  }
  template <class Request, class Reply>
  duplex_stream<Request, Reply> make_duplex_stream(const method_info& method) const {
    return {*host_, *route_, method, nullptr, options_};
  }

private:
  template <class Request>
  static message_ptr share(Request&& request) {
    return std::make_shared<std::remove_cvref_t<Request>>(std::forward<Request>(request));
  }

  coroutine_host* host_;
  service_route* route_;
  std::shared_ptr<const call_options> options_;
};

} // namespace troupe
