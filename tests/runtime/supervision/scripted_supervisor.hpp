// A supervisor core in a scripted world: children obey at once unless told otherwise, and everything that
// happens is written down as text, so that a test reads like a story.
#pragma once

#include "runtime/supervision/supervisor_core.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::test {

// OTP's own behaviour: one_for_one, immediate restarts, 1 restart in 5 s unless given otherwise.
inline supervisor_flags otp_flags(restart_strategy strategy, unsigned intensity = 1,
                                  duration period = std::chrono::seconds{5}) {
  supervisor_flags flags;
  flags.strategy = strategy;
  flags.intensity = intensity;
  flags.period = period;
  flags.backoff = backoff_policy::none();
  return flags;
}

inline child_policy child_named(std::string name, restart_policy restart = restart_policy::permanent) {
  child_policy out;
  out.name = std::move(name);
  out.restart = restart;
  return out;
}

class scripted_supervisor {
public:
  explicit scripted_supervisor(supervisor_flags flags, std::vector<child_policy> children = {})
    : core{flags, [state = std::uint64_t{7}]() mutable { return state += 0x9e3779b97f4a7c15U; }} {
    for (auto& each : children) {
      const auto name = each.name;
      auto added = core.add_child(std::move(each));
      REQUIRE(added);
      names[*added] = name;
    }
  }

  // A core that has booted, with an empty story.
  static scripted_supervisor booted(supervisor_flags flags, std::vector<child_policy> children = {}) {
    scripted_supervisor out{flags, std::move(children)};
    out.boot();
    out.story();
    return out;
  }

  // -- what children do

  std::map<std::string, unsigned> fails_to_launch; // the next n launches fail
  std::set<std::string> has_nothing_to_run;        // OTP's ignore
  std::set<std::string> ignores_stop;              // ends only when killed
  std::set<std::string> ignores_kill;
  std::map<std::string, child_exit> exit_when_stopped; // instead of shutdown

  void crash(const std::string& name, std::string why = "boom") {
    ends(name, {exit_kind::abnormal, std::move(why)});
  }
  void ends_normally(const std::string& name) { ends(name, {exit_kind::normal, ""}); }
  void ends(const std::string& name, child_exit how) { ends(instance_of(name), std::move(how)); }
  void ends(instance_id instance, child_exit how) {
    live.erase(instance);
    perform(core.down(now, instance, std::move(how)));
  }
  void ready(const std::string& name) { perform(core.ready(now, instance_of(name))); }
  void start_failed(const std::string& name, status why) {
    perform(core.start_failed(now, instance_of(name), std::move(why)));
  }

  // -- what others ask

  void boot() { perform(core.boot(now)); }
  void shutdown() { perform(core.shutdown(now)); }
  void start_child(std::uint64_t token, child_policy policy) {
    arriving[request_token{token}] = policy.name;
    perform(core.start_child(now, request_token{token}, std::move(policy)));
  }
  void terminate_child(std::uint64_t token, std::string_view name) {
    perform(core.terminate_child(now, request_token{token}, name));
  }
  void terminate_child(std::uint64_t token, child_id id) {
    perform(core.terminate_child(now, request_token{token}, id));
  }
  void restart_child(std::uint64_t token, std::string_view name) {
    perform(core.restart_child(now, request_token{token}, name));
  }
  void delete_child(std::uint64_t token, std::string_view name) {
    perform(core.delete_child(now, request_token{token}, name));
  }

  // Lets time pass, with every deadline on the way met exactly.
  void pass(duration time) {
    const auto until = now + time;
    while (core.next_wakeup() <= until) {
      now = std::max(now, core.next_wakeup());
      perform(core.tick(now));
    }
    now = until;
  }

  // -- what happened

  // What happened since the last call, as "start a; a runs".
  std::string story() {
    std::string out;
    for (const auto& line : std::exchange(lines, {}))
      out += (out.empty() ? "" : "; ") + line;
    return out;
  }

