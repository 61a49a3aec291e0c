#include "runtime/environment/random_source.hpp"
#include "runtime/simulation/fault_kinds.hpp"
#include "runtime/simulation/fault_plan.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

namespace {

using namespace std::chrono_literals;
using k = fault_kind;

// How often a kind of fault comes, and how hard. Each range is drawn from evenly.
struct habit {
  fault_kind kind;
  duration between; // two of them, on average
  duration span_min;
  duration span_max;
  double chance_min = 0;
  double chance_max = 0;
  duration amount_min{};
  duration amount_max{};
  std::int64_t number_min = 0;
  std::int64_t number_max = 0;
  // Whether it may strike several nodes at once, all included; otherwise one, or a minority.
  bool many = false;
};

constexpr habit everyday[] = {
  {.kind = k::crash, .between = 60s, .span_min = 1s, .span_max = 10s},
  {.kind = k::kill, .between = 60s, .span_min = 100ms, .span_max = 5s},
  {.kind = k::pause, .between = 30s, .span_min = 10ms, .span_max = 2s},
  {.kind = k::slow, .between = 60s, .span_min = 1s, .span_max = 10s, .amount_min = 1us, .amount_max = 20us},
  {.kind = k::partition, .between = 60s, .span_min = 500ms, .span_max = 10s},
  {.kind = k::clog, .between = 60s, .span_min = 100ms, .span_max = 2s},
  {.kind = k::delay, .between = 30s, .span_min = 1s, .span_max = 10s, .amount_min = 1ms, .amount_max = 50ms},
  {.kind = k::tail,
   .between = 60s,
   .span_min = 5s,
   .span_max = 30s,
   .chance_min = 0.001,
   .chance_max = 0.02,
   .amount_min = 10ms,
   .amount_max = 500ms},
  {.kind = k::loss, .between = 30s, .span_min = 1s, .span_max = 20s, .chance_min = 0.001, .chance_max = 0.05},
  {.kind = k::reordering,
   .between = 60s,
   .span_min = 1s,
   .span_max = 20s,
   .chance_min = 0.01,
   .chance_max = 0.1},
  {.kind = k::reset, .between = 60s, .span_min = 1s, .span_max = 5s, .chance_min = 0.001, .chance_max = 0.01},
  {.kind = k::clock_jump,
   .between = 120s,
   .span_min = 0s,
   .span_max = 0s,
   .amount_min = -200ms,
   .amount_max = 200ms},
  {.kind = k::clock_rate,
   .between = 60s,
   .span_min = 10s,
   .span_max = 60s,
   .number_min = -200,
   .number_max = 200},
  {.kind = k::disk_stall,
   .between = 60s,
   .span_min = 1s,
   .span_max = 10s,
   .chance_min = 0.01,
   .chance_max = 0.1,
   .amount_min = 5ms,
   .amount_max = 200ms},
};

constexpr habit everything[] = {
  {.kind = k::crash, .between = 15s, .span_min = 0s, .span_max = 20s, .many = true},
  {.kind = k::kill, .between = 15s, .span_min = 0s, .span_max = 10s, .many = true},
  {.kind = k::pause, .between = 15s, .span_min = 1ms, .span_max = 15s, .many = true},
  {.kind = k::slow,
   .between = 30s,
   .span_min = 1s,
   .span_max = 20s,
   .amount_min = 1us,
   .amount_max = 1ms,
   .many = true},
  {.kind = k::partition, .between = 15s, .span_min = 10ms, .span_max = 30s, .many = true},
  {.kind = k::partition_one_way, .between = 20s, .span_min = 10ms, .span_max = 30s, .many = true},
  {.kind = k::partition_flapping,
   .between = 40s,
   .span_min = 1s,
   .span_max = 30s,
   .amount_min = 10ms,
   .amount_max = 3s,
   .many = true},
  {.kind = k::clog, .between = 20s, .span_min = 10ms, .span_max = 10s, .many = true},
  {.kind = k::swizzle, .between = 40s, .span_min = 1s, .span_max = 20s, .many = true},
  {.kind = k::narrow,
   .between = 40s,
   .span_min = 1s,
   .span_max = 30s,
   .number_min = 10'000,
   .number_max = 10'000'000,
   .many = true},
  {.kind = k::delay,
   .between = 20s,
   .span_min = 1s,
   .span_max = 20s,
   .amount_min = 1ms,
   .amount_max = 2s,
   .many = true},
  {.kind = k::tail,
   .between = 30s,
   .span_min = 1s,
   .span_max = 30s,
   .chance_min = 0.001,
   .chance_max = 0.2,
   .amount_min = 10ms,
   .amount_max = 10s,
   .many = true},
  {.kind = k::loss,
   .between = 20s,
   .span_min = 1s,
   .span_max = 30s,
   .chance_min = 0.01,
   .chance_max = 0.5,
   .many = true},
  {.kind = k::duplication,
   .between = 20s,
   .span_min = 1s,
   .span_max = 30s,
   .chance_min = 0.01,
   .chance_max = 0.5,
   .many = true},
  {.kind = k::reordering,
   .between = 20s,
   .span_min = 1s,
   .span_max = 30s,
   .chance_min = 0.01,
   .chance_max = 0.5,
   .many = true},
  {.kind = k::reset,
   .between = 20s,
   .span_min = 1s,
   .span_max = 10s,
   .chance_min = 0.001,
   .chance_max = 0.2,
   .many = true},
  {.kind = k::clock_jump,
   .between = 30s,
   .span_min = 0s,
   .span_max = 60s,
   .amount_min = -1h,
   .amount_max = 1h,
   .many = true},
  {.kind = k::clock_rate,
   .between = 30s,
   .span_min = 1s,
   .span_max = 60s,
   .number_min = -50'000,
   .number_max = 50'000,
   .many = true},
  {.kind = k::disk_read_error,
   .between = 60s,
   .span_min = 1s,
   .span_max = 10s,
   .chance_min = 0.001,
   .chance_max = 0.1},
  {.kind = k::disk_write_error,
   .between = 60s,
   .span_min = 1s,
   .span_max = 10s,
   .chance_min = 0.001,
   .chance_max = 0.1},
  {.kind = k::disk_sync_failure,
   .between = 60s,
   .span_min = 1s,
   .span_max = 10s,
   .chance_min = 0.001,
   .chance_max = 0.1},
  {.kind = k::disk_stall,
   .between = 30s,
   .span_min = 1s,
   .span_max = 20s,
   .chance_min = 0.01,
   .chance_max = 0.5,
   .amount_min = 5ms,
   .amount_max = 3s,
   .many = true},
  {.kind = k::disk_full,
   .between = 60s,
   .span_min = 1s,
   .span_max = 10s,
   .chance_min = 0.01,
   .chance_max = 1},
};

// In steps that people can read.
duration drawn(random_source& from, duration low, duration high, duration step) {
  return step * from.between(low / step, high / step);
}

double readable(double chance) { return std::max(1.0, std::round(chance * 1e6)) / 1e6; }

// The nodes in a random order.
std::vector<std::string> shuffled(random_source& from, std::span<const std::string> nodes) {
  std::vector<std::string> out{nodes.begin(), nodes.end()};
  from.shuffle(out);
  return out;
}

bool strikes_links(fault_kind kind) noexcept { return kind >= k::partition && kind <= k::reset; }

// Whom it strikes: some of the nodes; for links also who the other ends are.
void choose_targets(fault_event& event, const habit& by, random_source& from,
                    std::span<const std::string> nodes) {
  auto order = shuffled(from, nodes);
  const auto minority = std::max<std::size_t>(1, (nodes.size() - 1) / 2);
  const auto most = by.many ? nodes.size() : strikes_links(by.kind) ? minority : 1;
  auto count = 1 + static_cast<std::size_t>(from.below(most));
  if (!strikes_links(by.kind) || event.kind == k::swizzle) {
    // Several at once are the exception among nodes.
    if (event.kind != k::swizzle && !from.chance(0.3)) count = 1;
    order.resize(count);
    event.nodes = std::move(order);
    return;
  }
  // Links: a side, and the rest or a part of it; now and then the whole network.
  const bool cuts = event.kind <= k::clog;
  if (!cuts && from.chance(0.5)) return;
  count = std::min(count, nodes.size() - 1);
  const auto rest = static_cast<std::ptrdiff_t>(count);
  event.nodes.assign(order.begin(), order.begin() + rest);
  event.others.assign(order.begin() + rest, order.end());
  if (from.chance(0.3)) event.others.resize(1 + static_cast<std::size_t>(from.below(event.others.size())));
}

void plan_kind(fault_plan& into, const habit& by, const random_source& seed,
               std::span<const std::string> nodes, duration horizon) {
  if (strikes_links(by.kind) && nodes.size() < 2) return;
  const auto own = seed.split(to_string(by.kind));
  auto gaps = own.split("gaps");
  duration at{};
  for (std::uint64_t index = 0;; ++index) {
    // Without many, one is over before the next begins.
    at += drawn(gaps, 1ms, 2 * by.between, 1ms);
    if (at >= horizon) return;
    auto chance = own.split("event", index);
    fault_event event{.at = at, .kind = by.kind, .seed = 0};
    event.span = std::min(drawn(chance, by.span_min, by.span_max, 1ms), horizon - at);
    if (event.kind == k::swizzle)
      event.seed = chance.next() >> 11; // exact in JSON for programs that read doubles
    const auto share = chance.uniform();
    const auto& uses = info_of(event.kind);
    if (uses.chance) event.chance = readable(by.chance_min + share * (by.chance_max - by.chance_min));
    event.amount = drawn(chance, by.amount_min, by.amount_max, 1us);
    event.number = chance.between(by.number_min, by.number_max);
    choose_targets(event, by, chance, nodes);
    if (!by.many) at += event.span;
    into.events.push_back(std::move(event));
  }
}

// Whether a node or a part of the network is out of reach meanwhile.
bool takes_away(fault_kind kind) noexcept {
  return kind == k::crash || kind == k::kill || kind == k::pause || kind == k::partition || kind == k::clog;
}

// Leaves out what would take something away while something else is away already.
void one_at_a_time(std::vector<fault_event>& events) {
  duration free_at{};
  std::erase_if(events, [&free_at](const fault_event& each) {
    if (!takes_away(each.kind)) return false;
    if (each.at < free_at) return true;
    free_at = each.at + each.span;
    return false;
  });
}

} // namespace

fault_plan plan_faults(fault_profile profile, std::uint64_t seed, std::span<const std::string> nodes,
                       duration horizon) {
  fault_plan out;
  if (profile == fault_profile::none || nodes.empty()) return out;
  const auto habits = profile == fault_profile::everyday ? std::span<const habit>{everyday}
                                                         : std::span<const habit>{everything};
  const auto source = random_source{seed}.split("faults");
  for (const auto& each : habits)
    plan_kind(out, each, source, nodes, horizon);
  std::stable_sort(out.events.begin(), out.events.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  if (profile == fault_profile::everyday) one_at_a_time(out.events);
  if (out.events.size() > max_fault_events) out.events.resize(max_fault_events);
  return out;
}

} // namespace troupe
