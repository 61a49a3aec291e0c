// Supervisors and children that are real actors. Time is CAF's own, with limits so short or so long that they
// do not decide; every test waits for what the supervisor reports, never for time.
#include "supervised_system.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("A supervisor starts its children in order and reports that it is ready") {
  supervised_system s;
  s.spawn({.name = "root", .children = {s.worker("a"), s.worker("b")}});
  s.wait_for("root is ready");
  CHECK(s.history() == "root/a started; root/b started; root is ready");
}

TEST_CASE("A child that waits to be ready holds the next one back until it reports") {
  supervised_system s;
  auto slow = s.worker("slow");
  slow.mode = start_mode::when_ready(1h);
  s.spawn({.name = "root", .children = {slow, s.worker("next")}});
  s.wait_until_spawned("slow");
  CHECK(s.history() == "");
  s.tell("slow", report_ready_now{});
  s.wait_for("root is ready");
  CHECK(s.history() == "root/slow started; root/next started; root is ready");
}

TEST_CASE("A child that reports a failure fails the supervisor, and the root says so to its host") {
  supervised_system s;
  auto child = s.worker("child");
  child.mode = start_mode::when_ready(1h);
  s.spawn({.name = "root", .children = {s.worker("first"), child}});
  s.wait_until_spawned("child");
  s.tell("child", report_failure_now{not_found("no such table")});
  const auto exit = s.wait_for_exit();
  CHECK(exit.kind == supervisor_exit_kind::start_failed);
  CHECK(exit.cause == not_found("child child did not start: no such table"));
}

TEST_CASE("A child that crashes is restarted, and its hooks follow it") {
  supervised_system s;
  auto hooks = std::make_shared<recorded_hooks>();
  auto child = s.worker("a");
  hooks->record(child);
  s.spawn({.name = "root", .children = {child}});
  s.wait_for("root is ready");
  const auto first = s.actor("a");
  s.tell("a", crash_now{"out of paper"});
  s.wait_for("root/a started", 2);
  CHECK(s.actor("a") != first);
  CHECK(hooks->take()
        == std::vector<std::string>{"attached", "down soon: abnormal: an exception escaped: out of paper",
                                    "attached"});
  CHECK(s.history().find("root/a ended (abnormal: an exception escaped: out of paper); it restarts at once")
        != std::string::npos);
}

TEST_CASE("A supervisor that is asked to stop ends its children in reverse order and reports shutdown") {
  supervised_system s;
  s.spawn({.name = "root", .children = {s.worker("a"), s.worker("b")}});
  s.wait_for("root is ready");
  s.clear_history();
  stop_supervisor(s.root());
  CHECK(s.wait_for_exit().kind == supervisor_exit_kind::shutdown);
  CHECK(s.history()
        == "root is stopping (shutdown); root/b was stopped (shutdown); root/a was stopped (shutdown); root "
           "has ended "
           "(shutdown)");
}

TEST_CASE("A child that does not stop in time is killed") {
  supervised_system s;
  auto child = s.worker("stubborn");
  child.shutdown = shutdown_policy::within(1ms);
  s.spawn({.name = "root", .children = {child}});
  s.wait_for("root is ready");
  s.tell("stubborn", ignore_exits{});
  stop_supervisor(s.root());
  s.wait_for_exit();
  CHECK(s.count("root/stubborn is killed") == 1);
  CHECK(s.count("root/stubborn was stopped (killed)") == 1);
}

TEST_CASE("A child stopped by brutal_kill is not asked") {
  supervised_system s;
  auto child = s.worker("a");
  child.shutdown = shutdown_policy::brutal_kill();
  s.spawn({.name = "root", .children = {child}});
  s.wait_for("root is ready");
  stop_supervisor(s.root());
  s.wait_for_exit();
  CHECK(s.count("root/a was stopped (killed)") == 1);
}

