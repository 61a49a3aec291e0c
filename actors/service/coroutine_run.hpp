// A run: one root coroutine and all that it awaits, inside one actor. A call that a service handles is a run;
// so is a task that an actor started for itself. Internal to actors/service, but for what templates need.
#pragma once

#include "actors/service/task.hpp"
#include "actors/service/timer_queue.hpp"
#include "runtime/call/call.hpp"

#include <boost/intrusive/list.hpp>

#include <coroutine>

namespace troupe {

class coroutine_host;

// What a coroutine waits for that is not another coroutine: an answer, a timer, credit of a stream. It lives
// in the frame of the coroutine that waits.
class suspension {
public:
  suspension() = default;
  suspension(const suspension&) = delete;
  suspension& operator=(const suspension&) = delete;

protected:
  ~suspension() = default;

  // To be called from await_suspend, whose result it is. True: the coroutine stays suspended, and `waiting()`
  // tells whether for what it awaits (false: its run was cancelled and ends here). False: it goes on at once,
  // because what it awaits is there.
  template <class P>
  bool suspend(std::coroutine_handle<P> awaiting, bool ready) noexcept {
    return suspend_in(awaiting.promise(), ready);
  }
  // The same when what is awaited has failed already, and the awaiting task shall end with that.
  template <class P>
  bool suspend_failed(std::coroutine_handle<P> awaiting, status why) {
    awaiting.promise().end_with(std::move(why));
    return true;
  }

  // What was awaited has come: the coroutine goes on. Has an effect only while waiting.
  void wake();
  // What was awaited has failed, and the awaiting task ends with it.
  void wake_with_error(status why);

  bool waiting() const noexcept { return waiting_; }
  // What was awaited came while await_suspend was still at work.
  void stop_waiting() noexcept { waiting_ = false; }

private:
  friend class coroutine_run;
  using ready_hook =
    boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  bool suspend_in(detail::promise_base& promise, bool ready) noexcept;
  void go_on();

  detail::promise_base* promise_ = nullptr;
  // Linked between a wake() from within the run and the moment when the run's loop comes to it.
  ready_hook ready_;
  status error_; // with which the awaiting task shall end then
  bool waiting_ = false;
};

class coroutine_run : public boost::intrusive::list_base_hook<>, private timer_entry {
public:
  coroutine_run(coroutine_host& host, deadline until) noexcept : host_(&host), until_(until) {}
  virtual ~coroutine_run();
  coroutine_run(const coroutine_run&) = delete;
  coroutine_run& operator=(const coroutine_run&) = delete;

  coroutine_host& host() const noexcept { return *host_; }
  // When the run is ended, wherever it waits; what it awaits inherits it.
  deadline until() const noexcept { return until_; }
  // The call that the run handles, or null.
  virtual call* handled_call() const noexcept { return nullptr; }
  // What the calls that the run makes carry along; never null.
  virtual const call_metadata_ptr& metadata() const noexcept = 0;

  // Takes the root coroutine. It begins with the next drive().
  template <class T>
  void begin(task<T> root) {
    auto handle = root.release();
    root_ = handle;
    root_promise_ = &handle.promise();
    root_promise_->enter(this, handle, nullptr);
    next_ = handle;
  }

protected:
  // The root has ended. `cut_short` is null when it returned or threw by itself, and else says why it was
  // ended at a suspension point. Must not throw.
  virtual void conclude(const status* cut_short) noexcept = 0;

  detail::promise_base& root_promise() const noexcept { return *root_promise_; }
  template <class T>
  result<T>& root_outcome() const noexcept {
    return *static_cast<detail::promise_result<T>&>(*root_promise_).outcome();
  }

private:
  friend class coroutine_host;
  friend class suspension;
  friend class detail::promise_base;
  friend void detail::resume_next(coroutine_run&, std::coroutine_handle<>) noexcept;
  friend void detail::run_child(coroutine_run&, std::coroutine_handle<>) noexcept;

  // Resumes coroutines until all of them wait or the run has ended.
  void drive();
  void cut_short(status why);
  void timer_due() override;

  coroutine_host* host_;
  deadline until_;
  std::coroutine_handle<> root_;
  detail::promise_base* root_promise_ = nullptr;
  std::coroutine_handle<> next_;
  // Woken while another coroutine of the run was at work: by a notification, or as the end of an all().
  // Several may be, and any may be destroyed before its turn comes.
  using ready_list = boost::intrusive::list<
    suspension, boost::intrusive::member_hook<suspension, suspension::ready_hook, &suspension::ready_>,
    boost::intrusive::constant_time_size<false>>;
  ready_list ready_;
  bool driving_ = false; // or being destroyed: nobody else shall drive it
  bool ended_ = false;
  status cut_short_; // not ok when the run was ended at a suspension point
};

} // namespace troupe
