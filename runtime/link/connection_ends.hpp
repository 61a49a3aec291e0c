// The two ends of calls that a connection stands for: for calls of this node, the callee; for calls of the
// peer, the caller. Thread-safe; they outlive the connection. Internal to this component.
#pragma once

#include "runtime/link/gate.hpp"
#include "runtime/link/outbox.hpp"

namespace troupe {

class connection_callee final : public peer_end {
public:
  connection_callee(std::string node, std::uint64_t incarnation, outbox_ptr out)
    : peer_end(std::move(node), incarnation), out_(std::move(out)) {}

  void deliver(frame what) noexcept override;

  // A call that was delivered here is over.
  void call_ended() noexcept { open_calls_.fetch_sub(1, std::memory_order_relaxed); }

private:
  outbox_ptr out_;
};

class connection_caller final : public call_end {
public:
  explicit connection_caller(outbox_ptr out) : out_(std::move(out)) {}

  void deliver(frame what) noexcept override;
  void request_begun(call& which) noexcept override;

private:
  outbox_ptr out_;
};

} // namespace troupe