TEST_CASE("A child that is stuck in a handler when it is killed is given up") {
  supervised_system s;
  auto child = s.worker("stuck");
  child.shutdown = shutdown_policy::brutal_kill();
  supervisor_flags flags;
  flags.give_up_killed_after = 1ms;
  s.spawn({.name = "root", .flags = flags, .children = {child}});
  s.wait_for("root is ready");
  std::promise<void> release;
  s.tell("stuck", wait_in_handler{release.get_future().share()});
  s.wait_until_waiting();
  stop_supervisor(s.root());
  s.wait_for_exit();
  CHECK(s.count("root/stuck was given up (it did not end although it was killed)") == 1);
  release.set_value();
}

TEST_CASE("Too many restarts end the tree from the root, and the host learns why") {
  supervised_system s;
  supervisor_flags flags;
  flags.intensity = 2;
  flags.backoff = backoff_policy::none();
  s.spawn({.name = "root", .flags = flags, .children = {s.worker("a"), s.worker("b")}});
  s.wait_for("root is ready");
  for (int i = 1; i <= 3; ++i) {
    s.wait_for("root/a started", i);
    s.tell("a", crash_now{"boom"});
  }
  const auto exit = s.wait_for_exit();
  CHECK(exit.kind == supervisor_exit_kind::intensity_exceeded);
  CHECK(exit.cause.message()
        == "child a ended once more after 2 restarts within 60 s: an exception escaped: boom");
}

TEST_CASE("A child supervisor that gives up is restarted by its parent, with all its children") {
  supervised_system s;
  supervisor_flags strict;
  strict.intensity = 0;
  s.spawn({.name = "root",
           .children = {
             supervisor_child({.name = "shop", .flags = strict, .children = {s.worker("x"), s.worker("y")}}),
             s.worker("z")}});
  s.wait_for("root is ready");
  CHECK(s.history()
        == "root/shop/x started; root/shop/y started; root/shop is ready; root/shop started; root/z started; "
           "root is ready");
  s.tell("x", crash_now{"boom"});
  s.wait_for("root/shop started", 2);
  CHECK(s.count("root/shop has ended (child x ended once more after 0 restarts within 60 s: an exception "
                "escaped: boom)")
        == 1);
  CHECK(s.count("root/shop/y started") == 2);
  CHECK(s.count("root/z started") == 1);
}

TEST_CASE("Nested supervisors stop from the leaves to the root") {
  supervised_system s;
  s.spawn({.name = "root",
           .children = {supervisor_child({.name = "p", .children = {s.worker("x")}}),
                        supervisor_child({.name = "q", .children = {s.worker("y")}})}});
  s.wait_for("root is ready");
  s.clear_history();
  stop_supervisor(s.root());
  s.wait_for_exit();
  CHECK(s.history()
        == "root is stopping (shutdown); root/q is stopping (shutdown); root/q/y was stopped (shutdown); "
           "root/q has ended "
           "(shutdown); root/q was stopped (shutdown); root/p is stopping (shutdown); root/p/x was stopped "
           "(shutdown); "
           "root/p has ended (shutdown); root/p was stopped (shutdown); root has ended (shutdown)");
}

TEST_CASE("A supervisor that is killed takes its children with it") {
  supervised_system s;
  s.spawn({.name = "root", .children = {supervisor_child({.name = "p", .children = {s.worker("x")}})}});
  s.wait_for("root is ready");
  const auto x = s.actor("x");
  s.watch(x);
  caf::anon_send_exit(s.root(), caf::exit_reason::kill);
  CHECK(s.wait_for_exit().kind == supervisor_exit_kind::killed);
  CHECK(s.wait_until_watched_ends() == caf::exit_reason::kill);
}

