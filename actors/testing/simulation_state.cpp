#include "actors/testing/simulation_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace troupe {

namespace {

constexpr std::uint16_t link_port = 7400;
constexpr std::uint16_t gossip_port = 7401;
constexpr std::size_t number_of_seeds = 3;
constexpr std::size_t longest_timeline = 1000;

world_options world_of(const simulation_options& options) {
  auto out = options.world;
  out.seed = options.seed;
  return out;
}

endpoint link_address(const simulated_node& of) { return {of.address(), link_port}; }

} // namespace

simulation::state::state(simulation_options given) : options(std::move(given)), log(options.log_lines) {
  inner.emplace(world_of(options));
  auto probes = options.probes;
  probes.seed = options.seed;
  probes.on_violation = [this, also = options.probes.on_violation](const probe_violation& what) {
    if (violation.empty())
      violation =
        fmt::format("{}:{}: \"{}\" does not hold at {} (visit {})", what.site.file, what.site.line,
                    what.site.text, detail::seconds_text(inner->now().time_since_epoch()), what.visit);
    if (also) also(what);
  };
  book.emplace(inner->split("probes"), std::move(probes));
  listener.emplace(*book);
}

// The world first: what ends with it may pass probes and log.
simulation::state::~state() {
  inner.reset();
  listener.reset();
}

void simulation::state::add_member(std::string name, bool client) {
  const auto number = static_cast<std::uint32_t>(members.size());
  auto& on =
    inner->add_node(std::move(name), [this, number](simulated_node&) { return make_program(number); });
  members.push_back({.on = &on, .modules = {}, .client = client});
}

simulation::state::member& simulation::state::at(std::uint32_t number) {
  if (number >= members.size())
    throw std::out_of_range{fmt::format("there is no node {}; the last is {}", number, members.size() - 1)};
  return members[number];
}

std::unique_ptr<simulated_program> simulation::state::make_program(std::uint32_t number) {
  auto& own = members[number];
  detail::service_process out;
  out.options = options.node;
  out.options.name = own.on->name();
  if (options.connected) {
    auto& link = out.options.link.emplace(options.node.link.value_or(gate_options{}));
    link.trusted_network = true;
    link.incarnation = 0; // the date of the start
    link.listen = own.client ? std::nullopt : std::optional{link_address(*own.on)};
    out.options.peers.clear();
    if (options.discovery)
      discover(out.options, own);
    else
      for (const auto& other : members)
        if (&other != &own && !other.client) out.options.peers.push_back(link_address(*other.on).to_string());
  }
  out.modules = own.modules;
  out.level = options.level;
  out.on_log = [this, on = own.on](std::string_view line) {
    log.add(inner->now().time_since_epoch(), on->name(), line);
    on->log(line);
  };
  out.on_end = [this, number](const supervisor_exit& why) { ended(number, why); };
  out.on_cluster_ending = [this, number](const cluster_ending& what) { cluster_ending_of(number, what); };
  return std::make_unique<detail::service_program>(*own.on, std::move(out));
}

void simulation::state::discover(node_options& to, const member& own) const {
  auto& how = to.discovery.emplace(options.node.discovery.value_or(cluster_member_options{}));
  how.transport.trusted_network = true;
  how.transport.listen = {own.on->address(), gossip_port};
  how.seeds.entries.clear();
  for (std::size_t i = 0; i < std::min(number_of_seeds, members.size()); ++i) {
    seed_entry entry;
    entry.address = {members[i].on->address(), gossip_port};
    how.seeds.entries.push_back(std::move(entry));
  }
}

// What a process manager does when a process has ended. Not at once: this is called by one of its actors.
void simulation::state::ended(std::uint32_t number, const supervisor_exit& why) {
  if (why.cause.ok()) return;
  auto* on = members[number].on;
  const auto still = [on, boots = on->boots()] { return on->up() && on->boots() == boots; };
  note(fmt::format("{} has ended: {}", on->name(), why.cause.to_string()));
  inner->after(duration::zero(), [this, on, still] {
    if (still()) inner->kill(*on);
  });
  start_again_later(on);
}

void simulation::state::start_again_later(simulated_node* on) {
  if (!options.restart_after) return;
  inner->after(*options.restart_after, [this, on, boots = on->boots()] {
    if (!on->up() && on->boots() == boots) inner->boot(*on);
  });
}

void simulation::state::end_once_stopped(std::uint32_t number) {
  auto* on = members[number].on;
  inner->after(std::chrono::milliseconds{10}, [this, on, number, boots = on->boots()] {
    if (!on->up() || on->boots() != boots) return;
    if (program_of(number)->node().phase() == node_phase::ended) return inner->kill(*on);
    end_once_stopped(number);
  });
}

void simulation::state::cluster_ending_of(std::uint32_t number, const cluster_ending& what) {
  auto* on = members[number].on;
  note(fmt::format("{} must end: {}", on->name(), what.reason));
  inner->after(duration::zero(), [this, on, number, what, boots = on->boots()] {
    if (!on->up() || on->boots() != boots) return;
    if (what.what == cluster_ending::sort::leave) {
      program_of(number)->node().begin_stop();
      return end_once_stopped(number);
    }
    inner->kill(*on);
    if (what.what == cluster_ending::sort::restart) start_again_later(on);
  });
}

detail::service_program* simulation::state::program_of(std::uint32_t number) noexcept {
  return static_cast<detail::service_program*>(members[number].on->program());
}

std::string simulation::state::missing() const {
  for (const auto& own : members) {
    if (!own.on->up()) continue;
    auto& here = static_cast<detail::service_program*>(own.on->program())->node();
    if (here.phase() != node_phase::ready) return fmt::format("{} is not ready", own.on->name());
    if (here.link() == nullptr) continue;
    const auto peers = here.link()->peers();
    const auto view = here.cluster() ? here.cluster()->view() : nullptr;
    for (const auto& other : members) {
      if (&other == &own || !other.on->up()) continue;
      if (view) {
        const auto* seen = view->find(other.on->name());
        if (seen == nullptr || seen->state != member_state::alive)
          return fmt::format("{} does not see {}", own.on->name(), other.on->name());
      }
      if (own.client && other.client) continue;
      const auto connected = [&other](const peer_report& each) {
        return each.connected && each.node == other.on->name();
      };
      if (std::none_of(peers.begin(), peers.end(), connected))
        return fmt::format("{} is not connected to {}", own.on->name(), other.on->name());
    }
  }
  return {};
}

void simulation::state::note(std::string what) {
  if (timeline.size() < longest_timeline)
    timeline.emplace_back(inner->now().time_since_epoch(), std::move(what));
}

std::string simulation::state::names(const node_set& of) const {
  if (of.empty()) return "all nodes";
  std::string out;
  for (const auto number : of)
    out += fmt::format("{}{}", out.empty() ? "" : ", ",
                       number < members.size() ? members[number].on->name() : "?");
  return out;
}

void simulation::state::check_probes() const {
  if (!violation.empty()) throw simulation_failed{violation};
}

} // namespace troupe
