// The documented semantics of Erlang/OTP 25's supervisor, a case each: how children are stopped, and when the
// supervisor stops by itself.
#include "scripted_supervisor.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {
constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto temporary = restart_policy::temporary;
constexpr auto transient = restart_policy::transient;

child_policy stopped_by(std::string name, shutdown_policy how) {
  auto out = child_named(std::move(name));
  out.shutdown = how;
  return out;
}

child_policy significant(std::string name, restart_policy restart) {
  auto out = child_named(std::move(name), restart);
  out.significant = true;
  return out;
}

supervisor_flags with(auto_shutdown shutdown, restart_strategy strategy = one_for_one) {
  auto out = otp_flags(strategy, 10);
  out.shutdown = shutdown;
  return out;
}
} // namespace

// -- shutdown

TEST_CASE("OTP shutdown: a child is told to stop; if it does not within the time-out, it is killed") {
  auto s =
    scripted_supervisor::booted(otp_flags(one_for_one), {stopped_by("a", shutdown_policy::within(2s))});
  s.ignores_stop = {"a"};
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; stop a");
  s.pass(1999ms);
  CHECK(s.story() == "");
  s.pass(1ms);
  CHECK(s.story() == "kill a; a down; ended: shutdown");
}

TEST_CASE("OTP shutdown: a child that had to be killed is asked again the next time") {
  auto s =
    scripted_supervisor::booted(otp_flags(one_for_one), {stopped_by("a", shutdown_policy::within(2s))});
  s.ignores_stop = {"a"};
  s.terminate_child(1, "a");
  s.pass(2s);
  s.restart_child(2, "a");
  CHECK(s.story() == "stop a; kill a; a down; answer 1 OK; start a; a runs; answer 2 OK");
  s.terminate_child(3, "a");
  s.pass(2s);
  CHECK(s.story() == "stop a; kill a; a down; answer 3 OK");
}

TEST_CASE("OTP shutdown: brutal_kill terminates the child without asking") {
  auto s =
    scripted_supervisor::booted(otp_flags(one_for_one), {stopped_by("a", shutdown_policy::brutal_kill())});
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; kill a; a down; ended: shutdown");
}

TEST_CASE("OTP shutdown: infinity gives the child ample time") {
  auto s =
    scripted_supervisor::booted(otp_flags(one_for_one), {stopped_by("a", shutdown_policy::infinity())});
  s.ignores_stop = {"a"};
  s.shutdown();
  s.pass(24h * 365);
  CHECK(s.story() == "stopping: shutdown; stop a");
  s.ends("a", {exit_kind::shutdown, ""});
  CHECK(s.story() == "a down; ended: shutdown");
}

TEST_CASE("OTP shutdown: the default is five seconds") {
  CHECK(child_policy{}.shutdown == shutdown_policy::within(5s));
  CHECK(child_policy{}.restart == restart_policy::permanent);
  CHECK(child_policy{}.kind == child_kind::worker);
}

TEST_CASE("A child that does not even end when it is killed is given up, so that the supervisor can go on") {
  auto flags = otp_flags(one_for_one);
  flags.give_up_killed_after = 3s;
  auto s =
    scripted_supervisor::booted(flags, {child_named("a"), stopped_by("b", shutdown_policy::brutal_kill())});
  s.ignores_kill = {"b"};
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; kill b");
  s.pass(3s);
  CHECK(s.story() == "abandon b; b down; stop a; a down; ended: shutdown");
}

TEST_CASE("What becomes of an instance that was given up is no longer of interest") {
  auto flags = otp_flags(restart_strategy::one_for_all);
  flags.give_up_killed_after = 3s;
  auto s =
    scripted_supervisor::booted(flags, {child_named("a"), stopped_by("b", shutdown_policy::brutal_kill())});
  s.ignores_kill = {"b"};
  const auto stuck = s.instance_of("b");
  s.crash("a");
  s.pass(3s);
  s.story();
  s.ends(stuck, {exit_kind::killed, ""});
  CHECK(s.story() == "");
  CHECK(s.state_of("b") == child_state::running);
}

TEST_CASE("A child whose start fails while those after it are being stopped keeps its turn") {
  auto slow = child_named("a");
  slow.start = start_mode::when_ready(1s);
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("b")});
  s.start_child(1, slow);
  s.start_child(2, child_named("c"));
  s.ignores_stop = {"c"};
  s.story();
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; answer 1 UNAVAILABLE; stop c");
  s.start_failed("a", unavailable("no paper"));
  s.pass(2s);
  CHECK(s.story() == "");
  s.ends("c", {exit_kind::shutdown, ""});
  CHECK(s.story() == "c down; stop a; a down; stop b; b down; ended: shutdown");
}

// -- automatic shutdown