TEST_CASE("The exit of an actor that is linked to a supervisor does not stop it") {
  supervised_system s;
  s.spawn({.name = "root", .children = {s.worker("a")}});
  s.wait_for("root is ready");
  s.tell("a", link_to_supervisor{});
  s.tell("a", crash_now{"boom"});
  s.wait_for("root/a started", 2);
  CHECK(s.count("root is stopping (shutdown)") == 0);
}

TEST_CASE("A service spawns helpers under a supervisor by request") {
  supervised_system s;
  supervisor_flags flags;
  flags.strategy = restart_strategy::simple_one_for_one;
  s.spawn({.name = "helpers", .flags = flags});
  s.wait_for("helpers is ready");
  const auto reply = s.ask<child_reply>(start_child_request{s.worker("helper")});
  REQUIRE(reply.outcome.ok());
  CHECK(reply.actor == s.actor("helper"));
  CHECK(s.ask<child_counts>(count_children_request{}) == child_counts{1, 1, 0, 1});
  CHECK(s.ask<child_reply>(terminate_child_request{.name = "", .id = reply.id}).outcome.ok());
  CHECK(s.ask<child_counts>(count_children_request{}) == child_counts{0, 0, 0, 0});
}

TEST_CASE("Children are listed, stopped, started again and deleted by request") {
  supervised_system s;
  s.spawn({.name = "root", .children = {s.worker("a"), s.worker("b")}});
  s.wait_for("root is ready");
  auto listed = s.ask<children_reply>(which_children_request{}).children;
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].actor == s.actor("a"));
  CHECK(s.ask<child_reply>(delete_child_request{"a"}).outcome == failed_precondition("child a is running"));
  CHECK(s.ask<child_reply>(terminate_child_request{"a"}).outcome.ok());
  CHECK(s.ask<child_reply>(restart_child_request{"a"}).outcome.ok());
  CHECK(s.ask<child_reply>(terminate_child_request{"a"}).outcome.ok());
  CHECK(s.ask<child_reply>(delete_child_request{"a"}).outcome.ok());
  listed = s.ask<children_reply>(which_children_request{}).children;
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].info.policy.name == "b");
  const auto twice = s.ask<child_reply>(start_child_request{s.worker("b")});
  CHECK(twice.outcome.code() == status_code::already_exists);
  CHECK(twice.actor == s.actor("b"));
}

TEST_CASE("A start function that throws or fails says why") {
  supervised_system s;
  s.spawn({.name = "root"});
  s.wait_for("root is ready");
  auto throws = s.worker("throws");
  throws.start = [](child_context&) -> result<caf::actor> { throw std::runtime_error{"no paper"}; };
  CHECK(s.ask<child_reply>(start_child_request{throws}).outcome
        == internal("its start function threw: no paper"));
  auto fails = s.worker("fails");
  fails.start = [](child_context&) -> result<caf::actor> { return not_found("no file"); };
  CHECK(s.ask<child_reply>(start_child_request{fails}).outcome == not_found("no file"));
  auto nothing = s.worker("nothing");
  nothing.start = [](child_context&) -> result<caf::actor> { return caf::actor{}; };
  const auto reply = s.ask<child_reply>(start_child_request{nothing});
  CHECK(reply.outcome.ok());
  CHECK_FALSE(reply.actor);
}

TEST_CASE("A start function that returns the same actor twice is refused") {
  supervised_system s;
  s.spawn({.name = "root", .children = {s.worker("a")}});
  s.wait_for("root is ready");
  auto copy = s.worker("copy");
  copy.start = [actor = s.actor("a")](child_context&) -> result<caf::actor> { return actor; };
  CHECK(s.ask<child_reply>(start_child_request{copy}).outcome.code() == status_code::internal);
}

TEST_CASE("A hook that throws is reported and does no harm") {
  supervised_system s;
  auto child = s.worker("a");
  child.on_attached = [](const caf::actor&) { throw std::runtime_error{"no paper"}; };
  s.spawn({.name = "root", .children = {child, s.worker("b")}});
  s.wait_for("root is ready");
  CHECK(s.count("root/a has a hook that threw (an exception escaped: no paper)") == 1);
}

