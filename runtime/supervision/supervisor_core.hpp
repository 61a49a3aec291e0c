// A supervisor without actors: (state, now, event) -> actions, after the semantics of Erlang/OTP 25's
// `supervisor` (https://www.erlang.org/docs/25/man/supervisor.html).
//
// OTP's supervisor does one thing at a time and waits for it. This one never waits: what takes time (a start
// until the child is ready, a stop until it is down, a backoff) is a state of the child, and other events go
// on meanwhile.
//
// No I/O, no clock, no log; random numbers come from outside. `now` never goes back. Not thread-safe.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/supervision/actions.hpp"
#include "runtime/supervision/restart_backoff.hpp"
#include "runtime/supervision/restart_intensity.hpp"
#include "runtime/supervision/types.hpp"

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe {

class supervisor_core {
public:
  // Uniform 64-bit numbers, for the jitter of backoffs.
  using random_source = std::function<std::uint64_t()>;

  // `flags` must pass check().
  supervisor_core(supervisor_flags flags, random_source random);

  // -- the first start

  // Adds a child that boot() starts, after those added before. Errors: INVALID_ARGUMENT (see check()),
  // ALREADY_EXISTS, RESOURCE_EXHAUSTED at max_children, FAILED_PRECONDITION after boot().
  result<child_id> add_child(child_policy policy);

  // Starts the children one after the other, each when the one before is running. Once; what start_child()
  // added before is started too.
  supervisor_actions boot(monotonic_time now);

  // -- what became of instances; those of an instance that is not, or no longer, the child's are ignored

  // The instance was spawned.
  supervisor_actions launched(monotonic_time now, instance_id instance);
  // There is nothing to run for this child, which is no error: OTP's `ignore`.
  supervisor_actions ignored(monotonic_time now, instance_id instance);
  // It could not be spawned.
  supervisor_actions launch_failed(monotonic_time now, instance_id instance, status why);
  // It reports that it is ready, or that it cannot become ready; it is then stopped and its start has failed.
  supervisor_actions ready(monotonic_time now, instance_id instance);
  supervisor_actions start_failed(monotonic_time now, instance_id instance, status why);
  // It ended.
  supervisor_actions down(monotonic_time now, instance_id instance, child_exit exit);

  // -- time

  // When tick() is due; monotonic_time::max() when nothing is.
  monotonic_time next_wakeup() const noexcept;
  supervisor_actions tick(monotonic_time now);

  // -- requests, each answered once by a request_answered with its token; UNAVAILABLE once the supervisor is
  // stopping --

  // Adds a child and starts it. Answered when it runs. Errors: those of add_child(); why it did not start,
  // and then the child is forgotten; ABORTED when it was stopped before it ran.
  supervisor_actions start_child(monotonic_time now, request_token token, child_policy policy);

  // Stops a child. Answered when it is down. It stays known, unless it is temporary or under
  // simple_one_for_one. NOT_FOUND when there is none. By name, FAILED_PRECONDITION under simple_one_for_one,
  // whose names are not unique.
  supervisor_actions terminate_child(monotonic_time now, request_token token, std::string_view name);
  supervisor_actions terminate_child(monotonic_time now, request_token token, child_id id);

  // Starts a child that is stopped. Answered when it runs. Errors: NOT_FOUND; FAILED_PRECONDITION when it is
  // running, is about to be restarted, or is under simple_one_for_one; why it did not start.
  supervisor_actions restart_child(monotonic_time now, request_token token, std::string_view name);

  // Forgets a child that is stopped. Errors: NOT_FOUND; FAILED_PRECONDITION as restart_child().
  supervisor_actions delete_child(monotonic_time now, request_token token, std::string_view name);

  // Stops all children in reverse start order, then ends. No effect when it is stopping already.
  supervisor_actions shutdown(monotonic_time now);

  // -- questions

  const supervisor_flags& flags() const noexcept { return flags_; }
  // In start order.
  std::vector<child_info> which_children() const;
  child_counts count_children() const;
  std::optional<child_info> find(child_id id) const;
  std::optional<child_info> find(std::string_view name) const;
  // The child whose current instance this is.
  std::optional<child_id> child_of(instance_id instance) const;
  unsigned recent_restarts(monotonic_time now) { return intensity_.recent(now); }
  bool booted() const noexcept { return booted_; }
  bool stopping() const noexcept { return stopping_; }
  bool ended() const noexcept { return ended_; }

private:
  enum class start_cause : std::uint8_t { boot, start_child, restart_child, restart };
  enum class after_stop : std::uint8_t { stay, start_again, forget };

  struct request {
    enum class kind : std::uint8_t { start_child, restart_child, delete_child } what;
    request_token token;
    child_policy policy; // of start_child; else only its name
  };

  struct child {
    child_policy policy;
    child_state state = child_state::stopped;
    instance_id instance;
    start_cause cause = start_cause::restart;
    after_stop next = after_stop::stay;
    bool stops_with_group = false; // is stopped, in its turn, because of a sibling
    bool killed = false;
    std::uint64_t starts = 0;
    restart_backoff backoff;
    monotonic_time running_since;
    monotonic_time not_before;                       // while waiting
    monotonic_time deadline = monotonic_time::max(); // of the backoff, the start, or the stop
    std::optional<status> start_failure;             // the start failed, and the instance has yet to end
    std::optional<child_exit> last_exit;
    std::optional<request_token> starter; // waits until it runs
    std::vector<request_token> stoppers;  // wait until it is down
    std::vector<request> deferred;        // requests that make sense only when it is down
  };
  using children = std::map<child_id, child>; // in start order
  using entry = children::value_type;

  bool simple() const noexcept { return flags_.strategy == restart_strategy::simple_one_for_one; }
  bool restarts_groups() const noexcept {
    return flags_.strategy == restart_strategy::one_for_all
           || flags_.strategy == restart_strategy::rest_for_one;
  }

  // supervisor_core.cpp: one child's life
  entry* owner_of(instance_id instance);
  entry& insert(child_policy policy, start_cause cause);
  void set_state(child& c, child_state state);
  void set_deadline(entry& e, monotonic_time when);
  void wait_to_start(entry& e, monotonic_time now, monotonic_time not_before);
  void begin_start(entry& e);
  void become_running(entry& e, monotonic_time now);
  void drop_instance(entry& e);
  void begin_stop(entry& e, monotonic_time now);
  void begin_kill(entry& e, monotonic_time now);
  void settle_cause(child& c, status outcome, child_id id);
  void settle_stopped(entry& e, monotonic_time now, instance_id was, child_exit exit);
  void fail_start(entry& e, monotonic_time now, instance_id was, status why);
  void terminated(entry& e, monotonic_time now, instance_id was, child_exit exit);
  void forget(child_id id);

  // supervisor_order.cpp: the children's order, and the supervisor's own end
  std::optional<duration> plan_restart(entry& e, monotonic_time now, std::string_view reason);
  void restart_group(entry& failed, monotonic_time now, monotonic_time not_before);
  void advance(monotonic_time now);
  bool stop_group(monotonic_time now);
  void start_in_order(monotonic_time now);
  void stop_all(monotonic_time now);
  void begin_exit(supervisor_exit_kind kind, status cause);
  bool starts_in_turn(const child& c) const noexcept {
    return restarts_groups() || c.cause == start_cause::boot;
  }

  // A living child that is not being stopped yet, but will be when those after it are down.
  bool waits_for_its_turn_to_stop(const child& c) const noexcept { return stopping_ || c.stops_with_group; }

  // supervisor_requests.cpp
  void answer(request_token token, status outcome, child_id id = {});
  bool refuse_when_stopping(request_token token);
  entry* named(std::string_view name);
  void defer(entry& e, request what);
  void run(monotonic_time now, request what);
  void run_deferred(monotonic_time now, std::vector<request> requests);
  void do_start_child(monotonic_time now, request_token token, child_policy policy);
  void do_restart_child(monotonic_time now, request_token token, std::string_view name);
  void do_delete_child(monotonic_time now, request_token token, std::string_view name);
  void do_terminate(monotonic_time now, request_token token, entry& e);
  static child_info info_of(const entry& e);

  template <class Action>
  void emit(Action what) {
    out_.emplace_back(std::move(what));
  }
  supervisor_actions finish(monotonic_time now);

  supervisor_flags flags_;
  random_source random_;
  restart_intensity intensity_;
  children children_;
  std::unordered_map<std::string, child_id> names_;         // not under simple_one_for_one
  std::unordered_map<instance_id, child_id> instances_;     // living ones
  std::set<child_id> alive_;                                // children with a living instance
  std::set<std::pair<monotonic_time, child_id>> deadlines_; // one a child at most
  std::deque<child_id> startable_;                          // children that start without waiting for a turn
  child_id last_child_;
  instance_id last_instance_;
  std::size_t boot_pending_ = 0;       // children whose first start is not settled
  std::size_t significant_active_ = 0; // significant children that are not stopped
  bool boot_called_ = false;
  bool booted_ = false;
  bool group_stops_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  supervisor_exit exit_;
  supervisor_actions out_;
};

} // namespace troupe
