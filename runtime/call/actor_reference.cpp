#include "runtime/call/actor_reference.hpp"

#include "runtime/call/frame_element.hpp"
#include "runtime/call/inline_execution.hpp"
#include "runtime/probe/probe.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_control_block.hpp>

#include <algorithm>

namespace troupe {

// -- frame_element

frame_element::frame_element(frame what, actor_reference_ptr bound, role receiver)
  : caf::mailbox_element(nullptr, caf::make_message_id(), {}), frame_(std::move(what)),
    bound_(std::move(bound)), receiver_(receiver) {}

frame_element::~frame_element() {
  if (bound_) bound_->request_left();
  if (frame_.call && frame_.kind == frame_kind::request)
    frame_.call->abandon(bound_ ? bound_->name() + " stopped" : std::string{"the actor stopped"});
}

frame_element* frame_element::of(caf::mailbox_element& element) noexcept {
  return element.content().type_token() == frame_token ? static_cast<frame_element*>(&element) : nullptr;
}

// -- actor_reference

actor_reference::actor_reference(std::string name, std::uint32_t mailbox_limit)
  : name_(std::move(name)), mailbox_limit_(mailbox_limit == 0 ? 1 : mailbox_limit) {}

actor_reference::~actor_reference() {
  for (auto& waiting : waiting_)
    if (waiting.kind == frame_kind::request) waiting.call->abandon(name_ + " is gone");
}

void actor_reference::refuse(const call_ptr& what, std::string_view why) noexcept {
  refused_down_.fetch_add(1, std::memory_order_relaxed);
  what->fail(with_retry_hint(
    unavailable("{} is not available: {}; the call was not executed and may be retried", name_, why),
    retry_hint::not_executed));
}

void actor_reference::deliver(frame what) noexcept {
  const bool is_request = what.kind == frame_kind::request;
  if (is_request) {
    const bool full = depth_.fetch_add(1, std::memory_order_relaxed) >= mailbox_limit_;
    if (full && !TROUPE_PLANTED_BUG("call.mailbox_unbounded")) { // more may wait than may wait
      depth_.fetch_sub(1, std::memory_order_relaxed);
      rejected_.fetch_add(1, std::memory_order_relaxed);
      what.call->fail(with_retry_hint(
        resource_exhausted("the mailbox of {} is full ({} requests wait); slow down and retry later", name_,
                           mailbox_limit_),
        retry_hint::not_executed));
      return;
    }
    accepted_.fetch_add(1, std::memory_order_relaxed);
  }
  caf::strong_actor_ptr actor;
  {
    std::unique_lock lock{mutex_};
    if (actor_) {
      actor = actor_;
    } else if (!is_request) {
      // The actor that ran the call is gone, and has answered it; or the request waits here, without credit
      // to send items. A cancellation is seen when its turn comes.
      if (what.kind == frame_kind::half_close
          && std::any_of(waiting_.begin(), waiting_.end(),
                         [&](auto& each) { return each.call == what.call; }))
        waiting_.push_back(std::move(what));
      return;
    } else if (hold_) {
      waiting_.push_back(std::move(what));
      return;
    } else {
      auto why = why_;
      lock.unlock();
      request_left();
      refuse(what.call, why);
      return;
    }
  }
  // A cancellation overtakes the requests that wait, as an urgent CAF message does.
  const bool urgent = what.kind == frame_kind::cancel;
  auto element = caf::mailbox_element_ptr{
    new frame_element(std::move(what), is_request ? actor_reference_ptr{this} : actor_reference_ptr{})};
  if (urgent) element->mid = caf::make_message_id(caf::message_priority::high);
  actor->enqueue(std::move(element), off_edges_ ? nullptr : inline_execution::current());
}

void actor_reference::attach(caf::strong_actor_ptr actor) {
  std::deque<frame> waiting;
  {
    std::lock_guard lock{mutex_};
    actor_ = actor;
    attached_.store(actor != nullptr, std::memory_order_release);
    hold_ = true;
    why_ = "it is being restarted";
    ++attachments_;
    waiting.swap(waiting_);
    // Enqueued under the lock: a request that arrives now must not overtake those that waited.
    for (auto& each : waiting) {
      auto bound = actor_reference_ptr{each.kind == frame_kind::request ? this : nullptr};
      actor->enqueue(caf::mailbox_element_ptr{new frame_element(std::move(each), std::move(bound))}, nullptr);
    }
  }
}

void actor_reference::suspend(bool hold, std::string why) {
  std::deque<frame> refused;
  {
    std::lock_guard lock{mutex_};
    actor_ = nullptr;
    attached_.store(false, std::memory_order_release);
    hold_ = hold;
    why_ = why;
    if (!hold) refused.swap(waiting_);
  }
  for (auto& each : refused) {
    if (each.kind != frame_kind::request) continue;
    request_left();
    refuse(each.call, why);
  }
}

mailbox_readings actor_reference::readings() const noexcept {
  mailbox_readings out;
  out.depth = depth_.load(std::memory_order_relaxed);
  out.accepted = accepted_.load(std::memory_order_relaxed);
  out.rejected = rejected_.load(std::memory_order_relaxed);
  out.refused_down = refused_down_.load(std::memory_order_relaxed);
  std::lock_guard lock{mutex_};
  out.restarts = attachments_ > 0 ? attachments_ - 1 : 0;
  return out;
}

} // namespace troupe
