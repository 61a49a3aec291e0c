#include "actors/testing/simulation.hpp"

#include "actors/testing/instance_crash.hpp"
#include "actors/testing/simulation_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace troupe {

namespace {

constexpr unsigned most_nodes = 100;
constexpr duration pause_between_looks = std::chrono::milliseconds{5};
// Beyond its limit, a task ends by itself unless its node stands still; this makes a status of that too.
constexpr duration patience = std::chrono::minutes{1};

unsigned confined(unsigned count, const char* what) {
  if (count < 1 || count > most_nodes)
    throw std::invalid_argument{fmt::format("a simulation has 1 to {} {}, not {}", most_nodes, what, count)};
  return count;
}

} // namespace

simulation::simulation(simulation_options options) {
  const auto nodes = confined(options.nodes, "nodes");
  const auto clients = confined(options.clients, "clients");
  state_ = std::make_unique<state>(std::move(options));
  for (unsigned i = 0; i < nodes; ++i)
    state_->add_member(fmt::format("node-{}", i), false);
  for (unsigned i = 0; i < clients; ++i)
    state_->add_member(fmt::format("client-{}", i), true);
}

simulation::~simulation() = default;

void simulation::add_module(const node_set& where, service_module module) {
  if (state_->started) throw std::logic_error{"install modules before the simulation starts"};
  for (const auto number : where.empty() ? servers() : where)
    state_->at(number).modules.push_back(module);
}

void simulation::start(duration limit) {
  state_->started = true;
  for (const auto& each : state_->members)
    state_->inner->boot(*each.on);
  wait_together(limit, duration::zero());
}

// -- the test's own work

void simulation::keep(detail::work_progress_ptr work) { state_->work.push_back(std::move(work)); }

void simulation::drive(const detail::work_progress& work, duration limit) {
  const auto longest = limit < duration::max() - patience ? limit + patience : limit;
  const bool ended = run_until([&work] { return work.ended; }, longest);
  if (!ended)
    throw simulation_failed{
      fmt::format("the work neither ended nor could be ended within {}: is its node paused?",
                  detail::seconds_text(longest))};
}

status simulation::join(duration limit) {
  auto all = std::exchange(state_->work, {});
  const auto first_left = [&all] {
    return std::find_if(all.begin(), all.end(), [](const auto& each) { return !each->ended; });
  };
  std::size_t done = 0;
  const bool ended = run_until(
    [&] {
      while (done < all.size() && all[done]->ended)
        ++done;
      return done == all.size();
    },
    limit);
  if (!ended) {
    const auto left = std::count_if(all.begin(), all.end(), [](const auto& each) { return !each->ended; });
    throw simulation_failed{
      fmt::format("{} of {} clients have not ended within {}; the first of them is number {}", left,
                  all.size(), detail::seconds_text(limit), first_left() - all.begin())};
  }
  for (const auto& each : all)
    if (each->failure) std::rethrow_exception(each->failure);
  for (const auto& each : all)
    if (auto outcome = each->outcome(); !outcome.ok()) return outcome;
  return {};
}

// -- time

duration simulation::now() const noexcept { return state_->inner->now().time_since_epoch(); }

void simulation::run_for(duration span) {
  state_->inner->run_for(span);
  state_->check_probes();
}

bool simulation::run_until(const std::function<bool()>& condition, duration limit) {
  // Not the world's limit: it may be beyond what can be added to its time.
  const auto longest = std::min(limit, duration::max() / 2 - now());
  const bool held = state_->inner->run_until(condition, longest);
  state_->check_probes();
  return held;
}

bool simulation::together() const { return state_->missing().empty(); }

// A connection to a node that has been off may look alive until somebody says something on it.
void simulation::settle(duration limit) {
  const auto link = state_->options.node.link.value_or(gate_options{});
  wait_together(limit, link.limits.heartbeat_interval * 3 / 2);
}

void simulation::wait_together(duration limit, duration steady) {
  const auto end = now() + limit;
  auto since = now();
  for (;;) {
    const auto missing = state_->missing();
    if (missing.empty() && now() - since >= steady) return;
    if (now() >= end && !missing.empty())
      throw simulation_failed{
        fmt::format("the cluster is not together after {}: {}", detail::seconds_text(limit), missing)};
    run_for(pause_between_looks);
    if (!missing.empty()) since = now();
  }
}

// -- nodes

std::uint32_t simulation::client(unsigned number) const noexcept { return state_->options.nodes + number; }

node_set simulation::servers() const {
  node_set out;
  for (std::uint32_t i = 0; i < state_->options.nodes; ++i)
    out.push_back(i);
  return out;
}

node* simulation::node_of(std::uint32_t number) noexcept {
  auto* program = number < state_->members.size() ? state_->program_of(number) : nullptr;
  return program ? &program->node() : nullptr;
}

void simulation::crash(std::uint32_t number) {
  state_->note(fmt::format("crash {}", state_->names({number})));
  state_->inner->crash(*state_->at(number).on);
}

void simulation::kill(std::uint32_t number) {
  state_->note(fmt::format("kill {}", state_->names({number})));
  state_->inner->kill(*state_->at(number).on);
}

void simulation::restart(std::uint32_t number) {
  state_->note(fmt::format("restart {}", state_->names({number})));
  state_->inner->boot(*state_->at(number).on);
}

status simulation::stop(std::uint32_t number, duration limit) {
  auto& which = state_->at(number);
  auto* of = node_of(number);
  if (of == nullptr) return {};
  state_->note(fmt::format("stop {}", state_->names({number})));
  const auto boots = which.on->boots();
  of->begin_stop();
  const auto gone = [&] { return !which.on->up() || which.on->boots() != boots; };
  const bool ended =
    run_until([&] { return gone() || node_of(number)->phase() == node_phase::ended; }, limit);
  if (!ended)
    return deadline_exceeded("{} has not stopped within {}", which.on->name(), detail::seconds_text(limit));
  if (!gone()) state_->inner->kill(*which.on);
  return {};
}

status simulation::crash_service(std::uint32_t number, const service_info& service, unsigned instance) {
  auto* of = node_of(number);
  if (of == nullptr) return unavailable("node {} is off", number);
  state_->note(fmt::format("crash {}/{} on {}", service.name, instance, state_->names({number})));
  return status_of(run_on(number, [of, &service, instance](visitor& self) {
    return detail::crash_and_wait(*of, self, service, instance);
  }));
}

// -- checks and what happened

void simulation::check(bool holds, std::string_view what) const {
  if (!holds) throw simulation_failed{std::string{what}};
}

const clock& simulation::world_clock() const noexcept { return state_->time; }

random_source simulation::random(std::string_view name, std::uint64_t index) const noexcept {
  return state_->inner->split("test").split(name, index);
}

std::uint64_t simulation::seed() const noexcept { return state_->options.seed; }
std::uint64_t simulation::trace_hash() const noexcept { return state_->inner->trace_hash(); }
std::vector<std::string> simulation::log_lines() const { return state_->log.all(); }
const probe_book& simulation::probes() const noexcept { return *state_->book; }
troupe::world& simulation::world() noexcept { return *state_->inner; }

} // namespace troupe
