// The documented semantics of Erlang/OTP 25's supervisor, a case each:
// https://www.erlang.org/docs/25/man/supervisor.html, sections "Supervision Principles", "Restart Strategies"
// and "Restart intensity and period".
#include "scripted_supervisor.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {
constexpr auto temporary = restart_policy::temporary;
constexpr auto transient = restart_policy::transient;

std::vector<child_policy> abc() { return {child_named("a"), child_named("b"), child_named("c")}; }

std::vector<child_policy> abc_when_ready() {
  auto out = abc();
  for (auto& each : out)
    each.start = start_mode::when_ready(10s);
  return out;
}
} // namespace

// -- supervision principles

TEST_CASE(
  "OTP principles: when the supervisor is started, the children are started in order from left to right") {
  scripted_supervisor s{otp_flags(restart_strategy::one_for_one), abc()};
  s.boot();
  CHECK(s.story() == "start a; a runs; start b; b runs; start c; c runs; ready");
}

TEST_CASE("OTP principles: a child is started only when the one before it has started") {
  for (auto strategy :
       {restart_strategy::one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    scripted_supervisor s{otp_flags(strategy), abc_when_ready()};
    s.boot();
    CHECK(s.story() == "start a");
    s.ready("a");
    CHECK(s.story() == "a runs; start b");
    s.ready("b");
    CHECK(s.story() == "b runs; start c");
    CHECK_FALSE(s.core.booted());
    s.ready("c");
    CHECK(s.story() == "c runs; ready");
    CHECK(s.core.booted());
  }
}

TEST_CASE(
  "OTP principles: when the supervisor terminates, it terminates its children in reversed start order") {
  for (auto strategy :
       {restart_strategy::one_for_one, restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    auto s = scripted_supervisor::booted(otp_flags(strategy), abc());
    s.shutdown();
    CHECK(s.story() == "stopping: shutdown; stop c; c down; stop b; b down; stop a; a down; ended: shutdown");
  }
}

TEST_CASE("OTP principles: the next child is stopped only when the one after it is down") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one), abc());
  s.ignores_stop = {"a", "b", "c"};
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; stop c");
  s.ends("c", {exit_kind::shutdown, ""});
  CHECK(s.story() == "c down; stop b");
}

TEST_CASE("OTP start_link: if a child's start fails, those started are terminated in reverse and the "
          "supervisor ends") {
  scripted_supervisor s{otp_flags(restart_strategy::one_for_one), abc()};
  s.fails_to_launch["c"] = 1;
  s.boot();
  CHECK(
    s.story()
    == "start a; a runs; start b; b runs; start c; c fails to start; stopping: start_failed; stop b; b down; "
       "stop a; a down; ended: start_failed");
  CHECK(s.last_exit.cause.message() == "child c did not start: no paper");
}

TEST_CASE("OTP start_link: a child that ends before it is ready has failed to start, however it ends") {
  for (auto kind : {exit_kind::normal, exit_kind::shutdown, exit_kind::abnormal}) {
    scripted_supervisor s{otp_flags(restart_strategy::one_for_one), abc_when_ready()};
    s.boot();
    s.ready("a");
    s.story();
    s.ends("b", {kind, "why"});
    CHECK(s.story()
          == "b fails to start; stopping: start_failed; c stays down; stop a; a down; ended: start_failed");
  }
}

TEST_CASE("A child that reports that it cannot start is stopped, and its start has failed with that report") {
  scripted_supervisor s{otp_flags(restart_strategy::one_for_one), abc_when_ready()};
  s.boot();
  s.ready("a");
  s.story();
  s.start_failed("b", permission_denied("no key"));
  CHECK(
    s.story()
    == "stop b; b fails to start; stopping: start_failed; c stays down; stop a; a down; ended: start_failed");
  CHECK(s.last_exit.cause == permission_denied("child b did not start: no key"));
}

TEST_CASE("A child that is not ready in time is killed, and its start has failed") {
  scripted_supervisor s{otp_flags(restart_strategy::one_for_one), abc_when_ready()};
  s.boot();
  s.pass(9999ms);
  CHECK(s.story() == "start a");
  s.pass(1ms);
  CHECK(
    s.story()
    == "kill a; a fails to start; stopping: start_failed; b stays down; c stays down; ended: start_failed");
  CHECK(s.last_exit.cause.code() == status_code::deadline_exceeded);
}

TEST_CASE("OTP start_link: a start function may return ignore; the specification of the child is kept") {
  scripted_supervisor s{otp_flags(restart_strategy::one_for_one), abc()};
  s.has_nothing_to_run = {"b"};
  s.boot();
  CHECK(s.story() == "start a; a runs; start b; b down; start c; c runs; ready");
  CHECK(s.state_of("b") == child_state::stopped);
  CHECK(s.core.count_children() == child_counts{3, 2, 0, 3});
}