  instance_id instance_of(const std::string& name) const {
    for (const auto& [instance, child] : live)
      if (names.at(child) == name) return instance;
    FAIL("no instance of " << name << " lives");
    return {};
  }
  bool lives(const std::string& name) const {
    for (const auto& [instance, child] : live)
      if (names.at(child) == name) return true;
    return false;
  }
  child_state state_of(const std::string& name) const {
    const auto found = core.find(name);
    REQUIRE(found);
    return found->state;
  }

  void perform(supervisor_actions actions) {
    for (auto& each : actions)
      pending.push_back(std::move(each));
    if (performing) return;
    performing = true;
    while (!pending.empty()) {
      auto next = std::move(pending.front());
      pending.pop_front();
      std::visit([this](auto& what) { act(what); }, next);
      if (pending.empty() && !obedient_ends.empty()) {
        auto [instance, exit] = obedient_ends.front();
        obedient_ends.pop_front();
        if (live.erase(instance) > 0) {
          performing = false;
          perform(core.down(now, instance, exit));
          performing = true;
        }
      }
    }
    performing = false;
  }

  monotonic_time now{std::chrono::hours{1}};
  supervisor_core core;
  std::map<child_id, std::string> names;
  std::map<instance_id, child_id> live;
  std::vector<std::string> lines;
  bool has_ended = false;

private:
  static std::string in(const std::optional<duration>& wait) {
    if (!wait) return "";
    return ", again in "
           + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*wait).count()) + " ms";
  }
  void write(std::string line) { lines.push_back(std::move(line)); }

  void act(const start_instance& what) {
    const auto& name = names.at(what.child);
    write("start " + name);
    if (auto found = fails_to_launch.find(name); found != fails_to_launch.end() && found->second > 0) {
      --found->second;
      return perform(core.launch_failed(now, what.instance, unavailable("no paper")));
    }
    if (has_nothing_to_run.contains(name)) return perform(core.ignored(now, what.instance));
    live[what.instance] = what.child;
    perform(core.launched(now, what.instance));
  }
  void act(const stop_instance& what) {
    const auto& name = names.at(what.child);
    write("stop " + name);
    const auto how = exit_when_stopped.find(name);
    if (!ignores_stop.contains(name))
      obedient_ends.emplace_back(
        what.instance, how == exit_when_stopped.end() ? child_exit{exit_kind::shutdown, ""} : how->second);
  }
  void act(const kill_instance& what) {
    const auto& name = names.at(what.child);
    write("kill " + name);
    if (!ignores_kill.contains(name))
      obedient_ends.emplace_back(what.instance, child_exit{exit_kind::killed, ""});
  }
  void act(const abandon_instance& what) {
    write("abandon " + names.at(what.child));
    live.erase(what.instance);
  }
  void act(const child_added& what) { names[what.child] = arriving.at(what.token); }
  void act(const child_ready& what) { write(names.at(what.child) + " runs"); }
  void act(const child_down& what) {
    write(names.at(what.child) + (what.instance == instance_id{} ? " stays down" : " down")
          + in(what.restart_in));
  }
  void act(const child_start_failed& what) {
    write(names.at(what.child) + " fails to start" + in(what.retry_in));
  }
  void act(const child_forgotten& what) { write("forget " + names.at(what.child)); }
  void act(const request_answered& what) {
    write("answer " + std::to_string(what.token.value()) + " " + std::string{to_string(what.outcome.code())});
    last_answer = what.outcome;
    last_child = what.child;
  }
  void act(const supervisor_ready&) { write("ready"); }
  void act(const supervisor_stopping& what) { write("stopping: " + std::string{to_string(what.why.kind)}); }
  void act(const supervisor_ended& what) {
    write("ended: " + std::string{to_string(what.why.kind)});
    last_exit = what.why;
    has_ended = true;
  }

  std::deque<supervisor_action> pending;
  std::deque<std::pair<instance_id, child_exit>> obedient_ends;
  std::map<request_token, std::string> arriving;
  bool performing = false;

public:
  status last_answer;
  child_id last_child;
  supervisor_exit last_exit;
};

} // namespace troupe::test
