#include "actors/testing/simulation_state.hpp"
#include "runtime/simulation/fault_run.hpp"
#include "runtime/simulation_disk/simulated_disk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

// Those of nodes come first.
bool strikes_links(fault_kind kind) noexcept {
  return kind >= fault_kind::partition && kind <= fault_kind::reset;
}

} // namespace

void simulation::pause(std::uint32_t number) {
  state_->note(fmt::format("pause {}", state_->names({number})));
  state_->inner->pause(*state_->at(number).on);
}

void simulation::resume(std::uint32_t number) {
  state_->note(fmt::format("resume {}", state_->names({number})));
  state_->inner->resume(*state_->at(number).on);
}

void simulation::slow_down(std::uint32_t number, duration each_turn) {
  state_->note(fmt::format("{}: each turn takes {} ns", state_->names({number}), each_turn.count()));
  auto& which = state_->at(number);
  which.slowed = each_turn > duration::zero();
  state_->inner->slow_down(*which.on, each_turn);
}

void simulation::clock_jump(std::uint32_t number, duration by) {
  state_->note(fmt::format("the calendar of {} jumps by {} ms", state_->names({number}),
                           std::chrono::duration_cast<std::chrono::milliseconds>(by).count()));
  state_->inner->jump_clock(*state_->at(number).on, by);
}

void simulation::clock_rate(std::uint32_t number, std::int32_t parts_per_million) {
  state_->note(
    fmt::format("the clock of {} gains {} us a second", state_->names({number}), parts_per_million));
  auto& which = state_->at(number);
  which.drifts = parts_per_million != 0;
  state_->inner->set_clock_rate(*which.on, parts_per_million);
}

fault_id simulation::partition(const node_set& a, const node_set& b) {
  state_->note(fmt::format("partition between {} and {}", state_->names(a), state_->names(b)));
  return state_->inner->links().partition(a, b);
}

fault_id simulation::partition_one_way(const node_set& from, const node_set& to) {
  state_->note(fmt::format("partition from {} to {}", state_->names(from), state_->names(to)));
  return state_->inner->links().partition_one_way(from, to);
}

void simulation::heal(fault_id which) {
  state_->note("heal one fault of the network");
  state_->inner->links().remove(which);
}

void simulation::heal() {
  state_->note("heal the network");
  state_->inner->links().clear();
}

// Clients suffer from the network, but stay: the test's own work runs there.
fault_plan simulation::plan(fault_profile profile, duration horizon) {
  std::vector<std::string> names;
  const auto& members = state_->members;
  for (const auto& each : members)
    names.push_back(each.on->name());
  auto out = plan_faults(profile, state_->inner->split("chaos", state_->chaos_count).seed(), names, horizon);
  const auto is_client = [&members](const std::string& name) {
    return std::any_of(members.begin(), members.end(),
                       [&](const state::member& each) { return each.client && each.on->name() == name; });
  };
  std::erase_if(out.events, [&](fault_event& event) {
    if (strikes_links(event.kind)) return false;
    std::erase_if(event.nodes, is_client);
    return event.nodes.empty();
  });
  return out;
}

void simulation::state::begin_faults(const fault_plan& what) {
  const auto now = inner->now().time_since_epoch();
  ++chaos_count;
  if (!chaos_began) chaos_began = now;
  if (auto outcome = run_faults(*inner, what); !outcome.ok())
    throw simulation_failed{fmt::format("this plan of faults makes no sense: {}", outcome.to_string())};
  for (auto event : what.events) {
    faults_end = std::max(faults_end, now + event.at + event.span);
    event.at += now - *chaos_began;
    faults.events.push_back(std::move(event));
  }
}

void simulation::chaos(fault_profile profile, duration horizon) {
  const bool first = !state_->chaos_began;
  if (!state_->options.faults)
    state_->begin_faults(plan(profile, horizon));
  else if (first)
    state_->begin_faults(*state_->options.faults);
  state_->note(fmt::format("chaos: {} for {}", to_string(profile), detail::seconds_text(horizon)));
  state_->faults_end = std::max(state_->faults_end, now() + horizon);
}

void simulation::chaos(const fault_plan& plan) {
  const bool first = !state_->chaos_began;
  if (!state_->options.faults)
    state_->begin_faults(plan);
  else if (first)
    state_->begin_faults(*state_->options.faults);
  state_->note(fmt::format("chaos: a plan of {} faults", plan.events.size()));
}

const fault_plan& simulation::faults() const noexcept { return state_->faults; }

simulated_disk& simulation::disk(std::uint32_t number) { return state_->at(number).on->storage(); }

void simulation::calm(duration limit) {
  auto& world = *state_->inner;
  // A step more: what ends at that moment has ended then.
  if (state_->faults_end >= now()) run_for(state_->faults_end - now() + duration{1});
  state_->note("calm");
  world.links().clear();
  for (auto& each : state_->members) {
    while (each.on->paused())
      world.resume(*each.on);
    if (std::exchange(each.slowed, false)) world.slow_down(*each.on, duration::zero());
    if (std::exchange(each.drifts, false)) world.set_clock_rate(*each.on, 0);
    static_cast<void>(each.on->storage().set_faults({}));
    world.boot(*each.on);
  }
  settle(limit);
}

std::string simulation::report(std::size_t events, std::size_t lines) const {
  std::string out = fmt::format("seed {}, at {} of virtual time\n", seed(), detail::seconds_text(now()));
  out += "\nwhat the test ordered so far:\n";
  for (const auto& [at, what] : state_->timeline)
    out += fmt::format("{:>14} {}\n", detail::seconds_text(at), what);
  if (state_->chaos_began)
    out += fmt::format("\nthe plan of faults, from {} on:\n{}", detail::seconds_text(*state_->chaos_began),
                       to_text(state_->faults));
  out += fmt::format("\nthe last {} events:\n{}", events, state_->inner->tracing().last_text(events));
  out += fmt::format("\nthe last {} log lines:\n", lines);
  for (const auto& line : state_->log.last(lines))
    out += line + "\n";
  return out;
}

} // namespace troupe