TEST_CASE("OTP start_link: a temporary child whose start returns ignore is not kept") {
  scripted_supervisor s{otp_flags(restart_strategy::one_for_one),
                        {child_named("a", temporary), child_named("b")}};
  s.has_nothing_to_run = {"a"};
  s.boot();
  CHECK(s.story() == "start a; a down; forget a; start b; b runs; ready");
}

TEST_CASE("A supervisor that is asked to stop while it starts stops what it has started") {
  scripted_supervisor s{otp_flags(restart_strategy::one_for_one), abc_when_ready()};
  s.boot();
  s.ready("a");
  s.story();
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; c stays down; stop b; b down; stop a; a down; ended: shutdown");
}

// -- strategies

TEST_CASE("OTP one_for_one: if a child terminates and is to be restarted, only that child is affected") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one), abc());
  s.crash("b");
  CHECK(s.story() == "b down, again in 0 ms; start b; b runs");
}

TEST_CASE("one_for_one: a child that takes its time to restart does not delay the others") {
  auto children = abc_when_ready();
  scripted_supervisor s{otp_flags(restart_strategy::one_for_one, 10), children};
  s.boot();
  for (auto name : {"a", "b", "c"})
    s.ready(name);
  s.story();
  s.crash("a");
  s.crash("c");
  CHECK(s.story() == "a down, again in 0 ms; start a; c down, again in 0 ms; start c");
  s.ready("c");
  CHECK(s.story() == "c runs");
}

TEST_CASE("OTP one_for_all: all other children are terminated, then all are restarted") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_all), abc());
  s.crash("b");
  CHECK(s.story()
        == "b down, again in 0 ms; stop c; c down, again in 0 ms; stop a; a down, again in 0 ms; "
           "start a; a runs; start b; b runs; start c; c runs");
}

TEST_CASE("OTP one_for_all: nothing is started before all are terminated") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_all), abc());
  s.ignores_stop = {"a"};
  s.crash("c");
  CHECK(s.story() == "c down, again in 0 ms; stop b; b down, again in 0 ms; stop a");
  s.pass(5s);
  CHECK(s.story() == "kill a; a down, again in 0 ms; start a; a runs; start b; b runs; start c; c runs");
}

TEST_CASE("OTP rest_for_one: the children started after the terminated one are terminated, then it and they "
          "restart") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::rest_for_one), abc());
  s.crash("b");
  CHECK(s.story()
        == "b down, again in 0 ms; stop c; c down, again in 0 ms; start b; b runs; start c; c runs");
}

TEST_CASE("OTP rest_for_one: the first child takes all with it, the last one only itself") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::rest_for_one, 5), abc());
  s.crash("c");
  CHECK(s.story() == "c down, again in 0 ms; start c; c runs");
  s.crash("a");
  CHECK(s.story()
        == "a down, again in 0 ms; stop c; c down, again in 0 ms; stop b; b down, again in 0 ms; start a; a "
           "runs; start b; "
           "b runs; start c; c runs");
}

TEST_CASE(
  "rest_for_one: an earlier child that fails while later ones are being stopped extends the restart") {
  auto s =
    scripted_supervisor::booted(otp_flags(restart_strategy::rest_for_one, 5),
                                {child_named("a"), child_named("b"), child_named("c"), child_named("d")});
  s.ignores_stop = {"d"};
  s.crash("c");
  CHECK(s.story() == "c down, again in 0 ms; stop d");
  s.crash("a");
  CHECK(s.story() == "a down, again in 0 ms");
  s.ends("d", {exit_kind::shutdown, ""});
  CHECK(s.story()
        == "d down, again in 0 ms; stop b; b down, again in 0 ms; start a; a runs; start b; b runs; start c; "
           "c runs; "
           "start d; d runs");
}

TEST_CASE(
  "OTP one_for_all, rest_for_one: a child restarted with its group is restarted again when it fails") {
  for (auto strategy : {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    auto s = scripted_supervisor::booted(otp_flags(strategy, 5), abc());
    s.crash("a");
    s.story();
    s.crash("c");
    CHECK(s.lives("c"));
    CHECK(s.core.recent_restarts(s.now) == 2);
  }
}

TEST_CASE("one_for_all: terminate_child during a group restart keeps the order, and the child stays away") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_all), abc());
  s.ignores_stop = {"c"};
  s.crash("b");
  s.terminate_child(1, "a");
  CHECK(s.story() == "b down, again in 0 ms; stop c");
  s.ends("c", {exit_kind::shutdown, ""});
  CHECK(s.story() == "c down, again in 0 ms; stop a; a down; answer 1 OK; start b; b runs; start c; c runs");
}

