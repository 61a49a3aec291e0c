#include "runtime/simulation/fault_run.hpp"

#include "runtime/environment/random_source.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace troupe {

namespace {

bool strikes_disks(fault_kind kind) noexcept { return kind >= fault_kind::disk_read_error; }

disk_faults disk_faults_of(const fault_event& event) {
  disk_faults neutral;
  switch (event.kind) {
  case fault_kind::disk_read_error:
    neutral.read_error = event.chance;
    break;
  case fault_kind::disk_write_error:
    neutral.write_error = event.chance;
    break;
  case fault_kind::disk_sync_failure:
    neutral.sync_failure = event.chance;
    break;
  case fault_kind::disk_lost_sync:
    neutral.lost_sync = event.chance;
    break;
  case fault_kind::disk_bit_rot:
    neutral.bit_rot = event.chance;
    break;
  case fault_kind::disk_stall:
    neutral.stall = event.chance;
    neutral.stall_min = std::min(neutral.stall_min, event.amount);
    neutral.stall_max = event.amount;
    break;
  case fault_kind::disk_full:
    neutral.full = event.chance;
    break;
  default:
    break;
  }
  return neutral;
}

disk_faults worse(disk_faults a, const disk_faults& b) {
  auto either = [](double x, double y) { return 1 - (1 - x) * (1 - y); };
  a.read_error = either(a.read_error, b.read_error);
  a.write_error = either(a.write_error, b.write_error);
  a.sync_failure = either(a.sync_failure, b.sync_failure);
  a.lost_sync = either(a.lost_sync, b.lost_sync);
  a.bit_rot = either(a.bit_rot, b.bit_rot);
  a.stall = either(a.stall, b.stall);
  a.full = either(a.full, b.full);
  a.stall_min = std::min(a.stall_min, b.stall_min);
  a.stall_max = std::max(a.stall_max, b.stall_max);
  return a;
}

link_conditions link_conditions_of(const fault_event& event) {
  switch (event.kind) {
  case fault_kind::partition:
  case fault_kind::partition_one_way:
  case fault_kind::partition_flapping:
    return {.cut = true};
  case fault_kind::clog:
  case fault_kind::swizzle:
    return {.clogged = true};
  case fault_kind::narrow:
    return {.bytes_per_second = static_cast<std::uint64_t>(event.number)};
  case fault_kind::delay:
    return {.jitter = event.amount};
  case fault_kind::tail:
    return {.tail_chance = event.chance, .tail = event.amount};
  case fault_kind::loss:
    return {.loss = event.chance};
  case fault_kind::duplication:
    return {.duplication = event.chance};
  case fault_kind::reordering:
    return {.reordering = event.chance};
  case fault_kind::reset:
    return {.reset = event.chance};
  default:
    return {};
  }
}

// What of a plan is going on at a node. Keyed by the event's place in the plan, so that sums are made in one
// order.
struct node_troubles {
  int outages = 0;
  std::map<const fault_event*, duration> turn_costs;
  std::map<const fault_event*, std::int64_t> clock_rates;
  std::map<const fault_event*, disk_faults> disks;
};

class fault_run : public std::enable_shared_from_this<fault_run> {
public:
  fault_run(world& in, fault_plan plan) : in_(in), plan_(std::move(plan)) {}

  void start() {
    for (const auto& each : plan_.events)
      in_.after(each.at, [self = shared_from_this(), &each] { self->begin(each); });
  }

private:
  std::vector<simulated_node*> nodes_of(const std::vector<std::string>& names) const {
    std::vector<simulated_node*> out;
    if (names.empty())
      for (const auto& each : in_.nodes())
        out.push_back(each.get());
    for (const auto& each : names)
      out.push_back(in_.find(each));
    return out;
  }

  node_set set_of(const std::vector<std::string>& names) const {
    node_set out;
    for (const auto& each : names)
      out.push_back(in_.find(each)->index());
    return out;
  }

  void later(duration span, std::function<void()> what) {
    in_.after(span, [self = shared_from_this(), what = std::move(what)] { what(); });
  }

  void begin(const fault_event& event) {
    in_.tracing().record({.at = in_.now().time_since_epoch(),
                          .kind = trace_kind::fault,
                          .name = to_string(event.kind),
                          .detail = to_text({.events = {event}})});
    switch (event.kind) {
    case fault_kind::partition_flapping:
      flap(event, in_.now() + event.span);
      return;
    case fault_kind::swizzle:
      swizzle(event);
      return;
    case fault_kind::partition:
    case fault_kind::partition_one_way:
    case fault_kind::clog:
    case fault_kind::narrow:
    case fault_kind::delay:
    case fault_kind::tail:
    case fault_kind::loss:
    case fault_kind::duplication:
    case fault_kind::reordering:
    case fault_kind::reset:
      strike_links(event);
      return;
    default:
      break;
    }
    const auto struck = nodes_of(event.nodes);
    for (auto* each : struck)
      strike(event, *each);
    if (event.kind == fault_kind::clock_jump && event.span == duration::zero()) return;
    later(event.span, [this, &event, struck] {
      for (auto* each : struck)
        relieve(event, *each);
    });
  }

