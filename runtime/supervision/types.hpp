// The vocabulary of supervision, after Erlang/OTP's `supervisor` behaviour: strategies, restart and shutdown
// policies, and what an exit means. Plain values, without actors.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/status.hpp"
#include "runtime/core/strong_type.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

// One child specification of one supervisor. Given in start order and never used again.
using child_id = strong_type<std::uint64_t, struct child_id_tag>;

// One started instance of a child. A restart makes a new one; 0 stands for none.
using instance_id = strong_type<std::uint64_t, struct instance_id_tag>;

// The answer of a request is delivered under the token that its sender chose.
using request_token = strong_type<std::uint64_t, struct request_token_tag>;

enum class restart_strategy : std::uint8_t {
  one_for_one,        // only the child that terminated is restarted
  one_for_all,        // all others are stopped in reverse start order, then all are started in order
  rest_for_one,       // the same for the child that terminated and those that were started after it
  simple_one_for_one, // children come and go at run time, have no order, and are stopped all at once
};

enum class restart_policy : std::uint8_t {
  permanent, // always restarted
  transient, // restarted only after an abnormal exit
  temporary, // never restarted, and forgotten when it terminates
};

enum class auto_shutdown : std::uint8_t {
  never,
  any_significant, // the supervisor stops when a significant child ends by itself for good
  all_significant, // the supervisor stops when the last active significant child did
};

enum class child_kind : std::uint8_t { worker, supervisor };

// How a child is stopped.
class shutdown_policy {
public:
  // Asked to stop, and killed when it has not stopped after `patience` (0 or more).
  static constexpr shutdown_policy within(duration patience) noexcept {
    return shutdown_policy{patience < duration::zero() ? duration::zero() : patience};
  }
  // Killed without being asked.
  static constexpr shutdown_policy brutal_kill() noexcept { return shutdown_policy{duration{-1}}; }
  // Asked to stop, and waited for without limit: for supervisors, whose own children have their limits.
  static constexpr shutdown_policy infinity() noexcept { return shutdown_policy{duration::max()}; }

  constexpr bool is_brutal_kill() const noexcept { return patience_ < duration::zero(); }
  constexpr bool is_infinity() const noexcept { return patience_ == duration::max(); }
  // Meaningful only for within().
  constexpr duration patience() const noexcept { return patience_; }

  friend constexpr bool operator==(shutdown_policy, shutdown_policy) = default;

private:
  constexpr explicit shutdown_policy(duration patience) noexcept : patience_(patience) {}
  duration patience_;
};

// When a started child counts as running, which lets the next one start.
class start_mode {
public:
  // As soon as it was spawned.
  static constexpr start_mode at_once() noexcept { return start_mode{duration{-1}}; }
  // When it reports that it is ready; after `limit` without a report it is killed and its start has failed.
  static constexpr start_mode when_ready(duration limit = std::chrono::seconds{30}) noexcept {
    return start_mode{limit < duration::zero() ? duration::zero() : limit};
  }
  // When it reports that it is ready, however long it takes: for supervisors.
  static constexpr start_mode when_ready_without_limit() noexcept { return start_mode{duration::max()}; }

  constexpr bool waits() const noexcept { return limit_ >= duration::zero(); }
  // Meaningful only when waits(); duration::max() for no limit.
  constexpr duration limit() const noexcept { return limit_; }

  friend constexpr bool operator==(start_mode, start_mode) = default;

private:
  constexpr explicit start_mode(duration limit) noexcept : limit_(limit) {}
  duration limit_;
};

// OTP's defaults: permanent, and 5 s to stop.
struct child_policy {
  // Unique among the children of a supervisor, unless its strategy is simple_one_for_one.
  std::string name;
  restart_policy restart = restart_policy::permanent;
  shutdown_policy shutdown = shutdown_policy::within(std::chrono::seconds{5});
  start_mode start = start_mode::at_once();
  bool significant = false; // see auto_shutdown; not for permanent children
  child_kind kind = child_kind::worker;
};

