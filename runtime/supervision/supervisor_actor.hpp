// The actor around supervisor_core. Private to this component.
#pragma once

#include "runtime/supervision/messages.hpp"
#include "runtime/supervision/supervisor.hpp"
#include "runtime/supervision/supervisor_core.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/result.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <map>
#include <string>
#include <unordered_map>

namespace troupe {

// Sent by a supervisor to itself once, to start its children: an actor cannot end while it makes its first
// behavior.
struct supervisor_boot {};

// Sent by a supervisor to itself when a deadline of its core is due.
struct supervisor_wakeup {
  monotonic_time when;
};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervisor_boot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervisor_wakeup)

namespace troupe {

class supervisor_actor final : public caf::event_based_actor {
public:
  // `spec` must pass check(). `parent` is null for the root.
  supervisor_actor(caf::actor_config& config, supervisor_spec spec, supervisor_environment environment,
                   std::string path, caf::actor parent);

  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "supervisor"; }

private:
  struct known_child {
    child_spec spec;
    std::uint64_t starts = 0;
  };

  struct live_instance {
    child_id child;
    caf::actor actor;
  };

  using child_promise = caf::typed_response_promise<child_reply>;

  // Does what the core asks for, and what follows from it, in order.
  void perform(supervisor_actions actions);
  void perform(const start_instance& what);
  void perform(const stop_instance& what);
  void perform(const kill_instance& what);
  void perform(const abandon_instance& what);
  void perform(const child_added& what);
  void perform(const child_ready& what);
  void perform(const child_down& what);
  void perform(const child_start_failed& what);
  void perform(const child_forgotten& what);
  void perform(const request_answered& what);
  void perform(const supervisor_ready& what);
  void perform(const supervisor_stopping& what);
  void perform(const supervisor_ended& what);

  monotonic_time now();
  void set_timer();
  void instance_ended(const caf::actor_addr& who, const caf::error& reason);
  void call_down_hook(child_id child, const std::optional<duration>& restart_in, const std::string& why);
  template <class Function>
  void guarded(const known_child& child, Function&& hook);

  // A new token, under which the answer to the current message will be delivered.
  request_token token_for(child_promise& promise);
  children_reply list_children() const;
  caf::result<supervision_node> answer_tree(const tree_request& request);
  supervision_node describe(std::vector<std::pair<std::size_t, caf::actor>>& supervisors_below);

  // The instance that a message's sender is, or 0.
  instance_id sender_instance();
  caf::actor actor_of(instance_id instance) const;
  void log_child(supervision_event_kind kind, child_id child, instance_id instance, bool failure,
                 std::string reason, std::optional<duration> restart_in = std::nullopt);
  void log_self(supervision_event_kind kind, bool failure, std::string reason);

  supervisor_spec spec_;
  supervisor_environment environment_;
  std::string path_;
  caf::actor parent_;
  supervisor_core core_;
  std::unordered_map<child_id, known_child> known_;
  std::map<instance_id, live_instance> live_;
  std::unordered_map<caf::actor_addr, instance_id> by_address_;
  std::unordered_map<request_token, child_spec> arriving_; // of start_child requests not yet accepted
  std::map<request_token, child_promise> promises_;
  request_token last_token_;
  std::deque<supervisor_action> pending_;
  bool performing_ = false;
  monotonic_time timer_ = monotonic_time::max();
  std::optional<supervisor_exit> exit_; // once the core has ended
};

} // namespace troupe
