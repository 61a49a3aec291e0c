// The documented semantics of Erlang/OTP 25's supervisor, a case each: the functions start_child,
// terminate_child, restart_child, delete_child, which_children and count_children, and simple_one_for_one.
#include "scripted_supervisor.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {
constexpr auto one_for_one = restart_strategy::one_for_one;
constexpr auto simple = restart_strategy::simple_one_for_one;
constexpr auto temporary = restart_policy::temporary;
constexpr auto transient = restart_policy::transient;
} // namespace

// -- start_child

TEST_CASE("OTP start_child: adds a child specification and starts the child") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a")});
  s.start_child(1, child_named("b"));
  CHECK(s.story() == "start b; b runs; answer 1 OK");
  CHECK(s.core.find(s.last_child)->policy.name == "b");
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; stop b; b down; stop a; a down; ended: shutdown");
}

TEST_CASE("OTP start_child: answers when the child is ready") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one));
  auto child = child_named("a");
  child.start = start_mode::when_ready(1s);
  s.start_child(1, child);
  CHECK(s.story() == "start a");
  s.ready("a");
  CHECK(s.story() == "a runs; answer 1 OK");
}

TEST_CASE("OTP start_child: already_started or already_present if the identifier is taken") {
  auto s =
    scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a"), child_named("b", transient)});
  s.start_child(1, child_named("a"));
  CHECK(s.story() == "answer 1 ALREADY_EXISTS");
  CHECK(s.last_answer.message() == "child a is already started");
  s.ends_normally("b");
  s.story();
  s.start_child(2, child_named("b"));
  CHECK(s.story() == "answer 2 ALREADY_EXISTS");
  CHECK(s.last_answer.message() == "child b is already present");
}

TEST_CASE(
  "OTP start_child: if the start function returns ignore, the specification is kept, without a process") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one));
  s.has_nothing_to_run = {"a", "b"};
  s.start_child(1, child_named("a"));
  CHECK(s.story() == "start a; a down; answer 1 OK");
  CHECK(s.core.count_children() == child_counts{1, 0, 0, 1});
  auto dynamic = scripted_supervisor::booted(otp_flags(simple));
  dynamic.has_nothing_to_run = {"a"};
  dynamic.start_child(1, child_named("a"));
  CHECK(dynamic.story() == "start a; a down; answer 1 OK; forget a");
}

TEST_CASE("OTP start_child: if the start fails, the specification is discarded and the error is returned") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one));
  s.fails_to_launch["a"] = 1;
  s.start_child(1, child_named("a"));
  CHECK(s.story() == "start a; a fails to start; answer 1 UNAVAILABLE; forget a");
  s.start_child(2, child_named("a"));
  CHECK(s.story() == "start a; a runs; answer 2 OK");
}

TEST_CASE("A child that start_child has not brought up in time is killed and discarded") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one));
  auto child = child_named("a");
  child.start = start_mode::when_ready(1s);
  s.start_child(1, child);
  s.pass(1s);
  CHECK(s.story() == "start a; kill a; a fails to start; answer 1 DEADLINE_EXCEEDED; forget a");
}

TEST_CASE("The number of children is bounded") {
  auto flags = otp_flags(simple);
  flags.max_children = 2;
  auto s = scripted_supervisor::booted(flags);
  for (int i = 1; i <= 3; ++i)
    s.start_child(i, child_named("a", temporary));
  CHECK(s.story()
        == "start a; a runs; answer 1 OK; start a; a runs; answer 2 OK; answer 3 RESOURCE_EXHAUSTED");
}

TEST_CASE("start_child while a child of the same name is being stopped waits for it") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a", temporary)});
  s.ignores_stop = {"a"};
  s.terminate_child(1, "a");
  s.start_child(2, child_named("a", temporary));
  CHECK(s.story() == "stop a");
  s.ends("a", {exit_kind::shutdown, ""});
  CHECK(s.story() == "a down; answer 1 OK; forget a; start a; a runs; answer 2 OK");
}

TEST_CASE("Requests that wait for a child to stop are bounded") {
  auto flags = otp_flags(one_for_one);
  flags.max_waiting_requests = 2;
  auto s = scripted_supervisor::booted(flags, {child_named("a")});
  s.ignores_stop = {"a"};
  s.terminate_child(1, "a");
  for (int i = 2; i <= 4; ++i)
    s.restart_child(i, "a");
  CHECK(s.story() == "stop a; answer 4 RESOURCE_EXHAUSTED");
}

// -- terminate_child

TEST_CASE("OTP terminate_child: the process is terminated and, unless temporary, its specification is kept") {
  auto s =
    scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a"), child_named("b", temporary)});
  s.terminate_child(1, "a");
  s.terminate_child(2, "b");
  CHECK(s.story() == "stop a; a down; answer 1 OK; stop b; b down; answer 2 OK; forget b");
  CHECK(s.state_of("a") == child_state::stopped);
}