// How long to wait before a restart. The first is immediate; the n-th in a row after it waits min * 2^(n-1),
// at most max, varied by up to jitter_percent in either direction. A child that ran for `healthy_after`
// starts anew.
struct backoff_policy {
  duration min = std::chrono::milliseconds{100};    // above 0
  duration max = std::chrono::seconds{10};          // min or more
  unsigned jitter_percent = 20;                     // 0 to 100
  duration healthy_after = std::chrono::minutes{1}; // above 0

  // OTP's own behaviour: every restart is immediate.
  static constexpr backoff_policy none() noexcept {
    return {duration::zero(), duration::zero(), 0, duration::zero()};
  }
  constexpr bool is_none() const noexcept { return max == duration::zero(); }
};

// The defaults let a child that always fails at once be tried for about half a minute. OTP's are 1 restart in
// 5 s, without a pause between restarts.
struct supervisor_flags {
  restart_strategy strategy = restart_strategy::one_for_one;
  unsigned intensity = 10;                    // more restarts than this within `period` are too many
  duration period = std::chrono::seconds{60}; // above 0
  auto_shutdown shutdown = auto_shutdown::never;
  backoff_policy backoff;

  // A killed CAF actor ends only when its running handler returns. After this time the supervisor gives it
  // up, reports it, and goes on as though it had ended. Above 0; never waits for ever, because a node must be
  // able to stop.
  duration give_up_killed_after = std::chrono::seconds{10};

  // Bounds: children at a time, and requests that wait for one child to stop.
  std::uint32_t max_children = 100'000; // 1 or more
  std::uint32_t max_waiting_requests = 64;
};

// INVALID_ARGUMENT that says what to change, as OTP's check_childspecs and its check of the supervisor flags.
status check(const supervisor_flags& flags);
status check(const child_policy& child, const supervisor_flags& flags);

// Why an instance ended. OTP's exit reasons `normal`, `shutdown` or {shutdown, Term}, and anything else;
// `kill` is kept apart for reports only.
enum class exit_kind : std::uint8_t { normal, shutdown, abnormal, killed };

struct child_exit {
  exit_kind kind = exit_kind::normal;
  std::string reason; // for people; may be empty

  constexpr bool is_abnormal() const noexcept {
    return kind == exit_kind::abnormal || kind == exit_kind::killed;
  }
  bool operator==(const child_exit&) const = default;
};

// Why a supervisor ended. To its own supervisor each is OTP's `shutdown`: it restarts a permanent one only.
enum class supervisor_exit_kind : std::uint8_t {
  shutdown,           // it was asked to
  intensity_exceeded, // its children failed too often
  start_failed,       // a child did not start when the supervisor did
  auto_shutdown,      // its significant children have ended
  killed,             // it was killed, or crashed; its children were killed with it
};

struct supervisor_exit {
  supervisor_exit_kind kind = supervisor_exit_kind::shutdown;
  status cause; // what led to it, naming the child; ok for shutdown and auto_shutdown
};

enum class child_state : std::uint8_t {
  stopped,  // no instance, none planned (OTP: undefined)
  waiting,  // about to be started: for its turn, or for its backoff (OTP: restarting)
  starting, // an instance has not reported ready yet
  running,
  stopping, // asked to stop, or killed
};

std::string_view to_string(restart_strategy value) noexcept;
std::string_view to_string(restart_policy value) noexcept;
std::string_view to_string(auto_shutdown value) noexcept;
std::string_view to_string(child_kind value) noexcept;
std::string_view to_string(exit_kind value) noexcept;
std::string_view to_string(supervisor_exit_kind value) noexcept;
std::string_view to_string(child_state value) noexcept;

// One child as which_children() shows it.
struct child_info {
  child_id id;
  child_policy policy;
  child_state state = child_state::stopped;
  instance_id instance;       // 0 while there is none
  std::uint64_t restarts = 0; // instances started after the first
  std::optional<child_exit> last_exit;
};

// OTP's count_children.
struct child_counts {
  std::size_t specs = 0;       // children, dead or alive
  std::size_t active = 0;      // with a living instance
  std::size_t supervisors = 0; // by kind, dead or alive
  std::size_t workers = 0;

  bool operator==(const child_counts&) const = default;
};

} // namespace troupe