TEST_CASE("The whole tree is described from any supervisor down") {
  supervised_system s;
  supervisor_flags together;
  together.strategy = restart_strategy::rest_for_one;
  s.spawn({.name = "root",
           .children = {supervisor_child(
                          {.name = "shop", .flags = together, .children = {s.worker("x"), s.worker("y")}}),
                        s.worker("z")}});
  s.wait_for("root is ready");
  s.tell("x", crash_now{"boom"});
  s.wait_for("root/shop/y started", 2);
  const auto tree = s.ask<supervision_node>(tree_request{.within = 1h});
  CHECK(tree.name == "root");
  CHECK(tree.state == child_state::running);
  CHECK(tree.counts == child_counts{2, 2, 1, 1});
  REQUIRE(tree.children.size() == 2);
  const auto& shop = tree.children[0];
  CHECK(shop.kind == child_kind::supervisor);
  CHECK(shop.answered);
  CHECK(shop.strategy == restart_strategy::rest_for_one);
  CHECK(shop.recent_restarts == 1);
  REQUIRE(shop.children.size() == 2);
  CHECK(shop.children[0].name == "x");
  CHECK(shop.children[0].restarts == 1);
  CHECK(shop.children[0].actor == s.actor("x").id());
  CHECK(shop.children[0].last_exit == child_exit{exit_kind::abnormal, "an exception escaped: boom"});
  CHECK_FALSE(tree.children[1].answered);
}

TEST_CASE("A supervisor that does not answer in time is shown without its children") {
  supervised_system s;
  auto branch = supervisor_child({.name = "branch", .children = {s.worker("x")}});
  branch.mode = start_mode::at_once();
  // A supervisor that is busy for good: an actor that never answers.
  branch.start = s.worker("mute").start;
  s.spawn({.name = "root", .children = {branch}});
  s.wait_for("root is ready");
  const auto tree = s.ask<supervision_node>(tree_request{.within = 1ms});
  REQUIRE(tree.children.size() == 1);
  CHECK_FALSE(tree.children[0].answered);
}

TEST_CASE("A tree that breaks a rule is refused before any of it starts") {
  supervised_system s;
  const auto refused = [&](supervisor_spec spec) {
    auto spawned = spawn_supervisor(s.system(), std::move(spec), {});
    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().code() == status_code::invalid_argument);
    return spawned.error().message();
  };
  CHECK(refused({.name = ""}) == "a supervisor must have a name");
  CHECK(refused({.name = "root", .children = {s.worker("a"), s.worker("a")}})
        == "supervisor root: there are two children named a");
  CHECK(refused({.name = "root", .children = {child_spec{.name = "a"}}})
        == "supervisor root: child a has no start function");
  supervisor_flags flags;
  flags.period = 0s;
  CHECK(refused({.name = "root", .children = {supervisor_child({.name = "below", .flags = flags})}})
        == "supervisor root: supervisor below: the period of the restart intensity must be above 0");
}

TEST_CASE("What CAF exit reasons mean") {
  CHECK(exit_of(caf::error{}) == child_exit{exit_kind::normal, ""});
  CHECK(exit_of(caf::make_error(caf::exit_reason::normal)).kind == exit_kind::normal);
  CHECK(exit_of(caf::make_error(caf::exit_reason::user_shutdown)).kind == exit_kind::shutdown);
  CHECK(exit_of(caf::make_error(caf::exit_reason::kill)).kind == exit_kind::killed);
  CHECK(exit_of(caf::make_error(caf::sec::runtime_error)).kind == exit_kind::abnormal);
  CHECK(exit_of(shutdown_exit("done")) == child_exit{exit_kind::shutdown, "done"});
  CHECK(exit_of(failure_exit("broken")) == child_exit{exit_kind::abnormal, "broken"});
}