TEST_CASE(
  "one_for_all: a sibling that crashes while it waits to be stopped is not counted as another failure") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_all, 1), abc());
  s.ignores_stop = {"c"};
  s.crash("b");
  s.crash("a");
  CHECK(s.story() == "b down, again in 0 ms; stop c; a down, again in 0 ms");
  s.ends("c", {exit_kind::shutdown, ""});
  CHECK(s.story() == "c down, again in 0 ms; start a; a runs; start b; b runs; start c; c runs");
}

TEST_CASE("OTP restart: a failed restart is tried again, and counts as another restart") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one, 3), abc());
  s.fails_to_launch["b"] = 2;
  s.crash("b");
  CHECK(s.story()
        == "b down, again in 0 ms; start b; b fails to start, again in 0 ms; start b; b fails to start, "
           "again in 0 ms; "
           "start b; b runs");
  CHECK(s.core.recent_restarts(s.now) == 3);
}

TEST_CASE(
  "OTP restart: under one_for_all a child that fails to restart takes those already restarted down again") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_all, 3), abc());
  s.fails_to_launch["b"] = 1;
  s.crash("c");
  CHECK(s.story()
        == "c down, again in 0 ms; stop b; b down, again in 0 ms; stop a; a down, again in 0 ms; start a; a "
           "runs; start b; "
           "b fails to start, again in 0 ms; stop a; a down, again in 0 ms; start a; a runs; start b; b "
           "runs; start c; "
           "c runs");
}

TEST_CASE("OTP restart: under rest_for_one a child that fails to restart keeps those before it running") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::rest_for_one, 3), abc());
  s.fails_to_launch["c"] = 1;
  s.crash("b");
  CHECK(s.story()
        == "b down, again in 0 ms; stop c; c down, again in 0 ms; start b; b runs; start c; "
           "c fails to start, again in 0 ms; start c; c runs");
}

// -- intensity

TEST_CASE("OTP intensity: if more than MaxR restarts occur within MaxT, all children and then the supervisor "
          "terminate") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one, 2, 5s), abc());
  s.crash("b");
  s.pass(2s);
  s.crash("b");
  s.story();
  s.pass(3s);
  s.crash("b", "out of paper");
  CHECK(s.story()
        == "b down; stopping: intensity_exceeded; stop c; c down; stop a; a down; ended: intensity_exceeded");
  CHECK(s.last_exit.cause.message() == "child b ended once more after 2 restarts within 5 s: out of paper");
}

TEST_CASE("OTP intensity: restarts of all children count together") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one, 2), abc());
  s.crash("a");
  s.crash("b");
  CHECK_FALSE(s.has_ended);
  s.crash("c");
  CHECK(s.has_ended);
}

TEST_CASE("OTP intensity: restarts further apart than the period go on for ever") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one, 1, 5s), abc());
  for (int i = 0; i < 100; ++i) {
    s.crash("b");
    s.pass(5001ms);
  }
  CHECK_FALSE(s.has_ended);
}

TEST_CASE("OTP intensity: the restart of a group counts once") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_all, 2), abc());
  s.crash("a");
  s.crash("a");
  CHECK_FALSE(s.has_ended);
  CHECK(s.core.recent_restarts(s.now) == 2);
}

TEST_CASE("OTP intensity: an intensity of 0 makes the first failure fatal") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one, 0), abc());
  s.crash("a");
  CHECK(s.last_exit.kind == supervisor_exit_kind::intensity_exceeded);
  CHECK(s.has_ended);
}

TEST_CASE("OTP intensity: a child that can never be restarted makes the supervisor give up") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one, 3), abc());
  s.fails_to_launch["b"] = 1000;
  s.crash("b");
  CHECK(s.has_ended);
  CHECK(s.fails_to_launch["b"] == 1000 - 3);
}

// -- backoff, which OTP does not have

TEST_CASE("Backoff: the first restart is immediate, the next ones wait longer and longer") {
  auto flags = otp_flags(restart_strategy::one_for_one, 100);
  flags.backoff = {100ms, 300ms, 0, 1min};
  auto s = scripted_supervisor::booted(flags, abc());
  s.crash("b");
  CHECK(s.story() == "b down, again in 0 ms; start b; b runs");
  s.crash("b");
  CHECK(s.story() == "b down, again in 100 ms");
  CHECK(s.state_of("b") == child_state::waiting);
  s.pass(99ms);
  CHECK(s.story() == "");
  s.pass(1ms);
  CHECK(s.story() == "start b; b runs");
  s.crash("b");
  CHECK(s.story() == "b down, again in 200 ms");
  s.pass(200ms);
  s.crash("b");
  s.pass(300ms);
  CHECK(s.story() == "start b; b runs; b down, again in 300 ms; start b; b runs");
  s.pass(1min);
  s.crash("b");
  CHECK(s.story() == "b down, again in 0 ms; start b; b runs");
}