TEST_CASE("OTP terminate_child: not_found if there is no such child") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one));
  s.terminate_child(1, "nobody");
  s.terminate_child(2, child_id{77});
  CHECK(s.story() == "answer 1 NOT_FOUND; answer 2 NOT_FOUND");
}

TEST_CASE("OTP terminate_child: of a child that is not running succeeds") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a", transient)});
  s.ends_normally("a");
  s.story();
  s.terminate_child(1, "a");
  CHECK(s.story() == "answer 1 OK");
}

TEST_CASE("OTP terminate_child: calls a planned restart off") {
  auto flags = otp_flags(one_for_one, 10);
  flags.backoff = {1s, 1s, 0, 1min};
  auto s = scripted_supervisor::booted(flags, {child_named("a")});
  s.crash("a");
  s.crash("a");
  s.story();
  s.terminate_child(1, "a");
  CHECK(s.story() == "a stays down; answer 1 OK");
  s.pass(1min);
  CHECK(s.story() == "");
}

TEST_CASE("OTP terminate_child: the child can later be restarted by the supervisor") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::one_for_all),
                                       {child_named("a"), child_named("b")});
  s.terminate_child(1, "b");
  s.story();
  s.crash("a");
  CHECK(s.story() == "a down, again in 0 ms; start a; a runs; start b; b runs");
}

TEST_CASE("terminate_child is no failure: it is neither counted nor restarted, however the child ends") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one, 0), {child_named("a")});
  s.exit_when_stopped["a"] = {exit_kind::abnormal, "while stopping"};
  s.terminate_child(1, "a");
  CHECK(s.story() == "stop a; a down; answer 1 OK");
}

TEST_CASE("terminate_child of a child that start_child has not brought up answers both") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one));
  auto child = child_named("a");
  child.start = start_mode::when_ready(1s);
  s.start_child(1, child);
  s.terminate_child(2, "a");
  CHECK(s.story() == "start a; stop a; a down; answer 1 ABORTED; answer 2 OK");
}

TEST_CASE("A child that takes its time to terminate on request does not delay the start of others") {
  auto s = scripted_supervisor::booted(otp_flags(restart_strategy::rest_for_one), {child_named("a")});
  s.ignores_stop = {"a"};
  s.terminate_child(1, "a");
  s.start_child(2, child_named("b"));
  CHECK(s.story() == "stop a; start b; b runs; answer 2 OK");
}

TEST_CASE("Everyone who asked to terminate a child is answered when it is down") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a")});
  s.ignores_stop = {"a"};
  s.terminate_child(1, "a");
  s.terminate_child(2, "a");
  CHECK(s.story() == "stop a");
  s.ends("a", {exit_kind::shutdown, ""});
  CHECK(s.story() == "a down; answer 1 OK; answer 2 OK");
}

// -- restart_child

TEST_CASE("OTP restart_child: starts a child that is not running") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a")});
  s.terminate_child(1, "a");
  s.story();
  s.restart_child(2, "a");
  CHECK(s.story() == "start a; a runs; answer 2 OK");
}

TEST_CASE("OTP restart_child: not_found, running, restarting") {
  auto flags = otp_flags(one_for_one, 10);
  flags.backoff = {1s, 1s, 0, 1min};
  auto s = scripted_supervisor::booted(flags, {child_named("a")});
  s.restart_child(1, "nobody");
  CHECK(s.story() == "answer 1 NOT_FOUND");
  s.restart_child(2, "a");
  CHECK(s.last_answer == failed_precondition("child a is running"));
  s.crash("a");
  s.crash("a");
  s.restart_child(3, "a");
  CHECK(s.last_answer == failed_precondition("child a is restarting"));
}

TEST_CASE(
  "OTP restart_child: temporary children are deleted when they terminate, so they cannot be restarted") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a", temporary)});
  s.ends_normally("a");
  s.restart_child(1, "a");
  CHECK(s.last_answer.code() == status_code::not_found);
}

TEST_CASE("OTP restart_child: if the start fails, the error is returned and the specification kept") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a")});
  s.terminate_child(1, "a");
  s.fails_to_launch["a"] = 1;
  s.story();
  s.restart_child(2, "a");
  CHECK(s.story() == "start a; a fails to start; answer 2 UNAVAILABLE");
  CHECK(s.state_of("a") == child_state::stopped);
}

TEST_CASE("restart_child of a child that is being stopped waits until it is down") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a")});
  s.ignores_stop = {"a"};
  s.terminate_child(1, "a");
  s.restart_child(2, "a");
  CHECK(s.story() == "stop a");
  s.ends("a", {exit_kind::shutdown, ""});
  CHECK(s.story() == "a down; answer 1 OK; start a; a runs; answer 2 OK");
}

