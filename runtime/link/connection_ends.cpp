#include "runtime/link/connection_ends.hpp"

namespace troupe {

void connection_callee::deliver(frame what) noexcept {
  const bool request = what.kind == frame_kind::request;
  if (request) open_calls_.fetch_add(1, std::memory_order_relaxed);
  call_frame entry{std::move(what), call_frame::from::caller};
  switch (out_->put(entry)) {
  case outbox::outcome::taken:
    return;
  case outbox::outcome::full:
    call_ended();
    entry.what.call->fail(
      with_retry_hint(resource_exhausted("{}: {} requests wait to be sent to the node {}; slow down",
                                         entry.what.call->method().full_name, outbox::most_waiting, node()),
                      retry_hint::not_executed));
    return;
  case outbox::outcome::closed:
    if (!request) return; // the call was failed when the connection ended
    call_ended();
    entry.what.call->abandon("the connection to the node " + node() + " has ended");
    return;
  }
}

void connection_caller::deliver(frame what) noexcept {
  call_frame entry{std::move(what), call_frame::from::callee};
  (void)out_->put(entry); // closed: the caller's node has been told, or cannot be
}

void connection_caller::request_begun(call& which) noexcept {
  call_frame entry;
  entry.what.call = call_ptr{&which};
  entry.side = call_frame::from::mailbox;
  (void)out_->put(entry);
}

} // namespace troupe
