#include "tests/discovery/cluster/simulated_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace troupe::cluster_test {

namespace {

constexpr std::uint16_t gossip_port = 7401;

bool lives(const member_record& record) {
  return record.state == member_state::alive || record.state == member_state::suspect;
}

} // namespace

service_entry entry_of(std::string service, service_health health) {
  service_entry out;
  out.service = std::move(service);
  out.version = "1";
  out.instances = 2;
  out.health = health;
  return out;
}

cluster_node::cluster_node(simulated_node& node, cluster_member_options options,
                           std::vector<std::string>& lines)
  : around(node.surroundings()) {
  logging_options log;
  log.node = node.name();
  log.target = log_target::function;
  log.function = [&lines](std::string_view line) { lines.emplace_back(line); };
  log.asynchronous = false;
  logs = std::move(logging::start(log, around.clock).value());
  member = std::move(cluster_member::start(std::move(options), around, *this, logs.get(), &numbers).value());
  // One that all play, and one of its own.
  if (!member->publish(entry_of("shop.Orders")).ok()
      || !member->publish(entry_of("only." + node.name())).ok())
    throw std::logic_error{"a service was not published"};
}

void cluster_node::on_member(const member_event& what) {
  events.push_back(fmt::format("{} {}", to_string(what.kind), what.record.name));
}

void cluster_node::on_services(const std::vector<registry_change>& what, const registry_snapshot_ptr& now) {
  changes.insert(changes.end(), what.begin(), what.end());
  snapshots_agree = snapshots_agree && member->view()->services == now;
}

simulated_cluster::simulated_cluster(std::uint64_t seed, cluster_options options)
  : in({.seed = seed}), options_(std::move(options)) {
  in.links().set_baseline(options_.network);
  for (std::size_t i = 0; i < options_.members; ++i)
    add(name_of(i));
}

std::size_t simulated_cluster::add(std::string node) {
  const auto index = in.nodes().size();
  in.add_node(std::move(node), [this, index](simulated_node& on) {
    return std::make_unique<cluster_node>(on, options_for(index), lines);
  });
  return index;
}

endpoint simulated_cluster::endpoint_of(std::size_t index) {
  return {ip_address::v4(10, 0, 0, static_cast<std::uint8_t>(index + 1)), gossip_port};
}

cluster_member_options simulated_cluster::options_for(std::size_t index) const {
  auto out = options_.member;
  const auto& node = *in.nodes()[index];
  out.node = node.name();
  // Larger at each boot, whatever the calendar of the machine says.
  out.process = 1'000 * node.boots() + index;
  out.transport.listen = {node.address(), gossip_port};
  out.transport.trusted_network = true;
  for (std::size_t i = 0; i < options_.seeds; ++i)
    out.seeds.entries.push_back(parse_seed_entry(endpoint_of(i).to_string()).value());
  if (options_.keeps_state) out.state_file = "data/members";
  if (options_.change) options_.change(node.name(), out);
  return out;
}

void simulated_cluster::boot_all() {
  for (std::size_t i = 0; i < size(); ++i)
    boot(i);
}

void simulated_cluster::cut(const std::vector<std::size_t>& from, const std::vector<std::size_t>& to,
                            bool both_ways) {
  const node_set a{from.begin(), from.end()};
  const node_set b{to.begin(), to.end()};
  cuts_.push_back(both_ways ? in.links().partition(a, b) : in.links().partition_one_way(a, b));
}

void simulated_cluster::heal() {
  for (const auto each : std::exchange(cuts_, {}))
    in.links().remove(each);
}

duration simulated_cluster::run_until(const std::function<bool()>& is_so, duration most) {
  const auto began = in.now();
  while (!is_so() && in.now() - began < most)
    in.run_for(20ms);
  return in.now() - began;
}

std::string simulated_cluster::disagreement() {
  std::vector<std::size_t> side;
  for (std::size_t i = 0; i < size(); ++i)
    if (at(i).up()) side.push_back(i);
  return disagreement(side);
}

std::string simulated_cluster::disagreement(const std::vector<std::size_t>& side) {
  std::set<std::string> names;
  for (const auto each : side)
    names.insert(at(each).name());
  registry_snapshot_ptr services;
  for (const auto observer : side) {
    const auto seen = view(observer);
    const auto& me = at(observer).name();
    for (const auto subject : side) {
      const auto& name = at(subject).name();
      const auto* record = seen->find(name);
      if (record == nullptr) return fmt::format("{} does not know {}", me, name);
      if (!lives(*record)) return fmt::format("{} holds {} for {}", me, name, to_string(record->state));
      if (record->process != view(subject)->self.process)
        return fmt::format("{} knows another process of {}", me, name);
    }
    if (seen->living() != side.size())
      return fmt::format("{} sees {} alive of {}", me, seen->living(), side.size());
    for (const auto& [service, places] : seen->services->services())
      for (const auto& place : *places)
        if (!names.contains(place.node))
          return fmt::format("{} has {} on {}, which is not there", me, service, place.node);
    if (services == nullptr) services = seen->services;
    if (*seen->services != *services) return fmt::format("{} has other services than {}", me, *names.begin());
    if (seen->services->find("shop.Orders").size() != side.size())
      return fmt::format("{} has shop.Orders {} times of {}", me, seen->services->find("shop.Orders").size(),
                         side.size());
  }
  return {};
}

std::size_t simulated_cluster::count_lines(std::string_view part) const {
  return static_cast<std::size_t>(std::count_if(
    lines.begin(), lines.end(), [part](const auto& each) { return each.find(part) != std::string::npos; }));
}

} // namespace troupe::cluster_test