TEST_CASE("OTP auto_shutdown never: significant children are invalid and rejected") {
  supervisor_core core{with(auto_shutdown::never), [] { return 0; }};
  CHECK(core.add_child(significant("a", transient)).error().code() == status_code::invalid_argument);
  auto s = scripted_supervisor::booted(with(auto_shutdown::never));
  s.start_child(1, significant("a", transient));
  CHECK(s.story() == "answer 1 INVALID_ARGUMENT");
}

TEST_CASE("OTP significant: a permanent child cannot be significant") {
  supervisor_core core{with(auto_shutdown::any_significant), [] { return 0; }};
  CHECK(core.add_child(significant("a", restart_policy::permanent)).error().code()
        == status_code::invalid_argument);
}

TEST_CASE(
  "OTP any_significant: the supervisor stops when any transient significant child terminates normally") {
  auto s =
    scripted_supervisor::booted(with(auto_shutdown::any_significant),
                                {child_named("a"), significant("b", transient), significant("c", transient)});
  s.crash("b");
  CHECK(s.story() == "b down, again in 0 ms; start b; b runs");
  s.ends_normally("b");
  CHECK(s.story() == "b down; stopping: auto_shutdown; stop c; c down; stop a; a down; ended: auto_shutdown");
}

TEST_CASE(
  "OTP any_significant: the supervisor stops when a temporary significant child terminates in any way") {
  for (auto kind : {exit_kind::normal, exit_kind::abnormal}) {
    auto s = scripted_supervisor::booted(with(auto_shutdown::any_significant),
                                         {child_named("a"), significant("b", temporary)});
    s.ends("b", {kind, ""});
    CHECK(s.story() == "b down; forget b; stopping: auto_shutdown; stop a; a down; ended: auto_shutdown");
  }
}

TEST_CASE("OTP all_significant: the supervisor stops when the last active significant child terminates") {
  auto s =
    scripted_supervisor::booted(with(auto_shutdown::all_significant),
                                {child_named("a"), significant("b", transient), significant("c", temporary)});
  s.ends_normally("b");
  CHECK(s.story() == "b down");
  s.ends_normally("c");
  CHECK(s.story() == "c down; forget c; stopping: auto_shutdown; stop a; a down; ended: auto_shutdown");
}

TEST_CASE("OTP all_significant: a significant child that is about to be restarted is active") {
  auto flags = with(auto_shutdown::all_significant);
  flags.backoff = {1s, 1s, 0, 1min};
  auto s = scripted_supervisor::booted(flags, {significant("a", transient), significant("b", transient)});
  s.crash("a");
  s.crash("a");
  s.ends_normally("b");
  CHECK_FALSE(s.has_ended);
  s.pass(1s);
  s.ends_normally("a");
  CHECK(s.has_ended);
}

TEST_CASE("OTP auto_shutdown: insignificant children do not matter") {
  auto s = scripted_supervisor::booted(with(auto_shutdown::any_significant),
                                       {child_named("a", temporary), significant("b", transient)});
  s.ends_normally("a");
  CHECK_FALSE(s.has_ended);
}

TEST_CASE("OTP auto_shutdown: it applies only when significant children terminate by themselves") {
  auto s =
    scripted_supervisor::booted(with(auto_shutdown::any_significant),
                                {child_named("a"), significant("b", transient), significant("c", temporary)});
  s.terminate_child(1, "b");
  s.terminate_child(2, "c");
  CHECK(s.story() == "stop b; b down; answer 1 OK; stop c; c down; answer 2 OK; forget c");

  auto group =
    scripted_supervisor::booted(with(auto_shutdown::any_significant, restart_strategy::one_for_all),
                                {child_named("a"), significant("b", temporary)});
  group.crash("a");
  CHECK_FALSE(group.has_ended);
}

// -- the end

TEST_CASE("A supervisor that is stopping refuses every request") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a")});
  s.ignores_stop = {"a"};
  s.shutdown();
  s.story();
  s.start_child(1, child_named("b"));
  s.terminate_child(2, "a");
  s.restart_child(3, "a");
  s.delete_child(4, "a");
  CHECK(s.story()
        == "answer 1 UNAVAILABLE; answer 2 UNAVAILABLE; answer 3 UNAVAILABLE; answer 4 UNAVAILABLE");
}

TEST_CASE("Requests that wait when the supervisor begins to stop are answered") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a")});
  s.ignores_stop = {"a"};
  auto slow = child_named("b");
  slow.start = start_mode::when_ready(1min);
  s.start_child(1, slow);
  s.terminate_child(2, "a");
  s.restart_child(3, "a");
  s.story();
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; answer 3 UNAVAILABLE; answer 1 UNAVAILABLE; stop b; b down");
  s.ends("a", {exit_kind::shutdown, ""});
  CHECK(s.story() == "a down; answer 2 OK; ended: shutdown");
}