// -- delete_child

TEST_CASE("OTP delete_child: deletes the specification of a child that is not running") {
  auto s = scripted_supervisor::booted(otp_flags(one_for_one), {child_named("a")});
  s.terminate_child(1, "a");
  s.story();
  s.delete_child(2, "a");
  CHECK(s.story() == "forget a; answer 2 OK");
  CHECK_FALSE(s.core.find("a"));
}

TEST_CASE("OTP delete_child: not_found, running, restarting") {
  auto flags = otp_flags(one_for_one, 10);
  flags.backoff = {1s, 1s, 0, 1min};
  auto s = scripted_supervisor::booted(flags, {child_named("a")});
  s.delete_child(1, "nobody");
  CHECK(s.last_answer.code() == status_code::not_found);
  s.delete_child(2, "a");
  CHECK(s.last_answer == failed_precondition("child a is running"));
  s.crash("a");
  s.crash("a");
  s.delete_child(3, "a");
  CHECK(s.last_answer == failed_precondition("child a is restarting"));
}

// -- which_children, count_children

TEST_CASE("OTP which_children: every specification with its process, restarting, or undefined") {
  auto flags = otp_flags(one_for_one, 10);
  flags.backoff = {1s, 1s, 0, 1min};
  auto s =
    scripted_supervisor::booted(flags, {child_named("a"), child_named("b", transient), child_named("c")});
  s.ends_normally("b");
  s.crash("c");
  s.crash("c", "out of paper");
  const auto children = s.core.which_children();
  REQUIRE(children.size() == 3);
  CHECK(children[0].policy.name == "a");
  CHECK(children[0].state == child_state::running);
  CHECK(children[0].instance == s.instance_of("a"));
  CHECK(children[1].state == child_state::stopped);
  CHECK(children[1].instance == instance_id{});
  CHECK(children[2].state == child_state::waiting);
  CHECK(children[2].restarts == 1);
  CHECK(children[2].last_exit == child_exit{exit_kind::abnormal, "out of paper"});
}

TEST_CASE("OTP count_children: specs, active, supervisors, workers") {
  auto branch = child_named("a");
  branch.kind = child_kind::supervisor;
  auto s = scripted_supervisor::booted(otp_flags(one_for_one),
                                       {branch, child_named("b", transient), child_named("c")});
  s.ends_normally("b");
  CHECK(s.core.count_children() == child_counts{3, 2, 1, 2});
}

// -- simple_one_for_one

TEST_CASE(
  "OTP simple_one_for_one: no child is started when the supervisor is; they are added by start_child") {
  supervisor_core core{otp_flags(simple), [] { return 0; }};
  CHECK_FALSE(core.add_child(child_named("a")));
  auto s = scripted_supervisor::booted(otp_flags(simple));
  s.start_child(1, child_named("a"));
  s.start_child(2, child_named("a"));
  CHECK(s.story() == "start a; a runs; answer 1 OK; start a; a runs; answer 2 OK");
}

TEST_CASE("OTP simple_one_for_one: children are shut down all at once") {
  auto s = scripted_supervisor::booted(otp_flags(simple));
  for (auto name : {"a", "b", "c"})
    s.start_child(1, child_named(name));
  s.story();
  s.shutdown();
  CHECK(s.story() == "stopping: shutdown; stop a; stop b; stop c; a down; b down; c down; ended: shutdown");
}

TEST_CASE(
  "OTP simple_one_for_one: delete_child and restart_child are invalid, terminate_child needs the process") {
  auto s = scripted_supervisor::booted(otp_flags(simple));
  s.start_child(1, child_named("a"));
  const auto id = s.last_child;
  s.story();
  s.delete_child(2, "a");
  s.restart_child(3, "a");
  s.terminate_child(4, "a");
  CHECK(s.story()
        == "answer 2 FAILED_PRECONDITION; answer 3 FAILED_PRECONDITION; answer 4 FAILED_PRECONDITION");
  s.terminate_child(5, id);
  CHECK(s.story() == "stop a; a down; answer 5 OK; forget a");
}

TEST_CASE("OTP simple_one_for_one: only the child that failed is restarted, and a child that ended for good "
          "is dropped") {
  auto s = scripted_supervisor::booted(otp_flags(simple));
  s.start_child(1, child_named("a", transient));
  s.start_child(2, child_named("b", transient));
  s.story();
  s.crash("a");
  CHECK(s.story() == "a down, again in 0 ms; start a; a runs");
  s.ends_normally("b");
  CHECK(s.story() == "b down; forget b");
}
