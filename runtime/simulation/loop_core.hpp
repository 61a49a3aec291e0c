// One place in the order of a simulated node: work that runs one piece a turn, first in, first out. Internal
// to the simulation.
#pragma once

#include "runtime/simulation/machine.hpp"
#include "runtime/simulation/trace.hpp"

#include <boost/intrusive/list.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

// A piece of work, embedded in whatever it concerns. Destroying it takes it out of its loop's queue.
class loop_work
  : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
  loop_work() = default;
  loop_work(const loop_work&) = delete;
  loop_work& operator=(const loop_work&) = delete;

  bool waiting() const noexcept { return is_linked(); }
  void withdraw() noexcept {
    if (is_linked()) unlink();
  }

protected:
  ~loop_work() = default;

private:
  friend class loop_core;

  // It is out of the queue; it may queue itself again, or destroy itself.
  virtual void run() = 0;
  // What the trace calls it; empty: it records itself what it does.
  virtual std::string_view label() const noexcept { return {}; }
  // The loop ends before its turn came.
  virtual void dropped() noexcept {}
};

// Calls a member function of the object it is a member of.
template <class Owner, void (Owner::*Method)()>
class member_work final : public loop_work {
public:
  explicit member_work(Owner& owner, std::string_view label = {}) noexcept : owner_(owner), label_(label) {}

private:
  void run() override { (owner_.*Method)(); }
  std::string_view label() const noexcept override { return label_; }

  Owner& owner_;
  std::string_view label_;
};

class loop_core final : public turn_taker {
public:
  loop_core(session_ptr session, std::string_view name);
  ~loop_core();
  loop_core(const loop_core&) = delete;
  loop_core& operator=(const loop_core&) = delete;

  // Puts `work` at the end of the queue, unless it waits already. Once the node is off or the loop closed:
  // nothing.
  void add(loop_work& work);

  // The same for any function; it is destroyed unrun when it cannot run any more.
  void post(std::function<void()> work, std::string_view label);

  // Runs `work` at once as if its turn had come, whatever became of the node: this is how a program that a
  // crash destroys takes apart what it made.
  void run_now(const std::function<void()>& work);

  // Drops what waits; nothing runs any more.
  void close() noexcept;

  bool is_current() const noexcept;

  // Whether the node is on and the loop open.
  bool alive() const noexcept { return !closed_ && session_->alive; }

  machine& on() const noexcept { return session_->on; }
  const session_ptr& session() const noexcept { return session_; }
  std::uint32_t id() const noexcept { return id_; }

  void take_turn(caf::resumable* actor) override;

private:
  const session_ptr session_;
  const std::uint32_t id_;
  const std::string name_;
  boost::intrusive::list<loop_work, boost::intrusive::constant_time_size<false>> queue_;
  bool has_turn_ = false;
  bool closed_ = false;
};

} // namespace troupe