TEST_CASE("Backoff: under one_for_all the siblings are stopped at once and all start when the wait is over") {
  auto flags = otp_flags(restart_strategy::one_for_all, 100);
  flags.backoff = {100ms, 300ms, 0, 1min};
  auto s = scripted_supervisor::booted(flags, {child_named("a"), child_named("b")});
  s.crash("b");
  s.story();
  s.crash("b");
  CHECK(s.story() == "b down, again in 100 ms; stop a; a down, again in 100 ms");
  s.pass(100ms);
  CHECK(s.story() == "start a; a runs; start b; b runs");
}

TEST_CASE("Backoff: a child that waits is not started sooner because a sibling takes it along") {
  auto flags = otp_flags(restart_strategy::rest_for_one, 100);
  flags.backoff = {100ms, 300ms, 0, 1min};
  auto s = scripted_supervisor::booted(flags, {child_named("a"), child_named("b")});
  s.crash("b");
  s.crash("b");
  s.story();
  s.pass(50ms);
  s.crash("a");
  CHECK(s.story() == "a down, again in 0 ms; start a; a runs");
  s.pass(50ms);
  CHECK(s.story() == "start b; b runs");
}

TEST_CASE("Backoff: a supervisor that stops calls planned restarts off") {
  auto flags = otp_flags(restart_strategy::one_for_one, 100);
  flags.backoff = {100ms, 300ms, 0, 1min};
  auto s = scripted_supervisor::booted(flags, {child_named("a"), child_named("b")});
  s.crash("b");
  s.crash("b");
  s.story();
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; b stays down; stop a; a down; ended: shutdown");
  CHECK(s.core.next_wakeup() == monotonic_time::max());
}

TEST_CASE("The default limits let a child that always fails be tried for about half a minute") {
  auto s = scripted_supervisor::booted(supervisor_flags{}, {child_named("a")});
  s.fails_to_launch["a"] = 1000;
  const auto begin = s.now;
  s.crash("a");
  while (!s.has_ended)
    s.pass(1s);
  CHECK(s.now - begin > 20s);
  CHECK(s.now - begin < 60s);
}

// -- restart policies

TEST_CASE("OTP restart: a permanent child is always restarted") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one, 10), {child_named("a")});
  for (auto kind : {exit_kind::normal, exit_kind::shutdown, exit_kind::abnormal, exit_kind::killed}) {
    s.ends("a", {kind, ""});
    CHECK(s.story() == "a down, again in 0 ms; start a; a runs");
  }
}

TEST_CASE("OTP restart: a transient child is restarted only if it terminates abnormally") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one, 10),
                                       {child_named("a", transient), child_named("b", transient)});
  for (auto kind : {exit_kind::abnormal, exit_kind::killed}) {
    s.ends("a", {kind, ""});
    CHECK(s.story() == "a down, again in 0 ms; start a; a runs");
  }
  s.ends("a", {exit_kind::normal, ""});
  CHECK(s.story() == "a down");
  s.ends("b", {exit_kind::shutdown, "with a term"});
  CHECK(s.story() == "b down");
  CHECK(s.state_of("a") == child_state::stopped);
  CHECK(s.core.recent_restarts(s.now) == 2);
}

TEST_CASE("OTP restart: a temporary child is never restarted, and is forgotten when it terminates") {
  for (auto kind : {exit_kind::normal, exit_kind::shutdown, exit_kind::abnormal, exit_kind::killed}) {
    auto s =
      scripted_supervisor::booted(otp_flags(restart_strategy::one_for_one), {child_named("a", temporary)});
    s.ends("a", {kind, ""});
    CHECK(s.story() == "a down; forget a");
    CHECK(s.core.count_children().specs == 0);
  }
}

TEST_CASE(
  "OTP restart: a temporary child is not restarted when a sibling's death causes it to be terminated") {
  for (auto strategy : {restart_strategy::rest_for_one, restart_strategy::one_for_all}) {
    auto s =
      scripted_supervisor::booted(otp_flags(strategy), {child_named("a"), child_named("b", temporary)});
    s.crash("a");
    CHECK(s.story() == "a down, again in 0 ms; stop b; b down; forget b; start a; a runs");
  }
}

TEST_CASE("OTP restart: the death of a temporary child does not affect its siblings") {
  for (auto strategy : {restart_strategy::rest_for_one, restart_strategy::one_for_all}) {
    auto s =
      scripted_supervisor::booted(otp_flags(strategy), {child_named("a", temporary), child_named("b")});
    s.crash("a");
    CHECK(s.story() == "a down; forget a");
  }
}

TEST_CASE("OTP restart: a group restart also starts the transient siblings that had ended normally") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_all),
                                       {child_named("a"), child_named("b", transient)});
  s.ends_normally("b");
  s.story();
  s.crash("a");
  CHECK(s.story() == "a down, again in 0 ms; start a; a runs; start b; b runs");
}
