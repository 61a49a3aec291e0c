// The stable reference to one actor of a supervised service: it stays the same while the actor behind it
// crashes and is restarted, it bounds the actor's mailbox, and it is the callee end of every call to that
// actor.
#pragma once

#include "runtime/call/call.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace troupe {

// What a mailbox has seen, for metrics. Readings of relaxed counters: each exact, together only roughly of
// one moment.
struct mailbox_readings {
  std::uint32_t depth = 0;        // requests accepted and not yet begun
  std::uint64_t accepted = 0;     // since the reference was made
  std::uint64_t rejected = 0;     // refused with RESOURCE_EXHAUSTED
  std::uint64_t refused_down = 0; // refused with UNAVAILABLE because no actor stood behind the reference
  std::uint32_t restarts = 0;     // actors attached after the first
};

class actor_reference final : public call_end {
public:
  // `name` appears in messages to people ("shop.Orders/0"). At most `mailbox_limit` requests wait at a time
  // (at least 1); the next is refused with RESOURCE_EXHAUSTED.
  actor_reference(std::string name, std::uint32_t mailbox_limit);
  ~actor_reference() override;

  // Thread-safe. Requests go to the actor behind the reference; between a crash and the restart they wait
  // here (they count towards the mailbox limit), unless suspend() said otherwise.
  void deliver(frame what) noexcept override;

  // An actor now stands behind the reference; requests that waited are handed to it in order.
  void attach(caf::strong_actor_ptr actor);

  // No actor stands behind the reference for the time being. With `hold`, requests wait for the next
  // attach(); without, they are refused with UNAVAILABLE at once (the restart is far off, or will not come)
  // and so are those that wait already. `why` is told to callers.
  void suspend(bool hold, std::string why);

  // Called by the actor for each request that leaves its mailbox, begun or not.
  void request_left() noexcept { depth_.fetch_sub(1, std::memory_order_relaxed); }

  // From now on the actor runs on the scheduler's threads only, never on the thread of an edge that woke it
  // up (inline_execution.hpp): for handlers that compute for long. Before the first request.
  void keep_off_edges() noexcept { off_edges_ = true; }

  const std::string& name() const noexcept { return name_; }
  std::uint32_t mailbox_limit() const noexcept { return mailbox_limit_; }
  std::uint32_t depth() const noexcept { return depth_.load(std::memory_order_relaxed); }
  mailbox_readings readings() const noexcept;

  // Whether the actor is there; false between crash and restart.
  bool attached() const noexcept { return attached_.load(std::memory_order_acquire); }

private:
  void refuse(const call_ptr& what, std::string_view why) noexcept;

  const std::string name_;
  const std::uint32_t mailbox_limit_;
  bool off_edges_ = false;
  std::atomic<std::uint32_t> depth_ = 0;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::atomic<std::uint64_t> rejected_ = 0;
  std::atomic<std::uint64_t> refused_down_ = 0;
  std::atomic<bool> attached_ = false; // whether actor_ is not null

  mutable std::mutex mutex_; // guards what follows; held for a few instructions only
  caf::strong_actor_ptr actor_;
  bool hold_ = true;
  std::string why_ = "it has not started yet";
  std::deque<frame> waiting_;
  std::uint32_t attachments_ = 0;
};
using actor_reference_ptr = boost::intrusive_ptr<actor_reference>;

} // namespace troupe
