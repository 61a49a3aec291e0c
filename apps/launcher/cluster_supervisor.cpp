#include "apps/launcher/cluster_supervisor.hpp"

#include "runtime/configuration/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

namespace troupe::launcher {

namespace {

// actors/host's exit codes, which are promised to scripts.
std::string_view meaning_of(int exit_code) {
  switch (exit_code) {
  case 0:
    return "it has stopped";
  case 1:
    return "a module kept failing";
  case 2:
    return "wrong usage";
  case 3:
    return "it could not start";
  case 4:
    return "it was stopped at once";
  case 5:
    return "it must be started anew";
  case 6:
    return "a node of this name is running already";
  default:
    return {};
  }
}

bool is_final(node_phase phase) { return phase == node_phase::stopped || phase == node_phase::given_up; }

bool runs(node_phase phase) {
  return phase == node_phase::starting || phase == node_phase::serving || phase == node_phase::stopping;
}

// Repeated with the same flags it would end in the same way.
bool is_pointless_to_repeat(const process_end& how) {
  return how.signal == 0 && (how.exit_code == 2 || how.exit_code == 6);
}

} // namespace

std::string_view to_string(node_phase phase) noexcept {
  switch (phase) {
  case node_phase::waiting:
    return "waiting";
  case node_phase::starting:
    return "starting";
  case node_phase::serving:
    return "serving";
  case node_phase::pausing:
    return "pausing";
  case node_phase::stopping:
    return "stopping";
  case node_phase::stopped:
    return "stopped";
  case node_phase::given_up:
    return "given up";
  }
  return "";
}

std::string process_end::to_string() const {
  if (signal != 0) return fmt::format("signal {}", signal);
  const auto meaning = meaning_of(exit_code);
  return meaning.empty() ? fmt::format("exit code {}", exit_code)
                         : fmt::format("exit code {}: {}", exit_code, meaning);
}

cluster_supervisor::cluster_supervisor(std::vector<std::string> names, supervisor_options options,
                                       random_source random)
  : options_(options), random_(random), timing_(names.size()) {
  for (auto& each : names) {
    supervised_node node;
    node.name = std::move(each);
    view_.push_back(std::move(node));
  }
}

bool cluster_supervisor::any(node_phase phase) const noexcept {
  return std::any_of(view_.begin(), view_.end(), [phase](auto& each) { return each.phase == phase; });
}

void cluster_supervisor::enter(std::size_t node, node_phase phase, monotonic_time now) {
  view_[node].phase = phase;
  timing_[node].since = now;
}

supervisor_actions cluster_supervisor::begin(monotonic_time now) {
  supervisor_actions out;
  for (auto& each : timing_)
    each.since = each.due = now;
  start_due(now, out);
  conclude(now, out);
  return out;
}

void cluster_supervisor::start_due(monotonic_time now, supervisor_actions& out) {
  if (stopping()) return;
  for (std::size_t node = 0; node < view_.size(); ++node) {
    const bool waits = view_[node].phase == node_phase::waiting
                       || (view_[node].phase == node_phase::pausing && timing_[node].due <= now);
    if (!waits) continue;
    if (any(node_phase::serving)) {
      start(node, now, out);
    } else if (!any(node_phase::starting)) {
      start(node, now, out);
      return;
    }
  }
}

void cluster_supervisor::start(std::size_t node, monotonic_time now, supervisor_actions& out) {
  start_node action;
  action.node = node;
  for (const auto& each : view_)
    if (each.phase == node_phase::serving && each.ports.gossip != 0)
      action.seeds.push_back(fmt::format("127.0.0.1:{}", each.ports.gossip));
  action.keep = view_[node].ports;
  action.keep.link = action.keep.gossip = 0; // other nodes learn them; nobody has written them down
  auto& timing = timing_[node];
  timing.killed_by_us = timing.was_serving = false;
  timing.kept_ports = action.keep != node_ports{};
  timing.due = now + options_.start_limit;
  ++view_[node].starts;
  enter(node, node_phase::starting, now);
  out.emplace_back(std::move(action));
}

supervisor_actions cluster_supervisor::started(std::size_t node, int pid, monotonic_time) {
  view_[node].pid = pid;
  return {};
}

supervisor_actions cluster_supervisor::failed_to_start(std::size_t node, std::string_view why,
                                                       monotonic_time now) {
  supervisor_actions out;
  if (view_[node].phase != node_phase::starting) return out;
  view_[node].last_end.reset();
  pause_or_give_up(node, std::string{why}, now, out);
  start_due(now, out);
  conclude(now, out);
  return out;
}

supervisor_actions cluster_supervisor::serves(std::size_t node, node_ports ports, monotonic_time now) {
  supervisor_actions out;
  auto& view = view_[node];
  if (view.phase != node_phase::starting) return out;
  view.ports = ports;
  timing_[node].was_serving = true;
  enter(node, node_phase::serving, now);
  if (told_all_serve_)
    out.emplace_back(
      tell{false, fmt::format("{} serves again{}", view.name,
                              ports.http == 0 ? "" : fmt::format(", http://127.0.0.1:{}", ports.http))});
  start_due(now, out);
  conclude(now, out);
  return out;
}

supervisor_actions cluster_supervisor::ended(std::size_t node, process_end how, monotonic_time now) {
  supervisor_actions out;
  auto& view = view_[node];
  auto& timing = timing_[node];
  if (!runs(view.phase)) return out;
  view.pid = 0;
  view.last_end = how;
  if (timing.was_serving && now - timing.since >= options_.restart.steady) view.failures = 0;
  if (stopping()) {
    enter(node, node_phase::stopped, now);
    if (how != process_end{})
      out.emplace_back(tell{true, fmt::format("{} ended with {}", view.name, how.to_string())});
  } else if (timing.again) {
    timing.again = false;
    enter(node, node_phase::waiting, now);
  } else if (how == process_end{}) {
    enter(node, node_phase::stopped, now);
    out.emplace_back(tell{false, fmt::format("{} has stopped; it is not started again", view.name)});
  } else if (is_pointless_to_repeat(how)) {
    enter(node, node_phase::given_up, now);
    out.emplace_back(
      tell{true, fmt::format("{} ended with {}; it is not started again", view.name, how.to_string()), node});
  } else if (timing.killed_by_us) {
    timing.due = now + options_.restart.after;
    enter(node, node_phase::pausing, now);
  } else {
    // Somebody else may have taken the ports that it was to have again.
    if (!timing.was_serving && timing.kept_ports) view.ports = {};
    pause_or_give_up(node, how.to_string(), now, out);
  }
  start_due(now, out);
  conclude(now, out);
  return out;
}

void cluster_supervisor::pause_or_give_up(std::size_t node, const std::string& why, monotonic_time now,
                                          supervisor_actions& out) {
  auto& view = view_[node];
  const auto& rule = options_.restart;
  view.pid = 0;
  ++view.failures;
  if (stopping()) {
    enter(node, node_phase::stopped, now);
    return;
  }
  if (rule.attempts != 0 && view.failures >= rule.attempts) {
    enter(node, node_phase::given_up, now);
    out.emplace_back(
      tell{true,
           fmt::format("{} ended with {}; it is given up after {} failures in a row, none of which "
                       "served for {}",
                       view.name, why, view.failures, format_duration(rule.steady)),
           node});
    return;
  }
  auto pause = rule.after;
  for (std::uint32_t doubled = 1; doubled < view.failures && pause < rule.longest; ++doubled)
    pause *= 2;
  pause = std::min(pause, rule.longest);
  timing_[node].due = now + pause;
  enter(node, node_phase::pausing, now);
  out.emplace_back(
    tell{true, fmt::format("{} ended with {}; again in {}", view.name, why, format_duration(pause)), node});
}

supervisor_actions cluster_supervisor::stop(monotonic_time now) {
  supervisor_actions out;
  ++stop_requests_;
  if (stop_requests_ == 1) out.emplace_back(tell{false, "stopping all nodes; Ctrl-C again kills them"});
  if (stop_requests_ == 2) out.emplace_back(tell{true, "killing all nodes"});
  for (std::size_t node = 0; node < view_.size(); ++node) {
    auto& view = view_[node];
    if (runs(view.phase)) {
      if (view.phase != node_phase::stopping) {
        enter(node, node_phase::stopping, now);
        timing_[node].due = now + options_.stop_limit;
      }
      out.emplace_back(signal_node{node, stop_requests_ == 1 ? SIGTERM : SIGKILL});
    } else if (!is_final(view.phase)) {
      enter(node, node_phase::stopped, now);
    }
  }
  conclude(now, out);
  return out;
}

supervisor_actions cluster_supervisor::restart(std::size_t node, monotonic_time now) {
  supervisor_actions out;
  auto& view = view_[node];
  if (stopping() || finished_ || view.phase == node_phase::stopping || view.phase == node_phase::waiting)
    return out;
  view.failures = 0;
  out.emplace_back(tell{false, fmt::format("{} is started anew", view.name)});
  if (runs(view.phase)) {
    timing_[node].again = true;
    timing_[node].due = now + options_.stop_limit;
    enter(node, node_phase::stopping, now);
    out.emplace_back(signal_node{node, SIGTERM});
  } else {
    enter(node, node_phase::waiting, now);
    start_due(now, out);
  }
  return out;
}

void cluster_supervisor::kill_one(monotonic_time now, supervisor_actions& out) {
  next_kill_ = now + options_.kill_every;
  std::vector<std::size_t> serving;
  for (std::size_t node = 0; node < view_.size(); ++node)
    if (view_[node].phase == node_phase::serving && !timing_[node].killed_by_us) serving.push_back(node);
  if (serving.empty()) return;
  const auto victim = serving[static_cast<std::size_t>(random_.below(serving.size()))];
  timing_[victim].killed_by_us = true;
  out.emplace_back(tell{false, fmt::format("killing {} (--kill-one-every)", view_[victim].name)});
  out.emplace_back(signal_node{victim, SIGKILL});
}

supervisor_actions cluster_supervisor::tick(monotonic_time now) {
  supervisor_actions out;
  for (std::size_t node = 0; node < view_.size(); ++node) {
    auto& view = view_[node];
    auto& timing = timing_[node];
    if (timing.due > now || (view.phase != node_phase::starting && view.phase != node_phase::stopping))
      continue;
    const bool starting = view.phase == node_phase::starting;
    const auto limit = starting ? options_.start_limit : options_.stop_limit;
    if (stopping()) killed_ = true;
    // Once: its end is what happens next.
    timing.due = monotonic_time::max();
    out.emplace_back(
      tell{true, fmt::format("{} {} after {}; killing it", view.name,
                             starting ? "does not serve" : "has not stopped", format_duration(limit))});
    out.emplace_back(signal_node{node, SIGKILL});
  }
  if (next_kill_ && *next_kill_ <= now && !stopping()) kill_one(now, out);
  start_due(now, out);
  conclude(now, out);
  return out;
}

std::optional<monotonic_time> cluster_supervisor::next_time() const {
  auto out = monotonic_time::max();
  const bool may_start = any(node_phase::serving) || !any(node_phase::starting);
  for (std::size_t node = 0; node < view_.size(); ++node) {
    const auto phase = view_[node].phase;
    if (phase == node_phase::starting || phase == node_phase::stopping
        || (phase == node_phase::pausing && may_start))
      out = std::min(out, timing_[node].due);
  }
  if (next_kill_ && !stopping() && !finished_) out = std::min(out, *next_kill_);
  return out == monotonic_time::max() ? std::nullopt : std::optional{out};
}

void cluster_supervisor::conclude(monotonic_time now, supervisor_actions& out) {
  if (finished_) return;
  if (std::all_of(view_.begin(), view_.end(), [](auto& each) { return is_final(each.phase); })) {
    finished_ = true;
    out.emplace_back(finish{killed_ || any(node_phase::given_up) ? 1 : 0});
    return;
  }
  if (told_all_serve_ || stopping()) return;
  told_all_serve_ = any(node_phase::serving) && std::all_of(view_.begin(), view_.end(), [](auto& each) {
                      return each.phase == node_phase::serving || is_final(each.phase);
                    });
  if (!told_all_serve_) return;
  // Not before: how long nodes take to start would decide whom a seed kills.
  if (options_.kill_every > duration::zero()) next_kill_ = now + options_.kill_every;
  out.emplace_back(all_serve{});
}

} // namespace troupe::launcher