  // -- links

  link_selection selection_of(const fault_event& event) const {
    return {.from = set_of(event.nodes),
            .to = set_of(event.others),
            .both_ways = event.kind != fault_kind::partition_one_way};
  }

  void strike_links(const fault_event& event) {
    const auto id = in_.links().add(selection_of(event), link_conditions_of(event));
    later(event.span, [this, id] { in_.links().remove(id); });
  }

  void flap(const fault_event& event, monotonic_time end) {
    const auto left = end - in_.now();
    if (left <= duration::zero()) return;
    const auto id = in_.links().add(selection_of(event), link_conditions_of(event));
    later(std::min(left, event.amount), [this, id, &event, end] {
      in_.links().remove(id);
      later(event.amount, [this, &event, end] { flap(event, end); });
    });
  }

  void swizzle(const fault_event& event) {
    random_source chance{event.seed};
    const auto half = event.span.count() / 2;
    for (const auto* each : nodes_of(event.nodes)) {
      const auto begins = duration{chance.between(0, half)};
      const auto ends = duration{chance.between(half, event.span.count())};
      later(begins, [this, index = each->index(), left = ends - begins] {
        const auto id = in_.links().add({.from = {index}}, {.clogged = true});
        later(left, [this, id] { in_.links().remove(id); });
      });
    }
  }

  // -- nodes

  void strike(const fault_event& event, simulated_node& at) {
    auto& troubles = troubles_[at.index()];
    switch (event.kind) {
    case fault_kind::crash:
    case fault_kind::kill:
      ++troubles.outages;
      if (event.kind == fault_kind::crash)
        in_.crash(at);
      else
        in_.kill(at);
      return;
    case fault_kind::pause:
      in_.pause(at);
      return;
    case fault_kind::slow:
      troubles.turn_costs[&event] = event.amount;
      break;
    case fault_kind::clock_jump:
      in_.jump_clock(at, event.amount);
      return;
    case fault_kind::clock_rate:
      troubles.clock_rates[&event] = event.number;
      break;
    default:
      if (strikes_disks(event.kind)) troubles.disks[&event] = disk_faults_of(event);
      break;
    }
    apply(troubles, at);
  }

  void relieve(const fault_event& event, simulated_node& at) {
    auto& troubles = troubles_[at.index()];
    switch (event.kind) {
    case fault_kind::crash:
    case fault_kind::kill:
      if (--troubles.outages == 0) in_.boot(at);
      return;
    case fault_kind::pause:
      in_.resume(at);
      return;
    case fault_kind::clock_jump:
      in_.jump_clock(at, -event.amount);
      return;
    default:
      break;
    }
    troubles.turn_costs.erase(&event);
    troubles.clock_rates.erase(&event);
    troubles.disks.erase(&event);
    apply(troubles, at);
  }

  // The sum of what is going on.
  void apply(const node_troubles& troubles, simulated_node& at) {
    duration cost{};
    for (const auto& [event, each] : troubles.turn_costs)
      cost += each;
    in_.slow_down(at, cost);
    std::int64_t rate = 0;
    for (const auto& [event, each] : troubles.clock_rates)
      rate += each;
    in_.set_clock_rate(at, static_cast<std::int32_t>(std::clamp<std::int64_t>(rate, -500'000, 1'000'000)));
    auto disk = in_.options().disk.faults;
    for (const auto& [event, each] : troubles.disks)
      disk = worse(disk, each);
    // Valid, because each of them is.
    static_cast<void>(at.storage().set_faults(disk));
  }

  world& in_;
  const fault_plan plan_;
  std::map<std::uint32_t, node_troubles> troubles_; // by node
};

} // namespace

status run_faults(world& in, const fault_plan& plan) {
  if (auto outcome = validate(plan); !outcome.ok()) return outcome;
  for (std::size_t i = 0; i < plan.events.size(); ++i)
    for (const auto* names : {&plan.events[i].nodes, &plan.events[i].others})
      for (const auto& name : *names)
        if (!in.find(name)) return invalid_argument("event {}: there is no node {}", i, name);
  std::make_shared<fault_run>(in, plan)->start();
  return {};
}

} // namespace troupe
